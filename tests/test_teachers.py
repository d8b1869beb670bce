"""A teacher is asked once, whose answers teach without its weights, or it watches."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import OPTIONS
from model_files import copied

from fer import BadInput, augment, data, files, models, networks
from fer.training import distillation, run


@pytest.fixture
def kept(teacher, drawn):
    """Where the teacher's answers on all drawn faces are kept."""
    distillation.load(teacher).answers(drawn.images, "float32")
    return teacher.with_suffix(".answers.npz")


def test_answers_are_probabilities_near_those_of_the_model(teacher, drawn):
    told = distillation.load(teacher).answers(drawn.images, "float32")
    assert told.shape == (len(drawn), 7) and told.dtype == np.float32
    assert np.allclose(told.sum(1), 1, atol=0.01)
    seen = models.load(teacher).predict(drawn.images)
    assert np.abs(told - seen).mean() < 0.7 * np.abs(told - seen[::-1]).mean()
    assert not np.allclose(told, seen, atol=0.01)


def test_a_teacher_sees_each_face_in_four_augmented_views(teacher, drawn, monkeypatch):
    monkeypatch.setattr(models, "BATCH", 50)
    told = distillation.load(teacher).answers(drawn.images, "float32")
    network, faces = models.load(teacher).network, drawn.images[..., None]
    expected = [
        np.mean(
            [
                network.predict_on_batch(
                    augment.augment(faces[start : start + 50], start + view, "graph")
                )
                for view in range(4)
            ],
            axis=0,
        )
        for start in (0, 50, 100)
    ]
    assert np.allclose(told, np.concatenate(expected), atol=1e-3)


def test_of_several_teachers_the_mean_is_learned(
    teacher, drawn_csv, tmp_path, monkeypatch
):
    other = copied(teacher, tmp_path / "other.keras")
    told = {teacher: 0, other: 5}

    def answers(self, images, precision):
        return np.eye(7)[np.full(len(images), told[self.path])]

    def fit(build, faces, options, path, resume, teach, weights):
        raise BadInput(str(teach(faces.images[:1]).tolist()))

    monkeypatch.setattr(distillation.Teacher, "answers", answers)
    monkeypatch.setattr(run.fit, "fit", fit)
    options = OPTIONS | {"teachers": [str(teacher), str(other)], "share": 0.5}
    with pytest.raises(BadInput, match=r"\[\[0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0\]\]"):
        run.train(networks.dnn, drawn_csv, options, tmp_path / "m.keras", "")


def test_a_teacher_looks_at_the_same_faces_once_in_whatever_order(
    teacher, drawn, monkeypatch
):
    asked = distillation.load(teacher)
    first = asked.answers(drawn.images, "float32")
    monkeypatch.delattr(models, "mean_over_views")
    assert np.array_equal(asked.answers(drawn.images, "float32"), first)
    backwards = asked.answers(drawn.images[::-1], "float32")
    assert np.array_equal(backwards[::-1], first)


def test_a_teacher_that_was_trained_anew_is_asked_anew(teacher, kept, drawn, capsys):
    card = teacher.with_suffix(".json")
    with np.load(kept) as archive:
        arrays = dict(archive) | {"sha256": np.array("another model's")}
    np.savez(kept, **arrays)
    capsys.readouterr()
    distillation.load(teacher).answers(drawn.images, "float32")
    assert "looks at each face" in capsys.readouterr().out
    with np.load(kept) as archive:
        assert str(archive["sha256"]) == json.loads(card.read_text())["sha256"]


def test_answers_teach_where_the_weights_are_not(teacher, kept, drawn_csv, tmp_path):
    with_weights, without = tmp_path / "with.keras", tmp_path / "without.keras"
    options = OPTIONS | {"epochs": 1, "teachers": [str(teacher)], "share": 0.5}
    run.train(networks.dnn, drawn_csv, options, with_weights, "")
    teacher.unlink()
    run.train(networks.dnn, drawn_csv, options, without, "")
    one, other = (models.load(each) for each in (with_weights, without))
    assert one.card["options"] == other.card["options"]
    for mine, its in zip(
        one.network.get_weights(), other.network.get_weights(), strict=True
    ):
        assert np.array_equal(mine, its)


