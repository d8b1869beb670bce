"""What a terminal shows of long work."""

import sys

from fer import progress


def test_a_terminal_shows_each_step_in_the_place_of_the_last(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    show = progress.steps("teachers", 2)
    show(1, ", loss 1.5")
    show(2)
    at_first, at_last = capsys.readouterr().out.split(progress.ERASE)[1:]
    assert at_first == "  teachers: step 1 of 2, loss 1.5\r"
    assert at_last == "\r"


def test_a_file_gets_no_steps(capsys):
    progress.steps("teachers", 2)(1)
    assert capsys.readouterr().out == ""


def test_without_a_stderr_a_warning_goes_nowhere(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    progress.warn("the disk is full")
    assert capsys.readouterr().out == ""


def test_a_closed_stdout_gets_no_steps(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    progress.steps("teachers", 2)(1)
    assert capsys.readouterr() == ("", "")
