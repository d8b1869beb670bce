"""Fit a network: precision, schedule, checkpoint after each epoch, exact resume.

An epoch depends on nothing but the state at its start, the seed and its number: the
order of the rows, the augmentation of each batch and the dropout masks are all drawn
from those. So a run that is killed at any instant and resumed on the same processor
ends in the same bits as one that never stopped.
"""

import contextlib
import math
import signal
import time

import numpy as np

from fer import BadInput, augment, data, networks, progress, scores, threads
from fer.training import checkpoint

# The peak of the learning rate, and the weight decay.
OPTIMIZERS = {"adamw": (1.5e-3, 0.02), "muon": (5e-3, 0.1)}
# The peak is that of batches of 128. It goes with the batch (Goyal, 2017,
# arXiv:1706.02677), up to as large a one as was found to do as well:
# benchmarks/results/equivalence_batch.txt.
LARGEST_FACTOR = 2
# Of the peak, for weights that have learned before: at all of it they lost much of what
# they knew (docs/accuracy.md).
AGAIN = 0.5
WARM_UP = 0.15  # of all steps, in which the learning rate rises to its peak
LABEL_SMOOTHING = 0.1
EVALUATION_BATCH = 512
LOADER_THREADS = 2


class Stopped(KeyboardInterrupt):
    """A signal ended the training after an epoch; the message says how to go on."""


def fit(build, faces, options, path, resume=False, teach=None, weights=None):
    """Train the network that `build()` makes on the split of `faces`.

    options: epochs, batch_size, seed, optimizer (a key of OPTIMIZERS), augment (as
    augment.augment takes it) and precision (a Keras dtype policy). The state goes to
    the checkpoint `path` after each epoch. teach: maps faces (N, 48, 48) uint8 to
    probabilities (N, classes), which are learned beside the labels, at a weight of
    options' share (Hinton, 2015, arXiv:1503.02531); it is asked once about each face
    or, if options are consistent, about each augmented batch (N, 48, 48, 1), by several
    threads (Beyer, 2022, arXiv:2106.05237). weights: of a trained network, to train
    further; None: random ones.

    resume: whether to go on with the run in `path`; None: if there is one.

    Returns the network in float32 with the weights of its best validation epoch, the
    history (a dict an epoch) and the seconds that it took.

    Raises BadInput when `path` holds another run than this one, or an unfinished
    one that `resume` does not ask for, or when the loss is no longer finite; Stopped
    after a signal.
    """
    import keras

    began = time.perf_counter()
    keras.utils.set_random_seed(options["seed"])
    with _policy(options["precision"]):
        network = build()
        run = checkpoint.described(network, build, faces, options)
        saved = checkpoint.read(path, run, resume)
        fitted, held = _parts(faces, options["seed"])
        targets = saved["targets"] if saved else _targets(fitted, options, teach)
        batch_size = min(options["batch_size"], len(fitted))
        steps = len(fitted) // batch_size  # an epoch
        total = options["epochs"] * steps
        if weights:
            network.set_weights(weights)
        _compile(network, options["optimizer"], total, batch_size, again=bool(weights))
        # The first call makes the metrics' variables; TensorFlow traces a step that
        # made them twice, which takes seconds.
        evaluate(network, held.take(slice(EVALUATION_BATCH)))
        variables = network.variables + network.optimizer.variables
        history, best, seconds = [], network.get_weights(), 0.0
        if saved:
            checkpoint.restore(network, variables, saved, path)
            history, best, seconds = saved["history"], saved["best"], saved["seconds"]

        with _signals() as received:
            for epoch in range(len(history), options["epochs"]):
                batches = _batches(
                    fitted.images, targets, batch_size, options, epoch, teach
                )
                history.append(_epoch(network, epoch + 1, batches, steps, held))
                if scores.best_epoch(history) is history[-1]:
                    best = network.get_weights()
                now = time.perf_counter()
                seconds, began = seconds + now - began, now
                checkpoint.write(path, run, history, seconds, best, variables, targets)
                print(_sentence(history[-1], options["epochs"], seconds), flush=True)
                if received:
                    raise Stopped(
                        f"stopped after epoch {epoch + 1}: the same command goes on, "
                        "that of train_cnn.py and train_dnn.py with --resume"
                    )

    with _policy("float32"):
        network = build()
    network.set_weights(best)
    return network, history, seconds


