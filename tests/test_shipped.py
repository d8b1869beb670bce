"""The shipped models are what their cards, histories and submissions say."""

import importlib
import json
import os
import pkgutil
from pathlib import Path

import numpy as np
import pytest
from by_command import ROOT

import recipes
from fer import data, models, networks, structure
from fer.models import archive, seen
from fer.training import run
from recipes import results

FOLDER = ROOT / "models/fer2013"
# Other seeds may lie there, and the networks of twice the width, too large to ship.
WIDE = ("compact_5m", "teacher")
SHIPPED = sorted(
    path
    for path in FOLDER.glob("*.keras")
    if not path.stem[-1].isdigit() and path.stem not in WIDE
)
CARDS = sorted(FOLDER.glob("*.json"))
assert SHIPPED and len(CARDS) > len(SHIPPED)
each_model = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
each_card = pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
with_real_faces = pytest.mark.skipif(
    "FER_DATA" not in os.environ, reason="FER_DATA names no folder"
)
# Rows that another processor's rounding may label otherwise.
ROUNDING = 5
SLOW = 1e8  # operations a face
SOME = 100  # of a submission's rows


@pytest.fixture(scope="module")
def real():
    """A function that loads one of FER2013's files."""
    return lambda name: data.load(Path(os.environ["FER_DATA"]) / name)


@each_model
def test_it_is_one_of_ours(path):
    archive.inspect(path)
    assert path.stat().st_size < 8_000_000


@each_model
def test_its_structure_is_that_of_the_text_beside_it(path):
    text = structure.text(models.load(path).network)
    assert path.with_suffix(".txt").read_text() == text


@each_card
def test_a_card_agrees_with_its_history(path):
    card, history = json.loads(path.read_text()), run.read_history(path)
    assert len(history) == card["recipe"]["epochs"]
    kept = history[card.get("epoch", len(history)) - 1]
    shown = card["scores"]["one pass"]["accuracy"]
    # The one is measured in the training's own precision.
    assert kept["val_accuracy"] == pytest.approx(shown, abs=0.004)


@each_card
def test_a_card_names_the_faces_that_its_model_was_fitted_on(path):
    card = json.loads(path.read_text())
    fitted = seen.read(path.with_suffix(".keras"), card)
    assert len(fitted) == card["data"]["fitted"] == 28_709


def modules():
    """The modules of recipes that train models."""
    found = pkgutil.iter_modules(recipes.__path__, "recipes.")
    each = [importlib.import_module(module.name) for module in found]
    return [module for module in each if hasattr(module, "RECIPES")]


def test_each_network_of_the_registry_has_a_recipe():
    made = {recipe.network for each in modules() for recipe in each.RECIPES.values()}
    assert made == {*networks.NETWORKS}


@each_card
def test_a_recipe_makes_the_model_of_a_card(path):
    name, seed = results.name_and_seed(path)
    made = {name: it for each in modules() for name, it in each.RECIPES.items()}
    recipe, card = recipes.of_seed(made[name], seed), json.loads(path.read_text())
    assert recipes.is_done(path, recipe)
    now, then = recipe.resolved().as_dict(), card["recipe"]
    # Views were others then, precision follows the machine.
    assert {it for it in then if now[it] != then[it]} <= {"views", "precision"}


@each_model
def test_its_layers_are_those_that_the_code_builds(path):
    loaded = models.load(path)
    built = networks.build(loaded.card["network"])
    for one, other in zip(loaded.network.layers, built.layers, strict=True):
        assert type(one) is type(other)
        assert one.get_config() | {"name": ""} == other.get_config() | {"name": ""}


@with_real_faces
@each_model
def test_it_scores_what_its_card_says(path, real):
    model = models.load(path)
    held, copies = model.to_judge(real("fer2013.csv.gz"))
    assert copies == model.card["scores"]["copies"] == 280
    said = model.card["scores"]["one pass"]
    assert said["rows"] == len(held)
    # Of the slow ones a part; test_a_submission_is_its_models tells them exactly.
    slow = model.card["flops"] > SLOW
    rows = slice(0, None, 4 if slow else 1)
    right = model.predict(held.images[rows]).argmax(1) == held.labels[rows]
    off = 3 * (0.25 / len(right)) ** 0.5 if slow else ROUNDING / len(held)
    assert abs(right.mean() - said["accuracy"]) <= off


@with_real_faces
def test_views_score_what_the_smallest_ones_card_says(real):
    model = models.load(FOLDER / "compact_60k.keras")
    held = model.validation(real("fer2013.csv.gz"))
    for name, turn in ("mirrored", False), ("six views", True):
        told = model.predict(held.images, mirror=True, turn=turn).argmax(1)
        said = model.card["scores"][name]["accuracy"]
        assert abs((told == held.labels).sum() - said * len(held)) <= ROUNDING


@with_real_faces
@pytest.mark.parametrize(
    "path", sorted((FOLDER / "submissions").glob("*.csv")), ids=lambda path: path.stem
)
def test_a_submission_is_its_models(path, real):
    faces = real("test.csv.gz")
    model = models.load(FOLDER / f"{path.stem}.keras")
    ids, labels = np.loadtxt(path, int, delimiter=",", skiprows=1).T
    assert np.array_equal(ids, faces.ids)
    predicted = model.predict(faces.images[:SOME], **recipes.views(path.stem)).argmax(1)
    assert (predicted != labels[:SOME]).sum() <= ROUNDING
