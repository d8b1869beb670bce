"""Scripts by their command line, and what they are given and leave."""

import contextlib
import functools
import importlib
import io
import multiprocessing
import os
import resource
import runpy
import shlex
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer import cli, data

ROOT = Path(__file__).parent.parent


SCRIPTS = (
    *("train_cnn.py", "train_dnn.py", "confusion.py", "saliency.py", "filters.py"),
    *("predict.py", "report.py"),
)
# How the name of an output ends, where the script's output is one file.
FORMATS = dict.fromkeys(SCRIPTS[:2], ".keras") | {"predict.py": ".csv"}
FORMATS |= dict.fromkeys(SCRIPTS[2:4], ".png")


# What conftest.py sets for the tests' own process; a script must do without.
OWN = ("KERAS_HOME", "MPLBACKEND", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")


def environment(**more):
    """This process's variables, without OWN, and `more`."""
    return {name: os.environ[name] for name in os.environ if name not in OWN} | more


def python(*words, folder=ROOT, **more):
    """Python run in `folder`, ended; `more`: variables of its environment."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        errors="replace",
    )


def ended(script, *words, folder, **more):
    """The script run in `folder`, ended; `more`: variables of its environment."""
    return python(ROOT / script, *words, folder=folder, **more)


def texts(words):
    """The words as Python finds them in sys.argv; names in bytes may be no UTF-8."""
    return [os.fsdecode(it) if isinstance(it, bytes) else str(it) for it in words]


class Forked:
    """A script on its way in a process that was forked where Keras is imported.

    It starts far sooner than a Python of its own, stdin is closed, and what it prints
    when Keras is imported is lost. Used as a subprocess.Popen of text.
    """

    def __init__(self, script, *words, folder, most_bytes=None):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["keras", "matplotlib.figure", "pandas"])
        readers, writers = zip(
            *(context.Pipe(duplex=False) for _ in range(2)), strict=True
        )
        argv = [str(ROOT / script), *texts(words)]
        asked = argv, folder, environment(), writers, most_bytes
        self.process = context.Process(target=_play, args=asked)
        self.process.start()
        for writer in writers:
            writer.close()
        self.stdout, self.stderr = (
            os.fdopen(os.dup(reader.fileno()), errors="replace") for reader in readers
        )

    @property
    def returncode(self):
        return self.process.exitcode

    def poll(self):
        return self.returncode

    def wait(self):
        self.process.join()
        return self.returncode

    def kill(self):
        self.process.kill()

    def send_signal(self, number):
        os.kill(self.process.pid, number)

    def communicate(self, timeout=None):
        """What it printed; an error cannot be long enough to fill its pipe."""
        texts = []
        for stream in (self.stdout, self.stderr):
            with stream:
                texts.append(stream.read())
        self.process.join(timeout)
        return tuple(texts)


def forked(script, *words, folder):
    """As `ended`, where Keras is imported already."""
    script = Forked(script, *words, folder=folder)
    stdout, stderr = script.communicate()
    return types.SimpleNamespace(
        returncode=script.returncode, stdout=stdout, stderr=stderr
    )


def here(script, *words, folder):
    """As `ended`, in this process, which is as before afterwards."""
    main = importlib.import_module(script.removesuffix(".py")).main
    stdout, stderr, status = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", [script, *texts(words)])
        try:
            cli.run(main)
        except SystemExit as end:
            status = end.code
    return types.SimpleNamespace(
        returncode=status, stdout=stdout.getvalue(), stderr=stderr.getvalue()
    )


def _play(argv, folder, variables, writers, most_bytes):
    for descriptor, writer in enumerate(writers, 1):
        os.dup2(writer.fileno(), descriptor)
        writer.close()
    # Those that were inherited take the pipes for files.
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w")
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, errors="backslashreplace")
    if most_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv, sys.path[0] = argv, str(ROOT)
    runpy.run_path(argv[0], run_name="__main__")


def start(*words, folder):
    """A started process of Python."""
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(process):
    """The one line on stderr of a script that ends with status 2."""
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said.count("\n")) == (2, 1), said
    return said


def contents(folder):
    """Bytes by name of all files in the folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def only(path):
    """Whether the file at `path` is all that its folder holds."""
    return list(path.parent.iterdir()) == [path]


def refusal(script, *words, folder, play=here):
    """The one line of a script that refuses its words and leaves nothing behind."""
    done = play(script, *words, folder=folder)
    assert done.returncode == 2, (words, done.stderr)
    assert done.stderr.startswith(f"{script}: "), (words, done.stderr)
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n"), done.stderr
    assert not list(folder.iterdir()), words
    return done.stderr


def run(script, *words, folder, **more):
    """The script's stdout, run in `folder`; fails unless it ends well and silently.

    more: variables of its environment; with some, it is a Python of its own.
    """
    play = functools.partial(ended, **more) if more else forked
    done = play(script, *map(str, words), folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


PARSE = cli._Parser.parse_args


class Parsed(Exception):
    """The flags that a script has read."""


def parsed(command, monkeypatch):
    """What the script of a command line, such as "report.py --seed 1", reads there."""
    script, *words = shlex.split(command, comments=True)

    def stop(parser):
        raise Parsed(PARSE(parser, words))

    monkeypatch.setattr(cli._Parser, "parse_args", stop)
    try:
        importlib.import_module(script.removesuffix(".py")).main()
    except Parsed as read:
        return read.args[0]


def is_drawn(path):
    """Whether the picture at `path` opens and shows more than one colour."""
    with Image.open(path) as picture:
        return np.asarray(picture).std() > 1


def write_labelled(path, faces):
    """Write Faces as a FER2013 file, and return its path."""
    rows = zip(faces.images, faces.labels, faces.usage, strict=True)
    lines = (
        f"{label},{' '.join(map(str, image.ravel()))},{data.USAGES[usage]}\n"
        for image, label, usage in rows
    )
    path.write_text("emotion,pixels,Usage\n" + "".join(lines))
    return path


def write_unlabelled(path, ids, images):
    """Write images (N, 48, 48) uint8 as a CSV to be labelled."""
    lines = [
        f"{number},{' '.join(map(str, face.ravel()))}\n"
        for number, face in zip(ids, images, strict=True)
    ]
    path.write_text("id,feature\n" + "".join(lines))
