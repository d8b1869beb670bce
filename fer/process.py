"""The process around a script: streams, variables and signals, and a log of the rest.

What libraries print to stderr goes to a log file, so that the script's own lines stand
alone there.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import re
import signal
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from fer import BadInput, machine, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = str(Path(__file__).resolve().parent.parent)
MOST_LOGS = 20  # so many stay, the newest


class _Stream:
    """Text goes through `shown` to `target`; all else is asked of that."""

    def __init__(self, real, target, shown=str):
        self.real, self.target, self.shown = real, target, shown

    def write(self, text):
        return self.target.write(self.shown(text))

    def __getattr__(self, name):
        return getattr(self.target, name)


def in_notebook() -> bool:
    """Whether this is a kernel of IPython, which goes on afterwards."""
    return hasattr(builtins, "__IPYTHON__")


@contextlib.contextmanager
def surroundings(script: str, variables: dict[str, str], debug: bool) -> Iterator[None]:
    """Within the block, stdout shows what is printable, and stderr nothing.

    script: its name, for the log's. variables: of the environment. What libraries print
    goes to a log; with debug, to stderr. An unforeseen error becomes a BadInput, and
    the log keeps its traceback; otherwise the log is deleted. Afterwards a process of
    its own stays changed; any other, such as a notebook's, is as it was before.
    """
    own = sys.stderr is sys.__stderr__ and not in_notebook()
    with contextlib.ExitStack() as back:
        if in_notebook() and ROOT in sys.path:
            back.callback(sys.path.remove, ROOT)  # as the script put it there
        _set_variables(variables, back)
        _hide_tensorflow(back)
        _clear_away_on_sigterm(back)
        if sys.stdout:
            _show_printable(back)
        log = _log_stderr(script, own, back) if sys.stderr and not debug else None
        watched = _watched(script, log) if own and log else contextlib.nullcontext()
        try:
            with watched, _explained(log) if log else contextlib.nullcontext():
                try:
                    yield
                finally:
                    _flush_stdout()
        finally:
            if own:
                back.pop_all()


@contextlib.contextmanager
def _explained(log):
    """Write what nobody foresaw to the log and raise BadInput; else delete the log."""
    kept = False
    try:
        yield
    except (BadInput, OSError, MemoryError):
        raise
    except Exception as error:
        import traceback

        kept = True
        log.writelines(traceback.format_exception(error))
        where = f"the traceback is in {log.name}"
        if log.name == os.devnull:
            where = "--debug shows the traceback"
        raise BadInput(f"{type(error).__name__}: {error!s:.160}; {where}") from error
    finally:
        if not kept and log.name != os.devnull:
            with contextlib.suppress(OSError):  # Windows deletes nothing that is open.
                os.unlink(log.name)


def _flush_stdout():
    """Print what still waits to be; Python would complain in its own words, at exit."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        before = error.__context__
        same = getattr(before, "errno", None) == error.errno
        # Whatever else ends the script is what must be told.
        if before is None or same or isinstance(before, SystemExit):
            raise BadInput(f"stdout cannot be written: {error.strerror}") from error


def _set_variables(variables, back):
    back.callback(_restore_variables, dict(os.environ))
    os.environ.update(variables)
    machine.use_onednn()
    machine.avoid_triton()


def _hide_tensorflow(back):
    """On JAX Keras would import it, for seconds, only to ask what is of its types."""
    if os.environ.get("KERAS_BACKEND") != "jax" or "tensorflow" in sys.modules:
        return

    def find_spec(name, path=None, target=None):
        if name == "tensorflow":
            raise ImportError("not on JAX")

    finder = types.SimpleNamespace(find_spec=find_spec)
    sys.meta_path.insert(0, finder)
    back.callback(sys.meta_path.remove, finder)


def _clear_away_on_sigterm(back):
    """Let SIGTERM clear away what was begun, as Ctrl-C does."""
    before = signal.getsignal(signal.SIGTERM)
    if before != signal.SIG_IGN:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        back.callback(signal.signal, signal.SIGTERM, before)


def _restore_variables(before):
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _show_printable(back):
    if hasattr(sys.stdout, "reconfigure"):  # its encoding may lack characters
        back.callback(sys.stdout.reconfigure, errors=sys.stdout.errors)
        sys.stdout.reconfigure(errors="backslashreplace")
    back.callback(setattr, sys, "stdout", sys.stdout)
    sys.stdout = _Stream(sys.stdout, sys.stdout, progress.printable)


def _log_stderr(script, own, back):
    """Send all that goes to stderr, from C++ too, to a new log, which is returned."""
    log, kept, before = _new_log(script), os.dup(2), sys.stderr
    # In a notebook, sys.stderr is no file, but a stream to the browser.
    real = os.fdopen(kept, "w", 1, errors="backslashreplace") if own else before
    stream = sys.stderr = _Stream(real, log)

    def undo():
        sys.stderr = stream.target = before  # A library may have kept the stream.
        os.dup2(kept, 2)
        os.close(kept)
        log.close()

    os.dup2(log.fileno(), 2)
    back.callback(undo)
    return log


def _new_log(script):
    """An open log file in the cache folder; the null device where none can be made."""
    try:
        folder = machine.cache_folder() / "logs"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
        for old in found[: 1 - MOST_LOGS]:
            old.unlink(missing_ok=True)
        path = folder / f"{script}.{os.getpid()}.log"
    except (OSError, RuntimeError):
        path = os.devnull
    return open(path, "w", 1, encoding="utf-8", errors="backslashreplace")


def end(why: str) -> NoReturn:
    """End this process at once; `why` is its one line, and the status is 2."""
    print(f"F0000 ] {why}", file=sys.stderr, flush=True)  # as a library would
    os._exit(2)


@contextlib.contextmanager
def _watched(script, log):
    """Within the block, a child process is there to say it if this one ends without.

    As where TensorFlow is given a flag that it does not know, or memory runs out.
    """
    if not hasattr(os, "fork"):
        yield
        return
    listening, telling = os.pipe()
    if not os.fork():
        _say_if_silent(script, log, listening, telling)
    os.close(listening)
    try:
        yield
    finally:
        os.write(telling, b".")
        os.close(telling)


def _why(text):
    """What the log of a process says that ended without a word."""
    if lost := re.search(r"stopped sending heartbeats\):\n.*?(\d+)$", text, re.M):
        return f"process {lost[1]} was lost; --resume goes on"
    gone = "Failed to send RPC to coordination service", "CoordinationService/Heartbeat"
    if any(sign in text for sign in gone):
        return "process 0 was lost; --resume goes on"
    last = re.findall(r"^F\d{4} .*?\] (.*)", text, re.MULTILINE)
    return last[-1] if last else "killed, or out of memory"


def _say_if_silent(script, log, listening, telling):
    """The child's whole life; it ends when the other end of the pipe does."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for descriptor in (0, 1, telling):
        with contextlib.suppress(OSError):
            os.close(descriptor)
    try:
        if not os.read(listening, 1):
            with open(log.name, encoding="utf-8", errors="replace") as file:
                why = _why(file.read())
            line = f"{script}: ended by a library or the system ({why:.200}); its log: "
            progress.warn(progress.printable(f"{line}{log.name}"))
    finally:
        os._exit(0)
