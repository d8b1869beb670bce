"""Do the maps point at what decides, where that is known?

python -m benchmarks.ground_truth
python -m benchmarks.ground_truth --pairs 1000 --epochs 6

Drawn faces in pairs differ in one trait: mouth, brows, eyes, or a mark. A small network
learns to tell second faces from first ones, which it can do by the changed pixels
alone. Of new second faces that it tells right, prints for each trait and map what share
of the map lies inside the changed pixels, by what share of the face they are: 1.0 is
chance; in brackets the 95% interval. All is drawn and learned anew from --seed.
"""

import numpy as np

from benchmarks import harness
from benchmarks.faithfulness import difference
from benchmarks.nulls import nulls
from fer import explain, networks
from fer.data import sample
from fer.explain import regions


def small():
    """A network of two convolutions that tells two classes apart."""
    import keras
    from keras import layers

    faces = features = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    for layer in (
        layers.Rescaling(**networks.RESCALING),
        layers.Conv2D(16, 5, padding="same", **networks.RELU),
        layers.MaxPooling2D(2),
        layers.Conv2D(32, 3, padding="same", **networks.RELU),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(2, activation="softmax"),
    ):
        features = layer(features)
    return keras.Model(faces, features)


def learned(trait, pairs, epochs, seed):
    """A network that tells the second faces of such pairs from the first ones."""
    import keras

    keras.utils.set_random_seed(seed)
    first, second, _ = sample.pairs(pairs, trait, seed)
    network = small()
    network.compile("adam", "sparse_categorical_crossentropy")
    images = np.concatenate([first, second])[..., None]
    network.fit(images, np.repeat([0, 1], pairs), 32, epochs, verbose=0)
    return network


def concentrations(trait, pairs, epochs, seed):
    """{map: (N,)} of new pairs, and the share of them that the network tells right."""
    network = learned(trait, pairs, epochs, seed)
    _, second, changed = sample.pairs(pairs // 4, trait, seed + 1)
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
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    of_all = {}
    for trait in sample.TRAITS:
        found, right = concentrations(trait, args.pairs, args.epochs, args.seed)
        print(
            f"\n{trait}: {right:.0%} of {args.pairs // 4} new second faces told right"
        )
        show(found)
        for name, values in found.items():
            of_all.setdefault(name, []).append(values)
    print("\nall traits")
    show({name: np.concatenate(values) for name, values in of_all.items()})


def show(found):
    """Print a row a map."""
    for name, values in found.items():
        print(f"  {name:22}{difference(values).replace('+', '')}", flush=True)


if __name__ == "__main__":
    main()
