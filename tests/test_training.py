"""How a network learns: batches, teachers, rate, decay, precision, best epoch."""

import dataclasses

import keras
import numpy as np
import pytest
from conftest import OPTIONS
from fitting import fit, surprised

from benchmarks import resume
from fer import BadInput, data, networks
from fer.training import fit as training


def test_the_number_of_loader_threads_changes_nothing(drawn, tmp_path, monkeypatch):
    for threads in (1, 5):
        monkeypatch.setattr(training, "LOADER_THREADS", threads)
        fit(drawn, tmp_path / f"{threads}.npz", augment="generator")
    assert resume.same_bits(tmp_path / "1.npz", tmp_path / "5.npz")


def batches(images, targets, size, augment, epoch):
    """The batches of an epoch: images (N, 48, 48) each, and targets."""
    options = {"seed": 0, "augment": augment}
    parts = training._batches(images, targets, size, options, epoch)
    return [(faces[..., 0], told) for faces, told in parts]


def test_each_epoch_pairs_faces_with_targets_in_an_order_of_its_own():
    rows = np.arange(20, dtype=np.uint8)
    images = np.tile(rows[:, None, None], (1, 48, 48))

    def order(epoch):
        parts = batches(images, rows, 5, "none", epoch)
        seen = np.concatenate([faces[:, 0, 0] for faces, _ in parts])
        assert np.array_equal(seen, np.concatenate([told for _, told in parts]))
        assert sorted(seen) == rows.tolist()
        return seen.tolist()

    assert order(0) == order(0) != order(1)
    assert rows.tolist() not in (order(0), order(1))


def test_each_batch_of_each_epoch_is_augmented_in_its_own_way(drawn):
    images = np.repeat(drawn.images[:1], 20, axis=0)
    drawn_so = [
        faces.tobytes()
        for epoch in (0, 1)
        for faces, _ in batches(images, np.zeros(20), 10, "mirror", epoch)
    ]
    assert len({*drawn_so}) == 4


def test_another_seed_gives_other_weights(drawn, tmp_path):
    first, *_ = fit(drawn, tmp_path / "a.npz")
    second, *_ = fit(drawn, tmp_path / "b.npz", seed=1)
    assert (first.get_weights()[0] != second.get_weights()[0]).any()


def test_half_of_what_is_learned_is_what_the_teacher_says(drawn, tmp_path):
    network, *_ = fit(drawn, tmp_path / "run.npz", teach=surprised)
    told = network.predict_on_batch(drawn.images[..., None]).mean(axis=0)
    assert told.argmax() == 5
    assert 0.4 < told[5] < 0.8


def test_at_a_share_of_one_the_labels_of_the_fitted_faces_are_not_learned(
    drawn, tmp_path
):
    fitted, _ = data.split(drawn, OPTIONS["seed"])
    labels = drawn.labels.copy()
    labels[fitted] = 6 - labels[fitted]
    other = dataclasses.replace(drawn, labels=labels)
    one, *_ = fit(drawn, tmp_path / "a.npz", teach=surprised, share=1.0)
    two, *_ = fit(other, tmp_path / "b.npz", teach=surprised, share=1.0)
    for mine, its in zip(one.get_weights(), two.get_weights(), strict=True):
        assert np.array_equal(mine, its)


def test_a_consistent_teacher_is_asked_about_each_batch_as_it_is_augmented(
    drawn, tmp_path
):
    asked = []

    def teach(images):
        asked.append(images)
        return surprised(np.zeros((105, 48, 48)))[: len(images)]

    changes = {"teach": teach, "share": 1.0, "augment": "mirror", "consistent": True}
    network, history, _ = fit(drawn, tmp_path / "run.npz", **changes)
    told = network.predict_on_batch(drawn.images[..., None])
    assert (told.argmax(1) == 5).all()
    steps = 105 // OPTIONS["batch_size"]
    assert len(asked) == len(history) * steps
    assert {images.shape for images in asked} == {(OPTIONS["batch_size"], 48, 48, 1)}
    known = set(data.short_digests(drawn.images))
    seen = set(data.short_digests(np.concatenate(asked)[..., 0]))
    mirrored = set(data.short_digests(np.ascontiguousarray(drawn.images[:, :, ::-1])))
    assert seen - known and seen <= known | mirrored


def test_accuracy_counts_whole_faces_over_all_batches(drawn, rng):
    network = networks.dnn()
    training._compile(network, "adamw", 1, 128)
    many = drawn.take(rng.integers(0, len(drawn), 2 * training.EVALUATION_BATCH + 77))
    found = training.evaluate(network, many)["val_accuracy"]
    told = network.predict_on_batch(many.images[..., None]).argmax(1)
    assert found == (told == many.labels).sum() / len(many)


