"""The list of checks: pass, warn or fail, and the numbers behind it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from model_files import CARD

from fer.report import checks
from fer.report.material import CNN, DNN

RIGHT = np.array([0, 1, 0, 1])


def material(probabilities, labels=RIGHT, copies=(), **more):
    probabilities = np.asarray(probabilities, float)
    predicted = probabilities.argmax(1)
    counts = np.zeros((2, 2), int)
    np.add.at(counts, (labels, predicted), 1)
    return SimpleNamespace(
        labels=labels,
        probabilities={CNN: probabilities},
        predicted={CNN: predicted, DNN: predicted},
        counts=counts,
        classes=("sad", "happy"),
        copies=np.isin(np.arange(len(labels)), copies),
        **more,
    )


SURE = np.eye(2)[RIGHT]


@pytest.mark.parametrize(
    ("value", "good", "bad", "result"),
    [
        *((0.0, 0, 1, "pass"), (0.5, 0, 1, "warn"), (1.0, 0, 1, "fail")),
        *((0.9, 0.5, 0.25, "pass"), (0.3, 0.5, 0.25, "warn"), (0.2, 0.5, 0.25, "fail")),
    ],
)
def test_a_value_is_graded_between_good_and_bad(value, good, bad, result):
    assert checks.graded(value, good, bad) == result


def test_copies_are_counted_and_the_accuracy_without_them_told():
    assert checks.copies(material(SURE)).result == "pass"
    wrong = SURE.copy()
    wrong[3] = [1, 0]
    told = checks.copies(material(wrong, copies=[0]))
    assert told.result == "fail"  # a quarter of the rows
    assert told.said.startswith("1 of 4 validation faces are copies of fitted ones")
    assert told.said.endswith("accuracy is 0.6667.")


def test_sure_and_right_is_calibrated_and_sure_and_wrong_is_not():
    assert checks.calibration(material(SURE)).result == "pass"
    told = checks.calibration(material(SURE, labels=1 - RIGHT))
    assert told.result == "fail" and "overconfident" in told.said


def test_the_class_of_least_recall_is_named():
    wrong = SURE.copy()
    wrong[1] = wrong[3] = [1, 0]
    told = checks.worst_class(material(wrong))
    assert (
        told.result == "fail"
        and "2 faces of happy" in told.said
        and "0% so" in told.said
    )


def test_other_seeds_of_the_same_recipe_are_found(tmp_path):
    def card(name, accuracy, **options):
        scores = {"one pass": {"accuracy": accuracy}}
        own = CARD | {"scores": scores, "recipe": CARD["recipe"] | options}
        (tmp_path / f"{name}.json").write_text(json.dumps(own | {"sha256": ""}))
        return SimpleNamespace(card=own)

    own = card("cnn", 0.5, seed=0)
    asked = material(SURE, paths={CNN: tmp_path / "cnn.keras"}, models={CNN: own})
    assert checks.seeds(asked).result == "warn"
    card("cnn_1", 0.6, seed=1)
    card("cnn_2", 0.7, seed=2)
    card("cnn_3", 0.9, seed=3, epochs=99)
    (tmp_path / "cnn_4.json").write_text("{}")
    told = checks.seeds(asked)
    assert told.result == "pass"
    assert told.said.startswith("3 trainings") and "0.6000 ± 0.1000" in told.said
