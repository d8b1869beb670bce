"""Where nothing can be printed, one line on stderr says why."""

import os
import subprocess
import sys

import pytest
from by_command import ROOT, environment

PRINTING = """
import sys
from fer import BadInput, cli

def main():
    print("so far", flush="flush" in sys.argv)
    if sys.argv[1:] == ["bad"]:
        raise BadInput("line 3 is bad")
    if sys.argv[1:] == ["stopped"]:
        raise KeyboardInterrupt
    if sys.argv[1:] == ["many"]:
        raise MemoryError

cli.run(main)
"""
NO_SPACE = "stdout cannot be written: No space left on device"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([ROOT / "predict.py", "--help"], NO_SPACE),
        (["-c", PRINTING], NO_SPACE),
        (["-c", PRINTING, "flush"], NO_SPACE),
        (["-c", PRINTING, "bad"], "line 3 is bad"),
        (["-c", PRINTING, "stopped"], "stopped"),
        (["-c", PRINTING, "many"], "out of memory"),
    ],
)
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_where_nothing_can_be_printed_one_line_says_why(words, said, tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            # Printed at once, it would fail at once.
            env=environment(PYTHONPATH=str(ROOT), PYTHONUNBUFFERED=""),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.stderr.endswith(f": {said}\n") and done.stderr.count("\n") == 1
    assert done.returncode == (130 if said == "stopped" else 2)
