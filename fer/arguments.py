"""What the words of a command line may be: types for argparse.

Each takes text, and raises argparse.ArgumentTypeError for other text than it describes.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURES = (".png", ".pdf", ".svg")


def path(text: str) -> Path:
    """An argparse type: a path.

    Like all types here, it raises argparse.ArgumentTypeError for other text.
    """
    if not text:
        raise argparse.ArgumentTypeError("'' names no file: is a variable unset?")
    return Path(text)


def file(text: str) -> Path:
    """An argparse type: the path of a file."""
    if text and not Path(text).name:
        raise argparse.ArgumentTypeError(f"{text!r} is a folder: name a file")
    return path(text)


def path_ending(suffix: str, *others: str) -> Callable[[str], Path]:
    """An argparse type: a path that ends like the default, which tells the format.

    A picture may be of any of the formats in PICTURES. others: endings allowed, too.
    """
    allowed = (*(PICTURES if suffix in PICTURES else (suffix,)), *others)

    def parse(text):
        if Path(text).suffix not in allowed:
            named = " or ".join(map(repr, allowed))
            raise argparse.ArgumentTypeError(f"{text!r} does not end in {named}")
        return Path(text)

    return parse if suffix else path


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """An argparse type: an integer of least..most."""

    def parse(text):
        if not (re.fullmatch("[0-9]{1,10}", text) and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(
                f"{text[:20]!r} is not a whole number of {least} to {most}"
            )
        return int(text)

    return parse


def number(least: float, most: float) -> Callable[[str], float]:
    """An argparse type: a number of least..most."""

    def parse(text):
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text[:20]!r} is not a number of {least:g} to {most:g}"
            )
        return value

    return parse


def pair(text: str) -> tuple[str, str]:
    """An argparse type: two names with = between."""
    one, _, other = text.partition("=")
    if not (one and other) or "=" in other:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not like disgust=angry")
    return one, other


def two_names(text: str) -> tuple[str, ...]:
    """An argparse type: two names, with a comma or a space between."""
    names = tuple(name for name in re.split(r"[,\s]+", text) if name)
    if len(names) != 2 or names[0] == names[1]:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not like id,label")
    return names


def faces(text: str) -> int:
    """An argparse type: how many faces of a cell are shown; all of them, or none."""
    named = {"all": sys.maxsize, "none": 0}
    return named[text] if text in named else whole_number(1, 10**9)(text)
