"""A training that gets a signal ends after its epoch, and can be resumed."""

import signal

import pytest
from by_command import Forked
from fitting import about

from fer.training import fit

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def when_sent():
    """A function that sets what a signal does; all is as before after the test."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield signal.signal
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_first_signal_is_noted_and_a_second_acts_at_once(number, when_sent, capsys):
    when_sent(number, signal.default_int_handler)
    with fit._signals() as received:
        signal.raise_signal(number)
        assert received == [number]
        assert "finishing this epoch first" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_is_ignored_stays_so(number, when_sent):
    when_sent(number, signal.SIG_IGN)
    with fit._signals() as received:
        signal.raise_signal(number)
    assert received == []


@pytest.fixture
def endless_training(drawn_csv, tmp_path):
    """A run of train_dnn.py that has ended its first epoch and has many to go."""
    words = ("--csv", drawn_csv, "--epochs", 100_000, "--batch-size", 8)
    words += ("--precision", "float32", "--out", "dnn.keras")
    process = Forked("train_dnn.py", *words, folder=tmp_path)
    try:
        while "epoch 1 of" not in (line := process.stdout.readline()):
            assert line, process.stderr.read()
        yield process
    finally:
        process.kill()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_finishes_the_checkpoint_and_says_how_to_go_on(
    number, endless_training, tmp_path
):
    endless_training.send_signal(number)
    out, err = endless_training.communicate(timeout=60)
    assert endless_training.returncode == 130
    assert "finishing this epoch first" in err
    assert "goes on" in err and "--resume" in err
    last = len(about(tmp_path / "dnn.checkpoint.npz")["history"])
    assert f"epoch {last} of" in out or last == 1
    assert not (tmp_path / "dnn.keras").exists()
