"""Scores by hand, and sentences that say what the numbers say."""

import numpy as np
import pytest

from fer import scores
from fer.report import wording

CLASSES = ("angry", "happy", "sad")
LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2])
PREDICTED = np.array([0, 0, 0, 2, 1, 1, 2, 0])


def test_a_matrix_counted_by_hand():
    counts = scores.matrix(LABELS, PREDICTED, CLASSES)
    assert counts.tolist() == [[3, 0, 1], [0, 2, 0], [1, 0, 1]]


def test_precision_recall_and_f1_by_hand():
    rows = scores.per_class(LABELS, PREDICTED, CLASSES)
    assert rows["angry"] == {"precision": 0.75, "recall": 0.75, "f1": 0.75, "rows": 4}
    assert rows["happy"] == {"precision": 1, "recall": 1, "f1": 1, "rows": 2}
    assert rows["sad"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "rows": 2}


def test_rows_are_true_and_precision_is_of_what_was_predicted():
    asked = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), CLASSES
    assert scores.matrix(*asked).tolist() == [[1, 2, 0], [0, 1, 0], [0, 0, 0]]
    happy = {"precision": 1 / 3, "recall": 1, "f1": 0.5, "rows": 1}
    assert scores.per_class(*asked)["happy"] == pytest.approx(happy)
    row = scores.table(*asked).splitlines()[4]
    assert row.split() == ["happy", "0.333", "1.000", "0.500", "1"]


def test_an_accuracy_is_shown_with_its_interval():
    said = scores.shown(scores.accuracy(LABELS, PREDICTED))
    assert said == "0.7500 (95% interval 0.4093 to 0.9285, 8 rows)"


def test_a_class_without_rows_scores_zero_without_a_warning(recwarn):
    rows = scores.per_class(np.array([0, 1]), np.array([0, 0]), CLASSES)
    assert rows["sad"] == {"precision": 0, "recall": 0, "f1": 0, "rows": 0}
    assert not recwarn.list


@pytest.mark.parametrize(
    ("right", "rows", "low", "high"),
    # Newcombe, 1998, Statistics in Medicine 17, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)],
)
def test_wilson_intervals_as_published(right, rows, low, high):
    assert np.allclose(scores.wilson(right, rows), [low, high], atol=5e-5)


def test_a_difference_of_the_same_rows_is_paired():
    labels = np.zeros(100, int)
    better, worse = labels.copy(), labels.copy()
    worse[:10] = 1
    change = scores.difference(labels, better, worse)
    assert change["difference"] == pytest.approx(0.10)
    # 10.5 rows of 102 gain and half a row loses.
    assert change["interval"] == pytest.approx([0.0372, 0.1589], abs=1e-4)
    low, high = scores.difference(labels, better, better)["interval"]
    assert low == -high and 0 < high < 0.03


def test_one_row_proves_nothing():
    low, high = scores.difference(np.array([3]), np.array([3]), np.array([4]))[
        "interval"
    ]
    assert low < 0 < high <= 1


def test_the_sentence_on_a_difference_says_when_chance_explains_it():
    clear = {"difference": 0.1, "interval": [0.05, 0.15]}
    unclear = {"difference": 0.01, "interval": [-0.02, 0.04]}
    harm = {"difference": -0.1, "interval": [-0.15, -0.05]}
    said = wording.difference("A", "B", clear)
    assert said.startswith("The accuracy of A is significantly higher than that of B")
    assert "+10.0 points (95% CI +5.0 to +15.0)" in said
    assert said.endswith("for these two trained models on these rows.")
    unclear = wording.difference("A", "B", unclear)
    assert "not significantly different from" in unclear
    assert "significantly lower than" in wording.difference("A", "B", harm)
    said = wording.difference("A", "B", clear, ["augment", "epochs", "seed"])
    assert said.endswith("They also differ in augment, epochs and seed.")


def test_the_sentence_on_a_matrix_names_best_worst_and_mix_ups():
    said = wording.confusions(
        np.array(scores.matrix(LABELS, PREDICTED, CLASSES)), CLASSES
    )
    assert said.startswith("Happy is recognised best (100%")
    assert "sad worst (50%)" in said
    assert "sad for angry (50% of its faces) and angry for sad (25%" in said


@pytest.mark.parametrize(
    ("wrong", "said"), [(0, "none."), (1, "fear for angry (33% of its faces).")]
)
def test_only_what_is_mistaken_is_called_so(wrong, said):
    counts = np.diag([4, 2, 3 - wrong])
    counts[2, 0] = wrong
    sentence = wording.confusions(counts, ("angry", "disgust", "fear"))
    assert sentence.endswith(f"most often mistaken: {said}")


def test_a_class_without_faces_is_not_called_the_worst():
    counts = np.array([[9, 1, 0], [0, 0, 0], [5, 0, 5]])
    said = wording.confusions(counts, ("angry", "disgust", "fear"))
    assert "fear worst (50%)" in said


def test_the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss():
    rows = [(0.5, 1.0), (0.6, 1.2), (0.6, 1.1), (0.4, 0.9)]
    history = [
        {"val_accuracy": a, "val_loss": b, "epoch": i} for i, (a, b) in enumerate(rows)
    ]
    assert scores.best_epoch(history)["epoch"] == 2


