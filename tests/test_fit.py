"""How a network learns: batches, teachers, rate, decay, precision, the last epoch."""

import dataclasses

import keras
import numpy as np
import pytest
from conftest import RECIPE
from fitting import surprised, trained

from benchmarks import resume
from fer import data, networks
from fer.training import epochs, fit, optimizers
from fer.training.recipe import RATES, Recipe


def test_the_number_of_loader_threads_changes_nothing(drawn, tmp_path, monkeypatch):
    for threads in (1, 5):
        monkeypatch.setattr(epochs, "LOADER_THREADS", threads)
        trained(drawn, tmp_path / f"{threads}.npz", augment="generator")
    assert resume.same_bits(tmp_path / "1.npz", tmp_path / "5.npz")


def batches(images, targets, size, augment, epoch):
    """The batches of an epoch: images (N, 48, 48) each, and targets."""
    lesson = epochs.Lesson(images[..., None], targets)
    recipe = Recipe(batch_size=size, augment=augment)
    parts = epochs.batches(recipe, lesson, epoch)
    return [(faces[..., 0], told) for faces, told in parts]


def test_each_epoch_pairs_faces_with_targets_in_an_order_of_its_own():
    rows = np.arange(20, dtype=np.uint8)
    images = np.tile(rows[:, None, None], (1, 48, 48))

    def order(epoch):
        parts = batches(images, rows[:, None], 5, "none", epoch)
        seen = np.concatenate([faces[:, 0, 0] for faces, _ in parts])
        assert np.array_equal(seen, np.concatenate([told[:, 0] for _, told in parts]))
        assert sorted(seen) == rows.tolist()
        return seen.tolist()

    assert order(0) == order(0) != order(1)
    assert rows.tolist() not in (order(0), order(1))


def test_each_batch_of_each_epoch_is_augmented_in_its_own_way(drawn):
    images = np.repeat(drawn.images[:1], 20, axis=0)
    drawn_so = [
        faces.tobytes()
        for epoch in (0, 1)
        for faces, _ in batches(images, np.zeros((20, 7)), 10, "mirror", epoch)
    ]
    assert len({*drawn_so}) == 4


def test_another_seed_gives_other_weights(drawn, tmp_path):
    first, *_ = trained(drawn, tmp_path / "a.npz")
    second, *_ = trained(drawn, tmp_path / "b.npz", seed=1)
    assert (first.get_weights()[0] != second.get_weights()[0]).any()


def test_half_of_what_is_learned_is_what_the_teacher_says(drawn, tmp_path):
    given = {"taught": surprised()}
    network, *_ = trained(drawn, tmp_path / "run.npz", given=given, share=0.5)
    told = network.predict_on_batch(drawn.images[..., None]).mean(axis=0)
    assert told.argmax() == 5
    assert 0.4 < told[5] < 0.8


def test_at_a_share_of_one_the_labels_of_the_fitted_faces_are_not_learned(
    drawn, tmp_path
):
    fitted, _ = data.split(drawn, RECIPE.seed)
    labels = drawn.labels.copy()
    labels[fitted] = 6 - labels[fitted]
    other = dataclasses.replace(drawn, labels=labels)
    given = {"taught": surprised()}
    one, *_ = trained(drawn, tmp_path / "a.npz", given=given)
    two, *_ = trained(other, tmp_path / "b.npz", given=given)
    for mine, its in zip(one.get_weights(), two.get_weights(), strict=True):
        assert np.array_equal(mine, its)


def test_epochs_take_turns_with_the_views_that_teachers_were_asked_about(drawn):
    images = drawn.images[:30, ..., None]
    taught = np.arange(2 * 30 * 7, dtype=np.float16).reshape(2, 30, 7)
    places = np.random.default_rng(0).permutation(30)
    lesson = epochs.Lesson(images, np.zeros((30, 7), np.float32), taught, places)
    recipe = Recipe(augment="strong")
    for epoch in range(4):
        drawn_then, targets = epochs.drawn_in(recipe, epoch, lesson)
        again, _ = epochs.drawn_in(recipe, epoch % 2, lesson)
        assert np.array_equal(targets[:, 7:], taught[epoch % 2])
        assert np.array_equal(drawn_then["matrices"], again["matrices"])


def test_a_face_is_transformed_alike_for_its_teachers_whatever_its_row(drawn):
    places = np.random.default_rng(0).permutation(30)
    there = epochs.view_of(3, np.arange(30), "mixup")
    here = epochs.view_of(3, places, "mixup")
    for name in ("matrices", "grey", "weight"):
        assert np.array_equal(here[name], there[name][places])
    # Row r stands at place p: its partner is the row at the partner's place.
    assert np.array_equal(places[here["partner"]], there["partner"][places])


def test_accuracy_counts_whole_faces_over_all_batches(drawn, rng):
    network = networks.dnn()
    many = drawn.take(rng.integers(0, len(drawn), 2 * fit.EVALUATION_BATCH + 77))
    found = fit.evaluate(network, many)
    told = network.predict_on_batch(many.images[..., None])
    assert found["val_accuracy"] == (told.argmax(1) == many.labels).mean()
    loss = -np.log(told[np.arange(len(many)), many.labels]).mean()
    assert found["val_loss"] == pytest.approx(loss, 1e-5)


def test_a_run_that_is_refused_leaves_the_precision_as_it_was(drawn, tmp_path):
    before = keras.config.dtype_policy().name
    given = {"weights": [np.zeros(3)]}
    with pytest.raises(ValueError):
        trained(
            drawn, tmp_path / "a.npz", given=given, precision="mixed_bfloat16", epochs=1
        )
    assert keras.config.dtype_policy().name == before


