"""What a terminal, and what a file, shows of long work."""

import sys
import time

import pytest

from fer import progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves, in seconds: a list of its one time."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_shows_rate_and_time_left_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    show = progress.steps("teachers", 2)
    for _ in range(2):
        show(1, ", loss 1.5")
        show(2)
    out = capsys.readouterr().out
    assert "\n" not in out and out.count("\rteachers: ") >= 2
    assert "0/2" in out and "it/s" in out
    # Whatever comes next, an error, too, begins at the start of an empty line.
    *_, last, end = out.split("\r")
    assert (last.strip(), end) == ("", "")


def test_a_file_gets_no_line_of_short_work(capsys, clock):
    for step in progress.bar(range(100), "teachers"):
        clock[0] = step / 2
    assert capsys.readouterr().out == ""


def test_a_file_gets_a_line_a_minute(capsys, clock):
    show = progress.steps("teachers", 200)
    for step in range(1, 201):
        clock[0] += 1
        show(step, ", loss 1.5")
    assert capsys.readouterr().out == (
        "teachers: step 61 of 200, loss 1.5, 139 s left\n"
        "teachers: step 121 of 200, loss 1.5, 79 s left\n"
        "teachers: step 181 of 200, loss 1.5, 19 s left\n"
    ).replace("139 s", "2 min")


def test_a_file_is_told_once_how_long_a_training_will_take(capsys, clock):
    show = progress.steps("epoch", 50, rounds=60)
    for _ in range(3):
        for step in range(1, 51):
            clock[0] += 30 if step == 1 else 0.5  # the first one compiles
            show(step)
    assert capsys.readouterr().out == (
        "after 20 of 50 steps: 25 s for one epoch, 25 min for 60\n"
        "epoch: step 31 of 50, 10 s left\n"
        "epoch: step 42 of 50, 4 s left\n"
    )


@pytest.mark.parametrize(
    ("seconds", "told"), [(9.6, "10 s"), (150, "2 min"), (9000, "2.5 h")]
)
def test_times_are_told_in_a_readers_units(seconds, told):
    assert progress.spoken(seconds) == told


def test_without_a_stderr_a_warning_goes_nowhere(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    progress.warn("the disk is full")
    assert capsys.readouterr().out == ""


def test_a_closed_stdout_gets_no_steps(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    progress.steps("teachers", 2)(1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë \U0001f600 x\ny", "Zoë \U0001f600 x\ny"),
        ("\x1b[2J\r\t\x00", r"\x1b[2J\r\t\x00"),
        ("\u202egnp.exe\udcff", r"\u202egnp.exe\udcff"),
    ],
)
def test_what_could_change_a_terminal_is_spelt_out(text, shown):
    assert progress.printable(text) == shown
