"""What is each lever worth? The report's CNN, one lever at a time turned on or off.

python -m benchmarks.ablation --csv data/fer2013.csv
python -m benchmarks.ablation --csv CSV --teacher models/fer2013/compact.keras

All runs have the same seed and epochs. Prints each one's accuracy on the validation
rows at its best epoch, and how far that is from the run without a change, with the
interval of paired proportions. A run that has its file in --folder, made with that CSV
and teacher, is not made again.
"""

import contextlib
import functools
import json
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks import harness
from fer import cli, data, files, models, networks, scores
from fer.training import distillation
from fer.training import fit as training

NOTHING = "nothing"
MIXED = 0.2  # mixup's alpha (Zhang, 2017, arXiv:1710.09412)
PEAK, DECAY = training.OPTIMIZERS["adamw"]
SGD_PEAK = 0.05
CALM = 0.8  # of the epochs, after which faces are only mirrored


def with_mixup(*args):
    """The epoch's batches, each face blended with another one of its batch."""
    rng = np.random.default_rng(args[4])
    for images, targets in _batches(*args):
        share = rng.beta(MIXED, MIXED)
        blended = np.rint(share * images + (1 - share) * images[::-1])
        yield blended.astype(np.uint8), share * targets + (1 - share) * targets[::-1]


def by_class(*args):
    """The epoch's batches, their targets weighed so that each class counts alike."""
    shares = args[1].mean(axis=0)
    for images, targets in _batches(*args):
        yield images, targets / (len(shares) * shares)


def weighed_entropy(label_smoothing):
    """Cross-entropy to which each row counts as much as its targets sum to."""
    import keras

    def loss(targets, predicted):
        # Of softmax and entropy in one, the gradient takes targets to sum to one.
        weights = keras.ops.sum(targets, axis=-1)
        entropy = keras.losses.categorical_crossentropy(
            targets / weights[:, None], predicted, label_smoothing=label_smoothing
        )
        return weights * entropy

    return loss


def calm_at_the_end(images, targets, batch_size, options, epoch, *teach):
    """The epoch's batches, in the last epochs without all transforms but the mirror."""
    if epoch >= CALM * options["epochs"]:
        options = options | {"augment": "mirror"}
    return _batches(images, targets, batch_size, options, epoch, *teach)


def averaging():
    """A new run's function for an epoch that ends in a running mean of the weights."""
    own, mean = [], []

    def train(network, *args):
        if own:
            network.set_weights(own)
        row = _train(network, *args)
        own[:] = network.get_weights()
        mean[:] = [(a + b) / 2 for a, b in zip(mean or own, own, strict=True)]
        network.set_weights(mean)
        return row

    return train


_batches, _train = training._batches, training._train


def optimizer(name, **options):
    """What to patch so that the optimizer `name` stands in for AdamW."""

    def make(schedule, weight_decay):
        import keras

        make_one = getattr(keras.optimizers, name)
        return make_one(schedule, weight_decay=weight_decay, **options)

    return mock.patch("keras.optimizers.AdamW", make)


def constant_rate(start, steps, warmup_target, warmup_steps):
    return warmup_target


def training_with(**replaced):
    return mock.patch.multiple(training, **replaced)


def adamw(peak, decay):
    return training_with(OPTIMIZERS={"adamw": (peak, decay)})


def dropout(share):
    return mock.patch.object(networks, "DROPOUT", share)


# Other options, or what to patch while the network trains.
LEVERS = {
    NOTHING: {},
    "no augmentation": {"augment": "none"},
    "mirror only": {"augment": "mirror"},
    "contrast and erasing": {"augment": "strong"},
    "batches of 64": {"batch_size": 64},
    "no label smoothing": [training_with(LABEL_SMOOTHING=0.0)],
    "no weight decay": [adamw(PEAK, 0.0)],
    "half the learning rate": [adamw(PEAK / 2, DECAY)],
    "twice the learning rate": [adamw(PEAK * 2, DECAY)],
    "no schedule": [
        mock.patch("keras.optimizers.schedules.CosineDecay", constant_rate)
    ],
    "SGD with Nesterov": [
        optimizer("SGD", momentum=0.9, nesterov=True),
        adamw(SGD_PEAK, DECAY * PEAK / SGD_PEAK),
    ],
    "Muon": {"optimizer": "muon"},
    "weights averaged": [mock.patch.object(training, "_train", new_callable=averaging)],
    "mirror only at the end": [training_with(_batches=calm_at_the_end)],
    "mixup": [training_with(_batches=with_mixup)],
    "class weights": [
        training_with(_batches=by_class),
        mock.patch("keras.losses.CategoricalCrossentropy", weighed_entropy),
    ],
    "Glorot start": [mock.patch.object(networks, "RELU", {"activation": "relu"})],
    "no dropout": [dropout(0.0)],
    "dropout 0.5": [dropout(0.5)],
}


def train(lever, faces, options, teach=None):
    """Train the CNN with the lever; its history, and the labels that it predicts."""
    changes, patches = (lever, []) if isinstance(lever, dict) else ({}, lever)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        network, history, seconds = training.fit(
            networks.cnn, faces, options | changes, f"{folder}/run.npz", teach=teach
        )
    _, held = data.parts(faces, options["seed"])
    predicted = models.predict(network, held.images).argmax(1)
    return {"history": history, "seconds": seconds, "predicted": predicted.tolist()}


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--teacher", help="a model to learn from: one lever more")
    parser.add_argument(
        "--folder", type=Path, default=Path("benchmarks/results/ablation")
    )
    args = parser.parse_args()
    options = {"epochs": args.epochs, "batch_size": 128, "seed": args.seed}
    options |= {"optimizer": "adamw", "augment": "graph"}
    options |= {"precision": "mixed_bfloat16", "share": cli.SHARE}
    faces = data.load(args.csv)
    taught, made_of = {}, {"data": data.digest(faces)}
    if args.teacher:
        teacher = distillation.load(args.teacher)
        made_of["teacher"] = teacher.model.card["sha256"]
        told = functools.partial(teacher.answers, precision=options["precision"])
        taught = {"a teacher": told}
    found = {}
    for name in [*LEVERS, *taught]:
        path = args.folder / f"{args.epochs}_{args.seed}_{name.replace(' ', '_')}.json"
        made = made_of if name in taught else {"data": made_of["data"]}
        found[name] = json.loads(path.read_text()) if path.exists() else {}
        if found[name].get("of") != made:
            print(name, flush=True)
            run = train(LEVERS.get(name, {}), faces, options, taught.get(name))
            found[name] = {"of": made, **run}
            files.write_json(path, found[name])
    _, held = data.parts(faces, args.seed)
    show(found, held.labels, args)


def show(found, labels, args):
    print(f"CNN, {args.epochs} epochs, seed {args.seed}\n{harness.where()}\n")
    print(f"{'changed':26}{'accuracy':>9}  difference")
    base = np.array(found[NOTHING]["predicted"])
    for name, run in found.items():
        predicted = np.array(run["predicted"])
        accuracy = (predicted == labels).mean()
        change = scores.points(scores.difference(labels, predicted, base))
        print(f"{name:26}{accuracy:9.4f}  {'' if name == NOTHING else change}")


if __name__ == "__main__":
    main()
