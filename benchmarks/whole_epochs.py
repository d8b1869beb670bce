"""Whole epochs of FER2013, validation included: the suite, PyTorch, the Keras habit.

python -m benchmarks.whole_epochs --csv data/fer2013.csv
python -m benchmarks.whole_epochs --csv CSV --pytorch "PyTorch float32 contiguous eager"

All train the coursework's CNN on the Training rows in batches of 128 and then score the
PublicTest rows. The suite does what train_cnn.py does, without augmentation and with
the coursework's generator. PyTorch goes without, in the way that benchmarks.throughput
found fastest, its own data loader gathering whole batches. The habit is Keras's `fit`
with ImageDataGenerator and validation data, in float32. The first epoch, in which all
compile, stands apart.
"""

import numpy as np

from benchmarks import harness, keras_fit
from benchmarks.throughput import (
    AUGMENTED,
    HABIT,
    SUITE,
    in_pytorch,
    learner,
    pixels,
    rivals,
)
from fer import arguments, data
from fer.training import fit

BATCH = 128
FASTEST = "PyTorch float32 channels_last eager"  # on AVX2 processors


def suite(fitted, held, augment):
    """An epoch as train_cnn.py trains and scores with --augment `augment`."""
    network, train = learner(fitted, augment, BATCH)
    return lambda: (train(), fit.evaluate(network, held))


def pytorch(fitted, held, name):
    """An epoch of PyTorch and its data loader."""
    import torch
    from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

    def loader(faces, size, order):
        images = torch.from_numpy(np.array(faces.images))[:, None]
        rows = TensorDataset(images, torch.from_numpy(faces.labels.astype(np.int64)))
        batches = BatchSampler(order(rows), size, drop_last=False)
        return DataLoader(rows, sampler=batches, batch_size=None)

    network, step = in_pytorch(name)
    shuffled = loader(fitted, BATCH, RandomSampler)
    in_order = loader(held, 512, torch.utils.data.SequentialSampler)

    def epoch():
        network.train()
        for batch in shuffled:
            step(*batch)
        network.eval()
        with torch.inference_mode():
            told = [(network(pixels(it)).argmax(1) == of).sum() for it, of in in_order]
        return sum(told) / len(held)

    return epoch


def habit(fitted, held):
    """An epoch of Keras's `fit`."""
    images, labels = fitted.images[..., None], fitted.labels
    network, flow = keras_fit.network_and_flow(images, labels, BATCH)
    validation = held.images[..., None], np.eye(7)[held.labels]
    return lambda: network.fit(flow, validation_data=validation, verbose=0)


def prepare(csv, name):
    """The work of the contender `name`."""
    fitted, held = data.parts(data.load(csv))
    if name == HABIT:
        return habit(fitted, held)
    if name in (SUITE, AUGMENTED):
        return suite(fitted, held, "none" if name == SUITE else "generator")
    return pytorch(fitted, held, name)


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", required=True, type=arguments.path)
    parser.add_argument("--pytorch", default=FASTEST, choices=rivals())
    parser.add_argument("--rounds", type=int, default=6, help="the first apart")
    parser.add_argument("--worker")
    args = parser.parse_args()
    if args.worker:
        return harness.serve(lambda: prepare(args.csv, args.worker))
    workers = {
        name: harness.worker(__spec__.name, name, "--csv", args.csv, warm_up=0)
        for name in (SUITE, AUGMENTED, HABIT, args.pytorch)
    }
    harness.show(
        "an epoch of FER2013, validation included",
        harness.race(workers, args.rounds),
        SUITE,
        ("keras", "tensorflow", "torch"),
        first=True,
    )


if __name__ == "__main__":
    main()
