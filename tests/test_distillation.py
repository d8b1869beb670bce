"""A teacher is asked once about views of each face; its answers teach without it."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import RECIPE
from model_files import copied

from fer import BadInput, augment, data, files, models
from fer.training import distillation, epochs, fit, run

ASKED = dataclasses.replace(RECIPE, network="dnn", augment="strong", views=3)


@pytest.fixture
def kept(teacher, drawn):
    """Where the teacher's answers on all drawn faces are kept."""
    distillation.load(teacher).answers(drawn.images, ASKED)
    return teacher.with_suffix(".answers.npz")


def taught_by(*paths, **changes):
    return dataclasses.replace(ASKED, teachers=tuple(map(str, paths)), **changes)


def test_answers_are_what_the_model_predicts_of_each_view(teacher, drawn):
    told = distillation.load(teacher).answers(drawn.images, ASKED)
    assert told.shape == (3, len(drawn), 7) and told.dtype == np.float16
    network, order = models.load(teacher).network, distillation.places(drawn.images)
    for view, answers in enumerate(told):
        drawn_so = epochs.view_of(view, order, "strong")
        rows = np.arange(len(drawn))
        seen = augment.apply(*augment.picked(drawn.images[..., None], drawn_so, rows))
        assert np.allclose(answers, network.predict_on_batch(seen), atol=1e-3)


def test_of_several_teachers_the_mean_is_learned(
    teacher, drawn_csv, tmp_path, monkeypatch
):
    other = copied(teacher, tmp_path / "other.keras")
    told = {teacher: 0, other: 5}

    def answers(self, images, recipe):
        return np.eye(7, dtype=np.float16)[np.full((1, len(images)), told[self.path])]

    def trained(recipe, fitted, held, saved, taught, weights):
        raise BadInput(str(taught[0, :1].tolist()))

    monkeypatch.setattr(distillation.Teacher, "answers", answers)
    monkeypatch.setattr(fit, "trained", trained)
    with pytest.raises(BadInput, match=r"\[\[0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0\]\]"):
        run.train(taught_by(teacher, other), drawn_csv, tmp_path / "m.keras")


def test_a_teacher_looks_at_the_same_faces_once_in_whatever_order(
    teacher, drawn, monkeypatch
):
    asked = distillation.load(teacher)
    first = asked.answers(drawn.images, ASKED)
    monkeypatch.delattr(distillation.Teacher, "_asked")
    assert np.array_equal(asked.answers(drawn.images, ASKED), first)
    backwards = asked.answers(drawn.images[::-1], ASKED)
    assert np.array_equal(backwards[:, ::-1], first)
    fewer = asked.answers(drawn.images, dataclasses.replace(ASKED, views=2))
    assert np.array_equal(fewer, first[:2])


@pytest.mark.parametrize("changes", [{"views": 4}, {"augment": "graph"}])
def test_a_teacher_is_asked_anew_about_other_views(teacher, kept, drawn, changes):
    other = dataclasses.replace(ASKED, **changes)
    told = distillation.load(teacher).answers(drawn.images, other)
    assert len(told) == other.views


def test_a_teacher_that_was_trained_anew_is_asked_anew(teacher, kept, drawn, capsys):
    card = teacher.with_suffix(".json")
    with np.load(kept) as archive:
        arrays = dict(archive) | {"owner": np.array("another model's strong")}
    np.savez(kept, **arrays)
    capsys.readouterr()
    distillation.load(teacher).answers(drawn.images, ASKED)
    assert "views of each face" in capsys.readouterr().out
    with np.load(kept) as archive:
        assert (
            str(archive["owner"]).split()[0] == json.loads(card.read_text())["sha256"]
        )


def test_answers_teach_where_the_weights_are_not(teacher, drawn_csv, tmp_path):
    with_weights, without = tmp_path / "with.keras", tmp_path / "without.keras"
    recipe = taught_by(teacher, epochs=1)
    run.train(recipe, drawn_csv, with_weights)
    teacher.unlink()
    run.train(recipe, drawn_csv, without)
    one, other = (models.load(each) for each in (with_weights, without))
    assert one.card["recipe"] == other.card["recipe"]
    assert one.card["learned from"] == other.card["learned from"]
    for mine, its in zip(
        one.network.get_weights(), other.network.get_weights(), strict=True
    ):
        assert np.array_equal(mine, its)


def test_a_face_that_is_new_to_a_teacher_without_weights_is_refused(
    teacher, kept, drawn
):
    teacher.unlink()
    distillation.load(teacher).answers(drawn.images, ASKED)
    with pytest.raises(BadInput, match=r"answers\.npz does not tell .*leave it out"):
        distillation.load(teacher).answers(255 - drawn.images, ASKED)


def test_what_is_no_teacher_is_named(teacher, kept):
    teacher.unlink()
    for other in (teacher.with_suffix(""), teacher.with_name("cnn.keras"), Path(".")):
        with pytest.raises(BadInput, match=re.escape(str(other))):
            distillation.load(other)


def spoilt(kept, answers):
    faces = np.zeros(3, np.uint64)
    with np.load(kept) as whole:
        owner = whole["owner"]
    np.savez(kept, owner=owner, faces=faces, answers=np.float16(answers))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: kept.write_bytes(b"no archive"),
        lambda kept: kept.write_bytes(kept.read_bytes()[:-300]),
        lambda kept: np.savez(kept, owner=np.array("")),
        lambda kept: spoilt(kept, np.full((4, 3, 7), np.nan)),
        lambda kept: spoilt(kept, np.full((4, 2, 7), 1 / 7)),
        lambda kept: spoilt(kept, np.full((3, 7), 1 / 7)),
        lambda kept: spoilt(kept, np.array([[[2, -1, 0, 0, 0, 0, 0]] * 3] * 4)),
    ],
)
def test_damaged_answers_are_refused_by_name(teacher, kept, drawn, spoil):
    spoil(kept)
    with pytest.raises(BadInput, match=r"dnn\.answers\.npz .*delete it"):
        distillation.load(teacher).answers(drawn.images, ASKED)


def test_a_teacher_whose_answers_cannot_be_kept_teaches_all_the_same(
    teacher, drawn, capsys
):
    with files.locked(teacher.with_name(".dnn.answers.npz.lock")):
        told = distillation.load(teacher).answers(drawn.images, ASKED)
    assert told.shape[1] == len(drawn)
    assert "not kept" in capsys.readouterr().out


def test_short_digests_tell_faces_apart_and_know_them_again(drawn):
    digests = data.short_digests(drawn.images)
    assert digests.dtype == np.uint64 and digests.shape == (len(drawn),)
    distinct = len(np.unique(drawn.images.reshape(len(drawn), -1), axis=0))
    assert len(np.unique(digests)) == distinct
    assert np.array_equal(digests[::-1], data.short_digests(drawn.images[::-1]))