def test_a_run_that_is_refused_leaves_the_precision_as_it_was(drawn, tmp_path):
    before = keras.config.dtype_policy().name
    with pytest.raises(BadInput):
        fit(drawn, tmp_path / "none.npz", again=True, precision="mixed_bfloat16")
    assert keras.config.dtype_policy().name == before


def test_a_batch_larger_than_the_data_trains_on_all_of_it(drawn, tmp_path):
    network, [row], _ = fit(drawn, tmp_path / "run.npz", batch_size=10_000, epochs=1)
    peak, _ = training.OPTIMIZERS["adamw"]
    assert row["learning_rate"] == pytest.approx(peak * 105 / 128)
    keras.utils.set_random_seed(OPTIONS["seed"])
    for before, after in zip(
        networks.dnn().get_weights(), network.get_weights(), strict=True
    ):
        assert (before != after).any()


def test_the_learning_rate_grows_with_the_batch_up_to_twice_the_usual_one():
    for batch_size, peak in (128, 1.5e-3), (256, 3e-3), (512, 3e-3):
        network = networks.dnn()
        training._compile(network, "adamw", 100, batch_size)
        for step, rate in (0, 0), (15, peak), (100, 0):
            network.optimizer.iterations.assign(step)
            found = training._learning_rate(network)
            assert found == pytest.approx(rate, abs=1e-9)


def test_a_tenth_of_what_is_learned_is_of_all_classes_alike(drawn):
    network = networks.dnn()
    training._compile(network, "adamw", 1, 128)
    told = network.predict_on_batch(drawn.images[..., None])
    asked = 0.9 * networks.one_hot(drawn.labels) + 0.1 / 7
    loss = -(asked * np.log(told)).sum(1).mean()
    assert training.evaluate(network, drawn)["val_loss"] == pytest.approx(loss, 1e-4)


@pytest.mark.parametrize("name", training.OPTIMIZERS)
def test_weights_that_nothing_moves_decay(name):
    network = networks.dnn()
    optimizer = training._optimizer(name, 0.1, 0.5, network.layers[-1].name)
    variables = network.trainable_variables
    optimizer.build(variables)
    before = network.get_weights()
    optimizer.apply([keras.ops.zeros_like(it) for it in variables], variables)
    for old, new in list(zip(before, network.get_weights(), strict=True))[::2]:
        assert np.allclose(new, 0.95 * old, atol=1e-7)


def test_the_weights_of_the_best_epoch_are_kept(drawn, tmp_path, monkeypatch):
    trained, weights = training._epoch, []

    def epoch(network, number, *rest):
        row = trained(network, number, *rest)
        weights.append(network.get_weights())
        return row | {"val_accuracy": (0.1, 0.9, 0.5)[number - 1]}

    monkeypatch.setattr(training, "_epoch", epoch)
    network, *_ = fit(drawn, tmp_path / "run.npz", epochs=3)
    for best, found in zip(weights[1], network.get_weights(), strict=True):
        assert np.array_equal(best, found)


def test_a_network_is_trained_in_the_precision_that_is_asked_for(drawn, tmp_path):
    policies = []

    def dnn():
        policies.append(keras.config.dtype_policy().name)
        return networks.dnn()

    precision = {"precision": "mixed_bfloat16"}
    fit(drawn, tmp_path / "run.npz", build=dnn, epochs=1, **precision)
    assert policies == ["mixed_bfloat16", "float32"]


def test_what_is_trained_further_starts_from_its_weights(drawn, tmp_path, monkeypatch):
    weights = networks.dnn().get_weights()
    monkeypatch.setitem(training.OPTIMIZERS, "adamw", (0.0, 0.0))
    network, *_ = fit(drawn, tmp_path / "run.npz", epochs=1, seed=1, weights=weights)
    for before, after in zip(weights, network.get_weights(), strict=True):
        assert np.array_equal(before, after)


def test_what_is_trained_further_learns_at_half_of_the_rate(drawn, tmp_path):
    weights = networks.dnn().get_weights()
    _, anew, _ = fit(drawn, tmp_path / "anew.npz")
    _, further, _ = fit(drawn, tmp_path / "further.npz", weights=weights)
    for one, other in zip(anew, further, strict=True):
        assert other["learning_rate"] == pytest.approx(one["learning_rate"] / 2)


def test_an_epochs_learning_rate_is_that_of_its_last_step(drawn, tmp_path):
    _, history, _ = fit(drawn, tmp_path / "run.npz", epochs=5)
    first, *_, last = (row["learning_rate"] for row in history)
    assert 0 < last < first < training.OPTIMIZERS["adamw"][0]
