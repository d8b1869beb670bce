"""The parser of a command line, and how errors leave a script."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fer import BadInput, arguments, backend, flags, process, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What other tools call our flags, and what is done here without one.
HABITS = {"lr": "learning-rate", "bs": "batch-size", "input": "data", "output": "out"}
INSTEAD = {"validation-split": "rows of Usage PublicTest validate, else a tenth"}


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(" ".join(message.split()))

    def parse_args(self, args=None, namespace=None):
        """As argparse's; --data's paths may stand alone, and near flags are named."""
        found, rest = self.parse_known_args(args, namespace)
        unknown = next((word for word in rest if word.startswith("-")), None)
        if unknown:
            self.error(f"unrecognized {unknown}: {self._near(unknown)}")
        if rest and getattr(found, "data", rest):
            self.error(f"unrecognized {rest[0]!r}: --help lists what is expected")
        if rest:
            found.data = self.parse_known_args(["--data", *rest])[0].data
        return found

    def _near(self, word):
        import difflib

        name = word.partition("=")[0].strip("-").replace("_", "-").lower()
        if name in INSTEAD:
            return INSTEAD[name]
        known = [option for option in self._option_string_actions if "--" in option]
        wanted = f"--{HABITS.get(name, name)}"
        near = difflib.get_close_matches(wanted, known, 1)
        return f"did you mean {near[0]}?" if near else "--help lists all flags"


def parser(
    doc: str,
    *named: str,
    out: Path | None = None,
    endings: Sequence[str] = (),
    several: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """A parser with the named flags of FLAGS, --out (default: `out`) and --debug.

    endings: how --out may end, besides as its default. several: flags that take more
    than one value. The parser raises BadInput for wrong arguments.
    """
    result = _Parser(
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # So that `--pixels -1..1` names a range, and not an option.
    result._negative_number_matcher = re.compile(r"-\d")
    where = flags.FLAGS["out"]
    if out:
        where = where | flags.flag(
            where["help"], default=out, type=arguments.path_ending(out.suffix, *endings)
        )
    known = flags.FLAGS | {"out": where}
    for name in several:
        known[name] = known[name] | flags.flag(
            f"{known[name]['help']}; of several, the mean", nargs="+"
        )
    for name in (*named, "out", "debug"):
        names = [f"--{name}", *flags.OTHER_NAMES.get(name, ())]
        result.add_argument(*names, **known[name])
    return result


def run(main: Callable[[], None]) -> None:
    """Call main; an error ends in one line and status 2, Ctrl-C in status 130.

    In a notebook the line is all: nothing is raised, and the kernel is as before.
    """
    chosen = os.environ.get("KERAS_BACKEND")
    # Not the user's keras.json: its formats are not those of the models here.
    wanted = {"KERAS_BACKEND": chosen or backend.BACKENDS[0], "KERAS_HOME": os.devnull}
    if not process.in_notebook():  # which may draw pictures of its own afterwards
        wanted["MPLBACKEND"] = "Agg"
    script, debug = Path(sys.argv[0]).name, "--debug" in sys.argv
    try:
        with process.surroundings(script, wanted, debug):
            if not {"-h", "--help"} & {*sys.argv}:
                backend.must_be_installed(chosen)
            main()
    except (BadInput, OSError, MemoryError) as error:
        if debug:
            raise
        _end(script, str(error) or "out of memory", 2)
    except KeyboardInterrupt as stop:
        _end(script, str(stop) or "stopped", 130)


def _end(script, message, status):
    stderr = progress.real(sys.stderr)
    # On a terminal, how far the work was may still stand there.
    erase = progress.ERASE if stderr and stderr.isatty() else ""
    line = progress.printable(" ".join(message.split()))
    progress.warn(f"{erase}{script}: {line}")
    if not process.in_notebook():
        sys.exit(status)
