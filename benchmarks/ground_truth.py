"""Do the maps point at what decides, where that is known?

python -m benchmarks.ground_truth
python -m benchmarks.ground_truth --pairs 8000 --epochs 20

Drawn faces in pairs differ in one trait: mouth, brows, eyes, or a mark. A small network
learns to tell second faces from first ones, which it can do by the changed pixels
alone. Of new second faces that it tells right, prints for each trait and map what share
of the map lies inside the changed pixels, by what share of the face they are: 1.0 is
chance; in brackets the 95% interval. All is drawn and learned anew from --seed; the
table is that of docs/explain.md.
"""

import sys

import numpy as np

from benchmarks import harness
from benchmarks.faithfulness import difference
from benchmarks.nulls import nulls
from fer import explain, networks
from fer.data import sample
from fer.explain import regions

RATE, BATCH = 0.005, 32  # of learning
ENOUGH = 0.97  # of the first and of the second faces told right


def small():
    """A network that finds the features of two classes wherever they are."""
    import keras
    from keras import layers

    faces = features = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    for layer in (
        layers.Rescaling(**networks.RESCALING),
        layers.Conv2D(16, 5, strides=2, padding="same", **networks.RELU),
        layers.Conv2D(32, 3, padding="same", **networks.RELU),
        layers.Conv2D(32, 3, padding="same", **networks.RELU),
        layers.GlobalMaxPooling2D(),
        layers.Dense(2, activation="softmax"),
    ):
        features = layer(features)
    return keras.Model(faces, features)


def learned(trait, pairs, epochs, seed):
    """A network that tells the second faces of such pairs from the first ones.

    It learns until it names ENOUGH of other pairs' faces, at most so many epochs.
    """
    import keras

    keras.utils.set_random_seed(seed)
    images, labels = faces_of(trait, pairs, seed)
    new = faces_of(trait, pairs // 4, seed + 2)
    network = small()
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * len(images) // BATCH)
    optimizer = keras.optimizers.Adam(rate)
    network.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    for epoch in range(epochs):
        network.fit(images, labels, BATCH, verbose=0)
        told = network.predict_on_batch(new[0]).argmax(axis=1) == new[1]
        print(f"{trait}, epoch {epoch + 1}: {told.mean():.3f}", file=sys.stderr)
        if told[new[1] == 0].mean() >= ENOUGH <= told[new[1] == 1].mean():
            break
    return network


def faces_of(trait, pairs, seed):
    """First and second faces (2 N, 48, 48, 1) uint8, and 0 or 1 of each: (2 N,)."""
    first, second, _ = sample.pairs(pairs, trait, seed)
    return np.concatenate([first, second])[..., None], np.repeat([0, 1], pairs)


def concentrations(trait, pairs, new, epochs, seed):
    """{map: (N,)} of new pairs, and the share of them that the network tells right."""
    network = learned(trait, pairs, epochs, seed)
    _, second, changed = sample.pairs(new, trait, seed + 1)
    told = network.predict_on_batch(second[..., None]).argmax(axis=1)
    images, changed = second[told == 1], changed[told == 1]
    classes = np.ones(len(images), int)
    heats = {
        name: explain.heat_of(name, network, images, classes)
        for name in explain.METHODS
    }
    maps = heats | nulls(network, images, classes, heats)
    return {name: regions.shares(it, changed) for name, it in maps.items()}, told.mean()


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--pairs", type=int, default=4000)
    parser.add_argument("--new", type=int, default=250, help="pairs to explain")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    of_all = {}
    for trait in sample.TRAITS:
        asked = args.pairs, args.new, args.epochs, args.seed
        found, right = concentrations(trait, *asked)
        print(f"{trait}: {right:.0%} of {args.new} new second faces told right")
        for name, values in found.items():
            of_all.setdefault(name, []).append(values)
    of_all = {
        name: [*values, np.concatenate(values)] for name, values in of_all.items()
    }
    table(of_all)


def table(of_all):
    """Print docs/explain.md's table: a row a map, a column a trait, and all of them."""
    print(f"\n| map | {' | '.join(sample.TRAITS)} | all |")
    print("| --- " * (len(sample.TRAITS) + 2) + "|")
    for name, columns in of_all.items():
        cells = [difference(values).replace("+", "") for values in columns]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
