"""How a script's process ends, and what it leaves as it was."""

import os
import signal
import sys

import pytest
from by_command import python

from fer import BadInput, cli, machine, progress

NAMES = ("KERAS_BACKEND", "KERAS_HOME", "MPLBACKEND", "TF_ENABLE_ONEDNN_OPTS")


@pytest.fixture
def end(monkeypatch, capfd, tmp_path):
    """Run a main here; what was printed to stdout and stderr, and the status."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def end(main, *words):
        monkeypatch.setattr(sys, "argv", ["/a/predict.py", *words])
        capfd.readouterr()
        try:
            cli.run(main)
        except SystemExit as stop:
            return *capfd.readouterr(), stop.code
        return *capfd.readouterr(), 0

    return end


def raising(error):
    def main():
        raise error

    return main


def logs():
    return list((machine.cache_folder() / "logs").glob("*.log"))


def test_tensorflow_is_left_alone_on_jax(end, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.delitem(sys.modules, "tensorflow")

    def main():
        with pytest.raises(ImportError):
            import tensorflow  # noqa: F401

    assert end(main) == ("", "", 0)


@pytest.mark.parametrize(
    ("error", "said", "status"),
    [
        (BadInput("row 3\nis bad"), "row 3 is bad", 2),
        (MemoryError(), "out of memory", 2),
        (KeyboardInterrupt(), "stopped", 130),
        (BadInput("\x1b]0;a\x07\udcff"), r"\x1b]0;a\x07\udcff", 2),
    ],
)
def test_an_error_is_one_printable_line(end, error, said, status):
    assert end(raising(error)) == ("", f"predict.py: {said}\n", status)
    assert logs() == []


def test_an_error_that_nobody_foresaw_is_one_line_that_names_its_traceback(end):
    _, said, status = end(raising(ValueError("shapes\ndiffer")))
    [log] = logs()
    told = f"ValueError: shapes differ; the traceback is in {log}"
    assert (said, status) == (f"predict.py: {told}\n", 2)
    assert "Traceback" in log.read_text() and "in raising" not in said


def test_debug_raises_what_happened(end):
    with pytest.raises(ValueError, match="differ"):
        end(raising(ValueError("shapes differ")), "--debug")


def test_what_libraries_say_goes_to_the_log_and_their_error_names_it(end):
    def main():
        print("of Python", file=sys.stderr)
        os.write(2, b"of C++\n")
        progress.warn("of ours")
        raise ValueError("late")

    _, said, _ = end(main)
    [log] = logs()
    assert said.startswith("of ours\npredict.py: ValueError: late; ")
    assert log.read_text().startswith("of Python\nof C++\n")


def test_where_no_log_can_be_made_an_error_names_the_flag(end, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    _, said, _ = end(raising(ValueError("late")))
    assert said == "predict.py: ValueError: late; --debug shows the traceback\n"


def test_few_logs_stay(end):
    end(raising(ValueError()))
    for number in range(30):
        (machine.cache_folder() / "logs" / f"a.{number}.log").touch()
    end(raising(ValueError()))
    assert len(logs()) == 20


def test_names_are_printed_printable(end):
    shown = ("Zoë \\x1b[2J\\udcff\n", "", 0)
    assert end(lambda: print("Zoë \x1b[2J\udcff")) == shown


@pytest.mark.parametrize("error", [None, BadInput("bad"), ValueError(), SystemExit(0)])
def test_a_process_with_other_purposes_gets_everything_back(end, monkeypatch, error):
    monkeypatch.setenv("MPLBACKEND", "module://of.a.notebook")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    seen = []

    def main():
        seen.extend(os.environ.get(name) for name in NAMES)
        if error:
            raise error

    def state():
        streams = sys.stdout, sys.stderr, os.fstat(2).st_ino
        return dict(os.environ), streams, signal.getsignal(signal.SIGTERM)

    before = state()
    end(main)
    assert seen[:3] == ["tensorflow", os.devnull, "Agg"]
    assert state() == before


@pytest.mark.parametrize(
    ("death", "why"),
    [
        ("os.abort()", "killed, or out of memory"),
        ("os.write(2, b'F0000 a.cc:1] Unknown flag\\n'); os._exit(1)", "Unknown flag"),
    ],
)
def test_a_process_that_a_library_ends_says_so_in_one_line(death, why):
    code = f"import os; from fer import cli; cli.run(lambda: exec({death!r}))"
    done = python("-c", code)
    told = f"ended by a library or the system ({why}); its log: "
    assert done.returncode != 0 and done.stderr.count("\n") == 1
    assert told in done.stderr
