"""Which errors are shown, by hand."""

import numpy as np

from fer.report import errors

LABELS = np.array([0, 0, 1, 1, 1])
PROBABILITIES = np.array(
    [[0.9, 0.1], [0.2, 0.8], [0.45, 0.55], [0.1, 0.9], [0.95, 0.05]]
)


def test_mistakes_are_ordered_by_confidence():
    assert errors.most_confident(LABELS, PROBABILITIES).tolist() == [4, 1]


def test_the_most_even_probabilities_are_the_most_uncertain():
    assert errors.most_uncertain(PROBABILITIES)[0] == 2


def test_a_face_as_probable_of_another_class_as_its_own_faces_is_a_candidate():
    # Faces labelled 0 get 0.55 of class 0 on average, those labelled 1 half of class 1.
    assert errors.label_candidates(LABELS, PROBABILITIES).tolist() == [4, 1]


def test_a_class_without_faces_makes_no_candidate():
    probabilities = np.array([[0.1, 0.1, 0.8], [0.2, 0.7, 0.1]])
    assert errors.label_candidates(np.array([0, 1]), probabilities).tolist() == []


def test_pairs_are_ordered_by_faces_and_the_diagonal_is_none():
    counts = np.array([[9, 1, 0], [4, 9, 0], [0, 2, 9]])
    assert errors.confused_pairs(counts) == [(1, 0), (2, 1), (0, 1)]


def test_agreement_counts_each_face_once():
    labels, one, other = np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 1, 2]])
    assert errors.agreement(labels, one, other) == {
        **{"both": 1, "one": 1, "other": 0},
        **{"neither": 2, "alike": 1},
    }