@contextlib.contextmanager
def _policy(name):
    """Let Keras compute in that dtype policy, within the block."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _parts(faces, seed):
    """The faces to fit on and those to validate on; raises BadInput without some."""
    fitted, held = data.parts(faces, seed)
    if not (len(fitted) and len(held)):
        raise BadInput(
            f"the CSV has {len(fitted)} rows to fit on and {len(held)} to validate on: "
            "training needs some of each"
        )
    return fitted, held


def _targets(fitted, options, teach):
    """What is learned of each face: (N, classes) float32, of label and teacher."""
    labels = networks.one_hot(fitted.labels)
    if not teach or options.get("consistent"):
        return labels
    return _mixed(labels, teach(fitted.images), options)


def _mixed(labels, taught, options):
    share = options["share"]
    return (1 - share) * labels + share * taught


def evaluate(network, faces):
    """Loss and accuracy on labelled faces, each row counted once."""
    parts = [
        faces.take(slice(i, i + EVALUATION_BATCH))
        for i in range(0, len(faces), EVALUATION_BATCH)
    ]
    totals = _Totals()
    for part in parts:
        asked = part.images[..., None], networks.one_hot(part.labels)
        totals.add(network.test_on_batch(*asked, return_dict=True), len(part))
    return {f"val_{name}": mean for name, mean in totals.means().items()}


def _compile(network, name, steps, batch_size, again=False):
    import keras

    warm_up = int(WARM_UP * steps)
    peak, decay = OPTIMIZERS[name]
    peak *= min(batch_size / 128, LARGEST_FACTOR)
    if again:
        peak *= AGAIN
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(steps - warm_up, 1),
        warmup_target=peak,
        warmup_steps=warm_up,
    )
    network.compile(
        _optimizer(name, schedule, decay, network.layers[-1].name),
        keras.losses.CategoricalCrossentropy(label_smoothing=LABEL_SMOOTHING),
        metrics=["accuracy"],
    )
    network.optimizer.build(network.trainable_variables)


def _optimizer(name, schedule, decay, last_layer):
    import keras

    if name == "adamw":
        return keras.optimizers.AdamW(schedule, weight_decay=decay)
    from fer.training import muon

    return muon.Muon(
        schedule,
        weight_decay=decay,
        adam_weight_decay=decay,
        exclude_layers=["depthwise", f"^{last_layer}/"],
    )


def _batches(images, targets, batch_size, options, epoch, teach=None):
    """Yield the epoch's whole batches in its order: images and targets."""
    order = np.random.default_rng([options["seed"], epoch]).permutation(len(images))

    def batch(step):
        rows = order[step * batch_size : (step + 1) * batch_size]
        draw = np.random.SeedSequence([options["seed"], epoch, step])
        seed = draw.generate_state(1)[0]
        moved = augment.augment(images[rows, ..., None], seed, options["augment"])
        learned = targets[rows]
        if options.get("consistent"):
            learned = _mixed(learned, teach(moved), options)
        return moved, learned

    return threads.in_order(batch, range(len(images) // batch_size), LOADER_THREADS)


def _epoch(network, number, batches, steps, held):
    """Train on the epoch's batches, then validate: its row of the history."""
    row = {"epoch": number} | _train(network, batches, steps) | evaluate(network, held)
    # The last update of an epoch comes after its last loss.
    _must_be_finite(row["val_loss"], "of the validation rows", network)
    return row


def _train(network, batches, steps):
    """One epoch: the means of loss and accuracy over it, and its last learning rate."""
    # Not network.fit: its input pipeline sleeps before it returns, for up to as long as
    # the epoch took.
    totals, show = _Totals(), progress.steps("this epoch", steps)
    for step, (images, targets) in enumerate(batches, 1):
        if step == steps:
            rate = _learning_rate(network)
        logs = network.train_on_batch(images, targets, return_dict=True)
        _must_be_finite(logs["loss"], f"at step {step} of this epoch", network)
        totals.add(logs, len(images))
        show(step, f", loss {logs['loss']:.3f}")
    return totals.means() | {"learning_rate": rate}


def _must_be_finite(loss, where, network):
    if not math.isfinite(loss):
        raise BadInput(
            f"the loss is {loss} {where}, learning rate {_learning_rate(network):.3g}; "
            "to go on would end so again: delete the checkpoint, if any, and train "
            "with another --seed, or by train_cnn.py or train_dnn.py with another "
            "--optimizer or --precision"
        )


def _learning_rate(network):
    # On JAX, asking for it takes longer than a step on a GPU does.
    return float(network.optimizer.learning_rate)


class _Totals:
    """Loss and accuracy summed over rows, so that a short batch weighs less."""

    def __init__(self):
        self.rows, self.sums = 0, {"loss": 0.0, "accuracy": 0}

    def add(self, logs, rows):
        self.rows += rows
        self.sums["loss"] += float(logs["loss"]) * rows
        # A whole number, so that epochs with as many right rows are equally good.
        self.sums["accuracy"] += round(float(logs["accuracy"]) * rows)

    def means(self):
        return {name: total / self.rows for name, total in self.sums.items()}


def _sentence(row, epochs, seconds):
    return (
        f"epoch {row['epoch']} of {epochs}: loss {row['loss']:.3f}, "
        f"accuracy {row['accuracy']:.3f}, validation {row['val_loss']:.3f}, "
        f"{row['val_accuracy']:.3f}; {seconds:.0f} s so far"
    )


@contextlib.contextmanager
def _signals():
    """Collect the first SIGINT or SIGTERM in a list; a second one acts at once."""
    received = []
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        # What is to be ignored, as a shell says for what runs in the background, is.
        if (handler := signal.getsignal(number)) != signal.SIG_IGN
    }

    def note(number, frame):
        received.append(number)
        restore()
        progress.warn("finishing this epoch first; again to stop at once")

    def restore():
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield received
    finally:
        restore()
