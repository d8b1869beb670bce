"""Rows to fit on and to validate on: no face, nor a copy of it, on both sides."""

import numpy as np
import pytest

from fer import data
from fer.data import sample


@pytest.fixture(scope="module")
def repeated():
    """210 drawn faces, of which every third stands there twice, without Usage."""
    labels, images = sample.faces(210)
    rows = np.r_[np.arange(210), np.arange(0, 210, 3)]
    return data.Faces(images[rows], labels[rows].astype(np.int8))


def test_without_public_test_a_tenth_of_each_class_validates(repeated):
    fitted, held = data.split(repeated)
    assert sorted([*fitted, *held]) == list(range(280))
    distinct = np.unique(_first(repeated, held))
    for label in range(7):
        of_class = (repeated.labels[:210] == label).sum()
        assert (repeated.labels[distinct] == label).sum() == round(of_class * 0.1)


def _first(faces, rows):
    """The first row with the same face as each of `rows`."""
    firsts = {}
    for row, image in enumerate(faces.images):
        firsts.setdefault(image.tobytes(), row)
    return [firsts[faces.images[row].tobytes()] for row in rows]


def test_exact_copies_of_a_face_are_on_one_side_of_the_split(repeated):
    fitted, held = data.split(repeated)
    assert not set(_first(repeated, fitted)) & set(_first(repeated, held))
    assert len(set(_first(repeated, held))) < len(held)


def test_near_copies_of_a_face_are_on_its_side_of_the_split():
    labels, images = sample.faces(100)
    darker = (images[:50, :, ::-1] * 0.7).astype(np.uint8)
    rows = np.r_[np.arange(100), np.arange(50)]
    faces = data.Faces(np.concatenate([images, darker]), labels[rows].astype(np.int8))
    fitted, held = data.split(faces)
    assert set(rows[held]).isdisjoint(rows[fitted])
    assert 8 <= len(set(rows[held])) <= 12


def test_parts_are_made_once_and_share_the_memory_of_rows_in_one_piece(drawn):
    fitted, held = data.parts(drawn, 0)
    assert np.shares_memory(fitted.images, drawn.images) and len(fitted) == 105
    assert np.shares_memory(held.images, drawn.images) and len(held) == 35
    assert data.parts(drawn, 0)[0] is fitted


def test_the_split_depends_on_its_seed_alone(repeated):
    held = [data.split(repeated.take(slice(None)), n)[1].tolist() for n in (0, 0, 1)]
    assert held[0] == held[1] != held[2]


def test_copies_are_faces_that_match_in_every_pixel():
    blank = np.zeros((4, 48, 48), np.uint8)
    blank[1, 0, 0] = blank[2, -1, -1] = 1
    faces = data.Faces(blank)
    assert data.copies(faces, faces.take([0])).tolist() == [True, False, False, True]
    assert data.copies(faces, faces.take([2])).tolist() == [False, False, True, False]
    assert data.copies(faces.take([1, 2]), faces).all()


def test_no_faces_have_no_copies():
    faces = data.Faces(sample.faces(12)[1])
    none = faces.take(slice(0))
    assert data.copies(none, faces).tolist() == []
    assert not data.copies(faces, none).any()


def test_a_file_names_the_rows_that_validate_if_one_is_of_public_test(drawn):
    assert data.has_public_test(drawn)
    assert not data.has_public_test(drawn.take(slice(105)))
    assert not data.has_public_test(data.Faces(drawn.images))


def test_a_limit_takes_of_each_class_its_share(drawn):
    some = data.limited(drawn, 70, seed=1)
    whole = np.bincount(drawn.labels, minlength=7)
    assert np.abs(np.bincount(some.labels, minlength=7) - whole / 2).max() <= 0.5
    again, other = (data.limited(drawn, 70, seed=seed) for seed in (1, 2))
    assert np.array_equal(some.images, again.images)
    assert not np.array_equal(some.images, other.images)
    assert len(data.limited(drawn, 10**9)) == len(drawn)
    assert len(data.limited(drawn, 1)) == 7