def test_watching_teachers_tell_on_average_what_they_make_of_just_these_faces(
    teacher, drawn, tmp_path
):
    other = copied(teacher, tmp_path / "other.keras")
    network = models.load(other).network
    network.set_weights([-weights for weights in network.get_weights()])
    models.save(network, models.load(other).card, other)
    seen = [models.load(each).predict(drawn.images) for each in (teacher, other)]
    teach = distillation.watching(
        [distillation.load(teacher), distillation.load(other)], "float32"
    )
    told = teach(drawn.images[..., None])
    assert told.dtype == np.float32
    assert np.allclose(told, np.mean(seen, axis=0), atol=1e-5)
    assert not np.allclose(*seen, atol=0.01)


def test_a_teacher_without_weights_cannot_watch(teacher, kept, drawn_csv, tmp_path):
    teacher.unlink()
    options = OPTIONS | {"teachers": [str(teacher)], "share": 1.0, "consistent": True}
    with pytest.raises(BadInput, match=r"dnn\.keras is not here.* leave --consistent"):
        run.train(networks.dnn, drawn_csv, options, tmp_path / "m.keras", "")


def test_a_face_that_is_new_to_a_teacher_without_weights_is_refused(
    teacher, kept, drawn
):
    teacher.unlink()
    held = drawn.take(drawn.usage == 1)
    distillation.load(teacher).must_suit(drawn, held)
    with pytest.raises(BadInput, match=r"answers\.npz does not tell .*leave it out"):
        distillation.load(teacher).must_suit(data.Faces(255 - drawn.images), held)


def test_what_is_no_teacher_is_named(teacher, kept):
    teacher.unlink()
    for other in (teacher.with_suffix(""), teacher.with_name("cnn.keras"), Path(".")):
        with pytest.raises(BadInput, match=re.escape(str(other))):
            distillation.load(other)


def spoilt(kept, answers):
    np.savez(kept, sha256=np.array(""), faces=np.zeros(3, np.uint64), answers=answers)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: kept.write_bytes(b"no archive"),
        lambda kept: kept.write_bytes(kept.read_bytes()[:-300]),
        lambda kept: np.savez(kept, sha256=np.array("")),
        lambda kept: spoilt(kept, np.full((3, 7), np.nan)),
        lambda kept: spoilt(kept, np.full((3, 5), 1 / 5)),
        lambda kept: spoilt(kept, np.array([[2, -1, 0, 0, 0, 0, 0]] * 3)),
    ],
)
def test_damaged_answers_are_refused_by_name(teacher, kept, drawn, spoil):
    spoil(kept)
    with pytest.raises(BadInput, match=r"dnn\.answers\.npz .*delete it"):
        distillation.load(teacher).answers(drawn.images, "float32")


def test_a_teacher_whose_answers_cannot_be_kept_teaches_all_the_same(
    teacher, drawn, capsys
):
    with files.locked(teacher.with_name(".dnn.answers.npz.lock")):
        told = distillation.load(teacher).answers(drawn.images, "float32")
    assert len(told) == len(drawn)
    assert "not kept" in capsys.readouterr().out


def test_short_digests_tell_faces_apart_and_know_them_again(drawn):
    digests = data.short_digests(drawn.images)
    assert digests.dtype == np.uint64 and digests.shape == (len(drawn),)
    distinct = len(np.unique(drawn.images.reshape(len(drawn), -1), axis=0))
    assert len(np.unique(digests)) == distinct
    assert np.array_equal(digests[::-1], data.short_digests(drawn.images[::-1]))
