"""Progress of a run, and warnings."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

ERASE = "\r\x1b[K"  # what stands in the terminal's line
FIRST_TOLD = 20  # steps, of which the first is slow: graphs are compiled in it
EVERY = 60  # seconds from line to line where no terminal is


def real(stream: Any) -> Any:
    """The stream beneath one that cli.run put in its place."""
    return getattr(stream, "real", stream)


def printable(text: str) -> str:
    """The text with all but printable characters and line ends spelt out.

    A terminal obeys some of the others, and a file's name may hold any.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() or char == "\n"
        else char.encode("unicode_escape").decode()
        for char in text
    )


def warn(line: str) -> None:
    """Print the line to stderr, where there is one: of None, print makes stdout."""
    if sys.stderr:
        print(line, file=real(sys.stderr), flush=True)


def steps(what: str, number: int, rounds: int = 0) -> Callable[..., None]:
    """A function that tells how many of a number of steps are done.

    Call it after each step with its number, from 1, and maybe more to show, such as
    ", loss 1.5". A terminal shows a bar with the rate and the time left, which the last
    step takes away. Elsewhere a line a minute says the same. Where the steps are done
    `rounds` times (the epochs of a training: make one such function for all of them),
    a line in the first one says how long a round and all of them will take.
    """
    if sys.stdout and sys.stdout.isatty():
        return _bar(what, number)
    return _lines(what, number, rounds)


def bar(work: Collection[Any], what: str, rounds: int = 0) -> Iterator[Any]:
    """Yield each item of `work`, which has a length, and tell as `steps` does."""
    show = steps(what, len(work), rounds)
    for step, item in enumerate(work, 1):
        yield item
        show(step)


def _bar(what, number):
    from tqdm import tqdm

    shown = None

    def show(step, more=""):
        nonlocal shown
        if shown is None:
            file = real(sys.stdout)
            shown = tqdm(desc=what, total=number, leave=False, file=file, ncols=79)
        shown.set_postfix_str(more.lstrip(", "), refresh=False)
        shown.update(step - shown.n)
        if step >= number:
            shown.close()
            shown = None

    return show


def _lines(what, number, rounds):
    first = told = None

    def show(step, more=""):
        nonlocal first, told, rounds
        now = time.monotonic()
        if step == 1:
            first, told = now, told or now
            return
        each = (now - first) / (step - 1)
        if step == FIRST_TOLD < number and rounds:
            one = each * number
            print(
                f"after {step} of {number} steps: {spoken(one)} for one {what}, "
                f"{spoken(one * rounds)} for {rounds}",
                flush=True,
            )
            rounds, told = 0, now
        elif now - told >= EVERY and step < number:
            left = spoken(each * (number - step))
            print(f"{what}: step {step} of {number}{more}, {left} left", flush=True)
            told = now

    return show


def spoken(seconds: float) -> str:
    """A time in words: seconds, minutes or hours."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
