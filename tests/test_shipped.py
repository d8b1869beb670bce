"""The shipped models are what their cards, histories and submissions say."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from by_command import ROOT, parsed

from benchmarks import frontier, harness, shipped
from fer import data, defaults, models, networks, scores
from fer.models import archive
from fer.training import distillation, run

FOLDER = ROOT / "models/fer2013"
# Other seeds may lie there, and the teachers of twice the width, too large to ship.
NOT_SHIPPED = {*FOLDER.glob("*_[1-9].keras"), *FOLDER.glob("compact_5m*")}
SHIPPED = sorted(set(FOLDER.glob("*.keras")) - NOT_SHIPPED)
KEPT = sorted(FOLDER.glob("*.answers.npz"))
assert SHIPPED and KEPT
each_model = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
each_with_answers = pytest.mark.parametrize(
    "model",
    [FOLDER / f"{path.name.split('.')[0]}.keras" for path in KEPT],
    ids=lambda model: model.stem,
)
with_real_faces = pytest.mark.skipif(
    "FER_DATA" not in os.environ, reason="FER_DATA names no folder"
)
# Rows that another processor's rounding may label otherwise.
ROUNDING = 5
SOME = 200  # of a submission's rows


@pytest.fixture(scope="module")
def real():
    """A function that loads one of FER2013's files."""
    return lambda name: data.load(Path(os.environ["FER_DATA"]) / name)


@each_model
def test_it_is_one_of_ours(path):
    archive.inspect(path)


@each_model
def test_its_card_agrees_with_its_history_and_structure(path):
    model = models.load(path)
    history = run.read_history(path)
    assert len(history) == model.card["options"]["epochs"]
    assert scores.best_epoch(history)["epoch"] == model.card["best_epoch"]
    text = networks.structure_text(model.network)
    assert path.with_suffix(".txt").read_text() == text
    assert path.stat().st_size < 8_000_000


CARDS = sorted(FOLDER.glob("*.json"))
assert len(CARDS) > len(SHIPPED)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_the_table_of_runs_says_what_card_and_history_say(path):
    card, history = json.loads(path.read_text()), run.read_history(path)
    assert len(history) == card["options"]["epochs"]
    names = ("validation", "with the mirrored face", "without copies of fitted faces")
    best, mirrored, alone = (card["scores"][name]["accuracy"] for name in names)
    last, epoch = history[-1]["val_accuracy"], scores.best_epoch(history)["epoch"]
    assert epoch == card["best_epoch"]
    figures = f"{best:.4f} | {mirrored:.4f} | {last:.4f} | {alone:.4f} | {epoch}"
    minutes = f"{card['seconds'] / 60:.0f}"
    row = f"| {card['options']['seed']} | {figures} | {minutes} "
    assert row in (ROOT / "docs/accuracy.md").read_text()


@pytest.mark.parametrize("name", [*(path.stem for path in SHIPPED), "compact_5m"])
def test_the_results_in_the_readme_are_those_of_the_card(name):
    card = json.loads((FOLDER / f"{name}.json").read_text())
    low, high = card["scores"]["validation"]["interval"]
    one_pass, *others = (
        f"{score['accuracy']:.4f}"
        for score in card["scores"].values()
        if "accuracy" in score
    )
    size, work = card["parameters"], round(card["flops"] / 1e6)
    shown = [f"{size:,}", f"{work:,}", f"{one_pass} ({low:.4f} to {high:.4f})", *others]
    [row] = [
        line
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith("|") and re.search(rf"[/`]{name}[`.]", line)
    ]
    _, *cells = (cell.strip() for cell in row.replace("**", "").strip("|").split("|"))
    assert cells == [*shown, over_seeds(name)]


@pytest.mark.parametrize("name", shipped.RECIPES)
def test_a_recipe_is_what_the_cards_of_its_models_say(name, monkeypatch):
    cards = frontier.cards(FOLDER, name, seeds=3)
    assert cards
    for card in cards:
        seed = card["options"]["seed"]
        recipe = shipped.recipe(name, seed, "models/fer2013")
        args = parsed(f"{recipe} --csv fer2013.csv --seed {seed}", monkeypatch)
        _, wanted = defaults.training(args)
        wanted["teachers"] = set(wanted.get("teachers", ()))
        wanted["start"] = {wanted["start"]} if "start" in wanted else set()
        del wanted["precision"]  # what the machine did best
        found = {"optimizer": "adamw", **card["options"]}  # an old card does not say
        found |= {use: set(found.get(use, ())) for use in ("teachers", "start")}
        assert found | wanted == found
        assert card["network"] == getattr(args, "network", "dnn")


def over_seeds(name):
    """Mean and deviation of the recipe's seeds, as README tells them."""
    cards = frontier.cards(FOLDER, name, seeds=3)
    if len(cards) == 1:
        return "one seed"
    return ", ".join(
        harness.spread([card["scores"][kind]["accuracy"] for card in cards], 4)
        for kind in (frontier.ONE_PASS, frontier.MIRRORED)
    )


@each_model
def test_its_layers_are_those_that_the_code_builds(path):
    loaded = models.load(path)
    built = getattr(networks, loaded.card["network"])()
    for one, other in zip(loaded.network.layers, built.layers, strict=True):
        assert type(one) is type(other)
        assert one.get_config() | {"name": ""} == other.get_config() | {"name": ""}


@with_real_faces
@each_model
def test_it_scores_what_its_card_says(path, real):
    model = models.load(path)
    held = model.validation(real("fer2013.csv.gz"))
    assert model.was_validated_by(held)
    straight = model.predict(held.images)
    both = straight + model.predict(held.images[:, :, ::-1])
    for name, told in ("validation", straight), ("with the mirrored face", both):
        said = model.card["scores"][name]
        assert said["rows"] == len(held)
        right = (told.argmax(1) == held.labels).sum()
        assert abs(right - said["accuracy"] * len(held)) <= ROUNDING


@with_real_faces
def test_mirrored_and_turned_faces_score_what_the_smallest_ones_card_says(real):
    model = models.load(FOLDER / "compact_60k.keras")
    held = model.validation(real("fer2013.csv.gz"))
    told = model.predict(held.images, mirror=True, turn=True).argmax(1)
    said = model.card["scores"]["mirrored and turned"]["accuracy"]
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
    views = dict.fromkeys(shipped.views(path.stem), True)
    predicted = model.predict(faces.images[:SOME], **views).argmax(1)
    assert (predicted != labels[:SOME]).sum() <= ROUNDING


@each_with_answers
def test_kept_answers_are_of_the_model_whose_card_lies_beside_them(model):
    card = json.loads(model.with_suffix(".json").read_text())
    with np.load(model.with_suffix(".answers.npz")) as kept:
        assert str(kept["sha256"]) == card["sha256"]
        assert len(kept["faces"]) == len(kept["answers"])


@with_real_faces
@each_with_answers
def test_kept_answers_know_each_fitted_face_and_mostly_its_label(model, real):
    faces = real("fer2013.csv.gz")
    fitted = faces.take(data.split(faces)[0])
    teacher = distillation.Teacher(model, models.without_network(model))
    told = teacher.answers(fitted.images, "float32")
    assert 0.8 < (told.argmax(1) == fitted.labels).mean() < 1


def test_a_model_that_taught_or_began_another_is_the_one_whose_card_is_here():
    for path in CARDS:
        options = json.loads(path.read_text())["options"]
        for model, digest in shipped.learned_from(options).items():
            beside = FOLDER / f"{Path(model).stem}.json"
            assert json.loads(beside.read_text())["sha256"] == digest
