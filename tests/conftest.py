"""Drawn faces and small trained models, made once."""

import dataclasses
import gzip
import json
import os
import shutil
import signal
import sys

import filelock
import numpy as np
import pytest

from fer import defaults, files, flags, machine
from fer.training.recipe import Recipe

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
# Neither what is set for the user's own Keras nor a new keras.json in the home folder.
os.environ["KERAS_HOME"] = os.devnull
os.environ.pop("KERAS_BACKEND", None)
machine.use_onednn()
# What a shell starts in the background ignores Ctrl-C, and so would the scripts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep the tests, and the scripts that they run, out of the user's cache."""
    os.environ["XDG_CACHE_HOME"] = str(shared(tmp_path_factory) / "cache")


@pytest.fixture(autouse=True)
def seeded():
    """Let a network start from the same weights whichever tests ran before."""
    import keras

    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def tried_here(monkeypatch):
    """Try models of other programs in this process, not in a child for each."""
    from fer import BadInput
    from fer.models import trial

    def why_not(path, meanwhile):
        try:
            trial.try_out(path)
        except BadInput as refusal:
            return str(refusal)

    monkeypatch.setattr(trial, "_why_not", why_not)


COARSE = 60  # dots per inch, which are drawn and compressed far sooner


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    monkeypatch.setattr(files, "DPI", COARSE)


@pytest.fixture
def lay(tmp_path):
    """Write bytes to a file, packed if asked, and return its path."""

    def lay(content, packed=False):
        path = tmp_path / ("faces.csv.gz" if packed else "faces.csv")
        path.write_bytes(gzip.compress(content, 1) if packed else content)
        return path

    return lay


@pytest.fixture
def target(tmp_path):
    """A file that holds `old`, alone in its folder."""
    path = tmp_path / "scores.csv"
    path.write_text("old")
    return path


@pytest.fixture
def call(monkeypatch):
    """A function that runs a script's main here, with words of a command line."""

    def call(script, *words):
        monkeypatch.setattr(sys, "argv", ["", *map(str, words)])
        script.main()

    return call


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """The test's folder: here the user is, and nothing lies beside the scripts."""
    monkeypatch.setattr(defaults, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def eager():
    """Each operation is run at once: large networks take long to trace."""
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def drawn():
    """140 drawn faces with labels; the last 35 validate."""
    from fer import data
    from fer.data import sample

    labels, images = sample.faces(140)
    usage = np.repeat([0, 1], [105, 35]).astype(np.int8)
    return data.Faces(images, labels.astype(np.int8), usage)


def shared(tmp_path_factory):
    """The folder of all processes of these tests."""
    root = tmp_path_factory.getbasetemp()
    return root.parent if "PYTEST_XDIST_WORKER" in os.environ else root


def once(tmp_path_factory, name, fill):
    """A folder that `fill` has filled, the same in all processes of these tests."""
    root = shared(tmp_path_factory)
    folder, filled = root / name, root / f"{name}.filled"
    with filelock.FileLock(root / f"{name}.lock"):
        if not filled.exists():
            folder.mkdir(exist_ok=True)
            fill(folder)
            filled.touch()
    return folder


@pytest.fixture(scope="session")
def drawn_csv(drawn, tmp_path_factory):
    """The drawn faces as a FER2013 file."""
    from by_command import write_labelled

    def write(folder):
        write_labelled(folder / "faces.csv", drawn)

    return once(tmp_path_factory, "shared_faces", write) / "faces.csv"


RECIPE = Recipe(epochs=2, batch_size=32, augment="none", precision="float32")


@pytest.fixture(scope="session")
def trained(drawn_csv, tmp_path_factory):
    """A folder of the report's three models, trained for two epochs on drawn faces.

    The CNNs are slim ones: their layers are the coursework's, and far sooner asked.
    """
    from small_networks import slim

    from fer import networks
    from fer.training import run

    def train(folder):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(networks.NETWORKS, "cnn", slim)
            for name, choices in (
                ("cnn", {"augment": "mirror"}),
                ("cnn_plain", {}),
                ("dnn", {"network": "dnn"}),
            ):
                recipe = dataclasses.replace(RECIPE, **choices)
                run.train(recipe, drawn_csv, folder / f"{name}.keras")

    return once(tmp_path_factory, "shared_models", train)


HOSTILE = "<script>document.title='run'<img src=x onerror=document.title='run'>"


@pytest.fixture(scope="session")
def reported(trained, drawn, drawn_csv, tmp_path_factory):
    """The folder that report.py wrote, of files whose names and cards hold markup."""
    from by_command import write_unlabelled

    import report

    def write(folder):
        source, test = (folder / f"{HOSTILE}{number}.csv" for number in (1, 2))
        shutil.copy(drawn_csv, source)
        write_unlabelled(test, range(len(drawn)), drawn.images)
        own = shutil.copytree(trained, folder / "models" / HOSTILE)
        for path in own.glob("*.json"):
            card = json.loads(path.read_text())
            card |= {"command": HOSTILE, "data": card["data"] | {"file": HOSTILE}}
            path.write_text(json.dumps(card))
        words = ("--data", source, "--models", own, "--test", test)
        words = (*words, "--out", folder / "page")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["report.py", *map(str, words)])
            patch.setattr(flags, "STEPS", 2)
            patch.setattr(files, "DPI", COARSE)
            report.main()

    return once(tmp_path_factory, "shared_report", write) / "page"


@pytest.fixture
def teacher(trained, tmp_path):
    """The trained DNN in a folder of the test's own, where its answers are kept."""
    from model_files import copied

    return copied(trained / "dnn.keras", tmp_path / "dnn.keras")


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """A model of the suite with its card."""
    from model_files import CARD, tiny

    from fer import models

    path = tmp_path_factory.mktemp("good") / "m.keras"
    models.save(tiny(), CARD, path)
    return path


# What Chromium needs to run as root, and to ask nothing of the network.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)

PATIENCE = 180_000  # milliseconds, on a busy machine


@pytest.fixture(scope="session")
def chromium():
    from playwright import sync_api

    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found and not os.environ.get("FER_BROWSER"):
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """A function that opens a page; no error, request or dialog may come of it."""
    contexts, said = [], []

    def visit(path, address="", **options):
        context = chromium.new_context(
            **{"viewport": {"width": 1000, "height": 800}} | options
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(120_000)  # a busy machine takes its time
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on("dialog", lambda dialog: said.append(dialog.message))
        opened.on(
            "request",
            lambda asked: (
                asked.url.startswith(("data:", "file:///")) or said.append(asked.url)
            ),
        )
        opened.goto(path.as_uri() + address)
        return opened

    yield visit
    for context in contexts:
        context.close()
    assert said == []
