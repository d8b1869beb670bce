"""A model is judged on faces that it was not fitted on, as their digests tell."""

import dataclasses

import numpy as np
import pytest

from fer import BadInput, data
from fer.models import seen


@pytest.fixture
def parts(drawn):
    """The drawn faces to fit on, and to validate on."""
    return data.parts(drawn)


@pytest.fixture
def fitted(parts):
    return np.sort(data.short_digests(parts[0].images))


def without_usage(faces):
    return dataclasses.replace(faces, usage=None)


def test_models_of_the_same_rows_share_one_file(parts, tmp_path):
    first = seen.keep(tmp_path, parts[0].images)
    assert seen.keep(tmp_path, parts[0].images[::-1]) == first
    assert seen.keep(tmp_path, parts[1].images) != first
    assert len([*tmp_path.glob("fitted-*.npy")]) == 2
    card = {"data": {"fitted digests": first}}
    found = seen.read(tmp_path / "m.keras", card)
    assert np.array_equal(found, np.sort(data.short_digests(parts[0].images)))


def test_another_file_of_digests_is_refused(parts, tmp_path):
    name = seen.keep(tmp_path, parts[0].images)
    np.save(tmp_path / name, np.zeros(3, np.uint64))
    with pytest.raises(BadInput, match=r"fitted-.*\.npy is no file of digests"):
        seen.read(tmp_path / "m.keras", {"data": {"fitted digests": name}})


def test_public_test_rows_are_judged_on_and_copies_counted(drawn, fitted):
    faces, copies = seen.to_judge(drawn, fitted)
    assert np.array_equal(faces.images, drawn.images[105:]) and copies == 0
    images = drawn.images.copy()
    images[105:108] = images[:3]
    leaky = dataclasses.replace(drawn, images=images)
    faces, copies = seen.to_judge(leaky, fitted)
    assert len(faces) == 35 and copies == 3
    faces, copies = seen.to_judge(leaky, fitted, drop_seen=True)
    assert len(faces) == 32 and copies == 0


def test_in_a_file_without_public_test_the_unseen_rows_are_judged_on(drawn, fitted):
    faces, _ = seen.to_judge(without_usage(drawn), fitted)
    assert np.array_equal(faces.images, drawn.images[105:])


@pytest.mark.parametrize("name", ["PublicTest", "PrivateTest"])
def test_fitted_rows_are_refused_whatever_a_column_calls_them(drawn, fitted, name):
    usage = np.full(20, data.USAGES.index(name), np.int8)
    renamed = dataclasses.replace(drawn.take(slice(95, 115)), usage=usage)
    with pytest.raises(BadInput, match=r"fitted on 10 of these 20 faces.*--drop-seen"):
        seen.to_judge(renamed, fitted, usage=name)
    faces, _ = seen.to_judge(renamed, fitted, usage=name, drop_seen=True)
    assert len(faces) == 10


def test_where_all_is_fitted_nothing_is_judged(parts, fitted):
    with pytest.raises(BadInput, match="fitted on all of these faces"):
        seen.to_judge(without_usage(parts[0]), fitted)


def test_a_model_without_digests_is_judged_on_what_the_user_calls_new(drawn):
    with pytest.raises(BadInput, match=r"--unseen .*--usage"):
        seen.to_judge(drawn, None)
    faces, _ = seen.to_judge(without_usage(drawn), None, unseen=True)
    assert len(faces) == len(drawn)
    faces, _ = seen.to_judge(drawn, None, usage="PublicTest")
    assert len(faces) == 35


def test_rows_of_a_usage_need_that_column(drawn, fitted):
    with pytest.raises(BadInput, match="no column Usage"):
        seen.to_judge(without_usage(drawn), fitted, usage="PrivateTest")


def test_who_was_fitted_on_faces_that_validate_here_cannot_teach(parts, fitted):
    mine, held = parts
    seen.must_be_new(fitted, held, mine, "m.keras")
    with pytest.raises(BadInput, match=r"m\.keras was fitted on 105 of the 105 faces"):
        seen.must_be_new(fitted, mine, held, "m.keras")
    with pytest.raises(BadInput, match=r"m\.keras does not tell"):
        seen.must_be_new(None, held, mine, "m.keras")