def test_a_batch_larger_than_the_data_trains_on_all_of_it(drawn, tmp_path):
    network, [row], _ = trained(
        drawn, tmp_path / "run.npz", batch_size=10_000, epochs=1
    )
    peak, _ = RATES["adamw"]
    assert row["learning_rate"] == pytest.approx(peak * 105 / 128)
    keras.utils.set_random_seed(RECIPE.seed)
    for before, after in zip(
        networks.dnn().get_weights(), network.get_weights(), strict=True
    ):
        assert (before != after).any()


def test_the_learning_rate_grows_with_the_batch_up_to_twice_the_usual_one():
    network = networks.dnn()
    for batch_size, peak in (128, 1.5e-3), (256, 3e-3), (512, 3e-3):
        recipe = Recipe().resolved()
        made = optimizers.optimizer(recipe, network, 100, batch_size)
        assert optimizers.peak(recipe, batch_size) == pytest.approx(peak)
        for step in (0, 7, 15, 50, 99, 100):
            made.iterations.assign(step)
            told = optimizers.rate(step, 100, peak)
            assert float(made.learning_rate) == pytest.approx(told, rel=1e-4, abs=1e-9)


def test_a_tenth_of_what_is_learned_of_labels_is_of_all_classes_alike(drawn):
    lesson = fit.lesson_of(drawn, Recipe())
    asked = 0.9 * networks.one_hot(drawn.labels) + 0.1 / 7
    assert np.allclose(lesson.labels, asked)


def test_the_loss_is_of_labels_and_of_softened_probabilities(rng):
    told, labels, taught = rng.dirichlet(np.ones(7), (3, 5)).astype(np.float32)

    def entropy(targets, predicted):
        return -(targets * np.log(predicted)).sum(1)

    def soft(probabilities):
        powers = probabilities ** (1 / 3)
        return powers / powers.sum(1, keepdims=True)

    loss = optimizers.loss(Recipe(share=0.25, temperature=3.0))
    both = np.concatenate([labels, taught], axis=1)
    expected = 0.75 * entropy(labels, told) + 0.25 * 9 * entropy(
        soft(taught), soft(told)
    )
    assert np.allclose(loss(keras.ops.array(both), keras.ops.array(told)), expected)
    alone = loss(keras.ops.array(labels), keras.ops.array(told))
    assert np.allclose(alone, entropy(labels, told), atol=1e-5)
    right = optimizers.accuracy(both, keras.ops.array(told))
    assert np.array_equal(right, labels.argmax(1) == told.argmax(1))


def test_each_optimizer_that_a_recipe_may_name_is_there():
    assert {*optimizers.OPTIMIZERS} == {*RATES}


@pytest.mark.parametrize("name", RATES)
def test_kernels_that_nothing_moves_decay_and_biases_and_norms_stay(name):
    network = networks.build("compact_60k")
    recipe = Recipe(optimizer=name, learning_rate=0.1, weight_decay=0.5)
    made = optimizers.optimizer(recipe, network, 10, 128)
    made.iterations.assign(1)
    rate = float(made.learning_rate)
    variables = network.trainable_variables
    for variable in variables:
        variable.assign(keras.ops.ones_like(variable))
    made.apply([keras.ops.zeros_like(it) for it in variables], variables)
    for variable in variables:
        left = 1 - 0.5 * rate if variable.ndim > 1 else 1
        assert np.allclose(variable, left, atol=1e-6), variable.path


def test_the_weights_of_the_last_epoch_are_kept(drawn, tmp_path):
    network, history, _ = trained(drawn, tmp_path / "run.npz", epochs=3)
    _, held = data.parts(drawn)
    reached = fit.evaluate(network, held)
    assert reached["val_loss"] == pytest.approx(history[-1]["val_loss"], 1e-4)
    assert reached["val_loss"] != pytest.approx(history[0]["val_loss"], 1e-4)


def test_a_network_is_trained_in_the_precision_that_is_asked_for(
    drawn, tmp_path, monkeypatch
):
    build, policies = networks.build, []

    def noted(*about):
        policies.append(keras.config.dtype_policy().name)
        return build(*about)

    monkeypatch.setattr(networks, "build", noted)
    trained(drawn, tmp_path / "run.npz", epochs=1, precision="mixed_bfloat16")
    assert policies == ["mixed_bfloat16", "float32"]


def test_what_is_trained_further_starts_from_its_weights(drawn, tmp_path):
    weights = networks.dnn().get_weights()
    still = {"epochs": 1, "seed": 1, "learning_rate": 0.0, "weight_decay": 0.0}
    network, *_ = trained(
        drawn, tmp_path / "run.npz", given={"weights": weights}, **still
    )
    for before, after in zip(weights, network.get_weights(), strict=True):
        assert np.array_equal(before, after)


def test_what_is_trained_further_learns_at_half_of_the_rate():
    anew, further = Recipe().resolved(), Recipe(start="m.keras").resolved()
    assert further.learning_rate == pytest.approx(anew.learning_rate / 2)


def test_an_epochs_learning_rate_is_that_of_its_last_step(drawn, tmp_path):
    _, history, _ = trained(drawn, tmp_path / "run.npz", epochs=5)
    first, *_, last = (row["learning_rate"] for row in history)
    assert 0 < last < first < RATES["adamw"][0]


def test_votes_are_learned_as_they_stand(drawn):
    votes = np.tile(np.float32([0.5, 0, 0, 0.5, 0, 0, 0]), (len(drawn), 1))
    voted = dataclasses.replace(drawn, votes=votes)
    lesson = fit.lesson_of(voted, Recipe(label_smoothing=0.0))
    assert np.array_equal(lesson.labels, votes)
