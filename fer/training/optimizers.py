"""The optimizer, its schedule and the loss that a recipe asks for."""

from __future__ import annotations

import math
from typing import Any

from fer.training.recipe import Recipe
from fer.types import Network

# The peak is that of batches of 128. It goes with the batch (Goyal, 2017,
# arXiv:1706.02677), up to as large a one as was found to do as well:
# benchmarks/results/equivalence_batch.txt.
LARGEST_FACTOR = 2
WARM_UP = 0.15  # of all steps, in which the learning rate rises to its peak


def peak(recipe: Recipe, batch_size: int) -> float:
    """The largest learning rate of a training with such batches."""
    largest: Any = recipe.learning_rate  # None only in a recipe that is not resolved
    return largest * min(batch_size / 128, LARGEST_FACTOR)


def rate(step: int, steps: int, peak: float) -> float:
    """The learning rate of a step: a linear rise to `peak`, then a cosine to 0."""
    warm_up = int(WARM_UP * steps)
    if step < warm_up:
        return peak * step / warm_up
    done = min((step - warm_up) / max(steps - warm_up, 1), 1)
    return peak * (1 + math.cos(math.pi * done)) / 2


def optimizer(recipe: Recipe, network: Network, steps: int, batch_size: int) -> Any:
    """The recipe's optimizer for so many steps, built for the network's variables.

    Weight decay is of kernels alone: on a norm's scale or a bias, it is no matter of
    how complex the network is.
    """
    import keras

    warm_up = int(WARM_UP * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(steps - warm_up, 1),
        warmup_target=peak(recipe, batch_size),
        warmup_steps=warm_up,
    )
    made = OPTIMIZERS[recipe.optimizer](schedule, recipe.weight_decay, network)
    weights = network.trainable_variables
    made.exclude_from_weight_decay([each for each in weights if each.ndim < 2])
    made.build(weights)
    return made


def _adamw(schedule, decay, network):
    import keras

    return keras.optimizers.AdamW(schedule, weight_decay=decay)


def _muon(schedule, decay, network):
    """Muon for kernels; AdamW for vectors, depthwise kernels and the last layer."""
    from fer.training import muon

    kept = ["depthwise", f"^{network.layers[-1].name}/"]
    decays = {"weight_decay": decay, "adam_weight_decay": decay}
    return muon.Muon(schedule, exclude_layers=kept, **decays)


# By the names of recipe.RATES: functions of schedule, weight decay and network.
OPTIMIZERS = {"adamw": _adamw, "muon": _muon}


def loss(recipe: Recipe) -> Any:
    """The loss of targets (N, classes), or (N, 2 * classes) where teachers teach.

    Then the first half is of the label and the second is what the teachers say. Theirs
    is the cross-entropy of probabilities that a temperature softens, times its square,
    so that gradients keep their size (Hinton, 2015, arXiv:1503.02531).
    """
    from keras import losses, ops

    temperature, share = recipe.temperature, recipe.share

    def softened(probabilities):
        if temperature == 1:
            return probabilities
        logits = ops.log(ops.clip(probabilities, 1e-7, 1))
        return ops.softmax(logits / temperature, axis=-1)

    def entropy(targets, predicted):
        if targets.shape[-1] == predicted.shape[-1]:
            return losses.categorical_crossentropy(targets, predicted)
        labels, taught = ops.split(targets, 2, axis=-1)
        apart = losses.categorical_crossentropy(softened(taught), softened(predicted))
        total = share * temperature**2 * apart
        if share < 1:
            own = losses.categorical_crossentropy(labels, predicted)
            total = total + (1 - share) * own
        return total

    return entropy


def accuracy(targets: Any, predicted: Any) -> Any:
    """Whether the likeliest class is the label's: (N,); targets as of `loss`."""
    from keras import metrics

    labels = targets[..., : predicted.shape[-1]]
    return metrics.categorical_accuracy(labels, predicted)
