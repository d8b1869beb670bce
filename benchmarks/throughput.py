"""Training throughput: the suite, PyTorch at its best, the Keras habit, the ceiling.

python -m benchmarks.throughput
python -m benchmarks.throughput --rounds 9 --batch-size 256

All train the coursework's CNN on the same random faces, with two threads where the
machine has two cores. PyTorch runs in float32 and, on CPUs with bfloat16 instructions,
bfloat16, contiguous and channels_last, eager and compiled. The habit is float32, Adam,
and ImageDataGenerator feeding `fit`; the suite with the generator is to be compared
with it, the others train on the faces as they are. The ceiling is a 2048 x 2048 x 2048
matrix product in the suite's precision. Needs the packages of
benchmarks/requirements.txt.
"""

import itertools
import math
import statistics

import numpy as np

from benchmarks import harness, keras_fit
from fer import data, machine, precision

STEPS, SIDE = 10, 2048
SUITE, AUGMENTED = "suite", "suite with the generator"
HABIT, CEILING = "Keras habit", "matrix product"
LAYOUTS = {"contiguous": "contiguous_format", "channels_last": "channels_last"}
PYTORCH = [
    " ".join(("PyTorch", *words))
    for words in itertools.product(
        ("float32", "bfloat16"),
        LAYOUTS,
        ("eager", "compiled"),
    )
]


def faces(batch_size):
    """STEPS batches of noise with labels: uint8 (N, 48, 48, 1) and int (N,)."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (STEPS * batch_size, 48, 48, 1), dtype=np.uint8)
    return images, rng.integers(0, 7, len(images))


def learner(learned, augment, batch_size):
    """The CNN, and an epoch of train_cnn.py on Faces with --augment `augment`."""
    machine.use_onednn()
    import keras

    from fer import networks
    from fer.training import epochs, fit
    from fer.training.recipe import Recipe

    chosen = precision.fastest(networks.cnn())
    recipe = Recipe(
        epochs=1, batch_size=batch_size, augment=augment, precision=chosen
    ).resolved()
    keras.config.set_dtype_policy(chosen)
    network = networks.cnn()
    fit.compile_network(network, recipe, len(learned))
    lesson = fit.lesson_of(learned, recipe)
    train = epochs.step_by_step(network, recipe, lesson)
    return network, lambda: train(0)


def suite(batch_size, augment="none"):
    """An epoch of STEPS steps as train_cnn.py trains with --augment `augment`."""
    images, labels = faces(batch_size)
    _, train = learner(data.Faces(images[..., 0], labels), augment, batch_size)
    return train


def torch_cnn():
    """The coursework's CNN in PyTorch, without its softmax."""
    from torch import nn

    return nn.Sequential(
        *(nn.Conv2d(1, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(4608, 256), nn.ReLU(), nn.Dropout(0.3)),
        *(nn.Linear(256, 256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, 7)),
    )


def in_pytorch(name):
    """The CNN in PyTorch, and a function that trains it on a batch.

    A batch: uint8 (N, 1, 48, 48) and int (N,).
    """
    import torch

    _, precision, layout, mode = name.split()
    network = torch_cnn().to(memory_format=getattr(torch, LAYOUTS[layout]))
    optimizer = torch.optim.AdamW(network.parameters(), 1.5e-3, weight_decay=0.02)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    called = torch.compile(network) if mode == "compiled" else network

    def step(images, labels):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, precision == "bfloat16"):
            loss = loss_of(called(pixels(images)), labels)
        loss.backward()
        optimizer.step()

    return called, step


def pixels(images):
    """What PyTorch's network gets of bytes: float32 in -1..1."""
    return images.float() / 127.5 - 1


def pytorch(name, batch_size):
    """An epoch of STEPS steps in PyTorch."""
    import torch

    _, step = in_pytorch(name)
    images, labels = map(torch.from_numpy, faces(batch_size))
    images = images.permute(0, 3, 1, 2)
    batches = [*zip(images.split(batch_size), labels.split(batch_size), strict=True)]

    def epoch():
        for batch in batches:
            step(*batch)

    return epoch


def product():
    """STEPS matrix products in the suite's precision."""
    machine.use_onednn()
    import keras

    from fer import networks

    dtype = precision.fastest(networks.cnn()).removeprefix("mixed_")
    left, right = (keras.random.normal((SIDE, SIDE), dtype=dtype) for _ in range(2))

    def work():
        for _ in range(STEPS):
            last = keras.ops.matmul(left, right)
        keras.ops.convert_to_numpy(last[0])

    return work


def prepare(name, batch_size):
    """The work of the contender `name`."""
    if name in PYTORCH:
        return pytorch(name, batch_size)
    if name == CEILING:
        return product()
    if name == AUGMENTED:
        return suite(batch_size, "generator")
    if name == HABIT:
        network, flow = keras_fit.network_and_flow(*faces(batch_size), batch_size)
        return lambda: network.fit(flow, epochs=1, verbose=0)
    return suite(batch_size)


def rivals():
    """The ways of PyTorch; in software, bfloat16 would take minutes a round."""
    return [name for name in PYTORCH if "float32" in name or machine.bfloat16()]


def training_flops():
    """FLOPs of a training step on one face: forward, and both gradients of each layer.

    But for the gradient of the first convolution by the pixels, which nobody needs.
    """
    from fer import networks

    network = networks.cnn()
    first = 2 * math.prod(network.get_layer("conv1").kernel.shape) * 48 * 48
    return 3 * networks.flops(network) - first


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--worker")
    args = parser.parse_args()
    if args.worker:
        return harness.serve(lambda: prepare(args.worker, args.batch_size))
    names = (SUITE, AUGMENTED, HABIT, *rivals(), CEILING)
    words = ("--batch-size", args.batch_size)
    workers = {name: harness.worker(__spec__.name, name, *words) for name in names}
    seconds = harness.race(workers, args.rounds)
    median = {name: statistics.median(taken) for name, taken in seconds.items()}
    peak = STEPS * 2 * SIDE**3 / median[CEILING]
    images = {name: STEPS * args.batch_size / median[name] for name in names[:-1]}
    harness.show(
        f"{STEPS} steps of {args.batch_size} faces",
        seconds,
        SUITE,
        ("keras", "tensorflow", "torch"),
        images_a_second=images,
        share_of_ceiling=images[SUITE] * training_flops() / peak,
    )


if __name__ == "__main__":
    main()