def test_the_sentence_on_a_history_names_the_best_epoch():
    history = [
        {"epoch": 1, "accuracy": 0.3, "val_accuracy": 0.4, "val_loss": 1.5},
        {"epoch": 2, "accuracy": 0.6, "val_accuracy": 0.5, "val_loss": 1.2},
        {"epoch": 3, "accuracy": 0.9, "val_accuracy": 0.5, "val_loss": 1.3},
    ]
    said = wording.history(history, {})
    assert "best at epoch 2 of 3, 0.500" in said
    assert "ends at 0.900, +40.0 points" in said
    assert "Validation above training" not in said


def test_what_a_reader_of_a_history_will_wonder_about_is_said():
    row = {"epoch": 1, "accuracy": 0.3, "val_accuracy": 0.4, "val_loss": 1.5}
    options = {"teachers": {"t.keras": ""}, "precision": "mixed_bfloat16"}
    said = wording.history([row], options, exact=0.41)
    assert "Validation above training: augmentation and dropout act in" in said
    assert "Training loss is measured against the teachers' probabilities" in said
    assert "in float32, the saved model scores 0.410" in said


def test_the_sentence_on_filters_counts_the_dead_and_the_moved():
    maps = np.array([np.full((2, 2), 10.0), np.full((2, 2), 0.5), np.zeros((2, 2))])
    dead, before = np.array([False, False, True]), np.array([0.5, 4.0, 0])
    reached = before, np.array([1.0, 3.0, 0.0])
    said = wording.filters("conv1", *reached, dead, 500, maps)
    assert said.startswith("conv1: 1 of 3 filters are dead: none of 500 faces moves")
    assert "1 of 2 answer more" in said and "between 1.00 and 3.00" in said
    assert "The face moves 1 filters" in said


def test_the_sentence_on_a_map_says_where_its_weight_lies():
    heat = np.zeros((48, 48))
    heat[:16, 0] = 1
    said = wording.saliency(heat, 0.6)
    assert said.startswith("0.7% of the pixels exceed 0.6.")
    assert "100% in the upper, 0% in the middle, 0% in the lower" in said


@pytest.mark.parametrize(
    ("faces", "of"), [([0], ""), ([0, 1], ", 2 faces' mean,")], ids=["one", "two"]
)
def test_the_sentence_on_faithful_maps_tells_what_a_tenth_of_the_face_is_worth(
    faces, of
):
    curves, chance = np.zeros((2, 2, 2, 21))
    curves[0, :, [0, 2]], chance[0, :, 2] = [[0.9], [0.25]], 0.75
    said = wording.faithfulness(curves[:, faces], chance[:, faces])
    assert f"probability{of} is 0.25 instead of 0.90" in said
    assert said.endswith("a tenth at random, 0.75.")


def test_confidence_that_is_as_often_right_as_it_says_has_no_calibration_error():
    sure = np.tile([0.75, 0.25], (4, 1))
    told = scores.calibration(np.array([0, 0, 0, 1]), sure)
    assert told["bins"] == [{"confidence": 0.75, "accuracy": 0.75, "rows": 4}]
    assert told["ece"] == 0


def test_the_calibration_error_weighs_the_gap_of_each_bin_by_its_rows():
    probabilities = np.array([[1.0, 0.0]] * 3 + [[0.4, 0.6]])
    told = scores.calibration(np.array([0, 1, 1, 1]), probabilities, bins=10)
    assert [(bin["accuracy"], bin["rows"]) for bin in told["bins"]] == [
        *((1.0, 1), (1 / 3, 3))
    ]
    assert np.isclose(told["ece"], (1 * 0.4 + 3 * 2 / 3) / 4)


def test_the_first_right_face_of_the_wanted_class_is_picked():
    labels = np.array([0, 2, 2, 2])
    assert scores.first_right(labels, np.array([0, 1, 2, 2]), wanted=2) == 2
    assert scores.first_right(labels, np.array([0, 1, 1, 1]), wanted=2) == 0
    assert scores.first_right(labels, np.array([1, 1, 1, 1]), wanted=2) == 0


def test_macro_scores_are_means_over_the_classes_that_have_rows():
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])
    found = scores.macro(labels, predicted, ("a", "b", "none"))
    assert found["recall"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_measures_of_probabilities_by_hand():
    told = np.array([[0.8, 0.2], [0.4, 0.6]])
    found = scores.probabilistic(np.array([0, 0]), told)
    assert found["confidence"] == pytest.approx(0.7)
    assert found["nll"] == pytest.approx(-(np.log(0.8) + np.log(0.4)) / 2)
    assert found["brier"] == pytest.approx((2 * 0.2**2 + 2 * 0.6**2) / 2)


def test_each_half_is_calibrated_by_the_temperature_of_the_other():
    told = np.tile([0.9, 0.1], (8, 1))
    labels = np.array([0, 0, 0, 1, 0, 0, 0, 1])  # even rows: all right; odd: half
    found = scores.cross_calibrated(labels, told)
    assert (found[::2, 0] < 0.6).all() and (found[1::2, 0] > 0.9).all()
    assert (told == [0.9, 0.1]).all()
