"""What TensorFlow and JAX do differently: gradients, compiled functions, loops."""

from __future__ import annotations

import functools
import importlib.util
from typing import TYPE_CHECKING, Any

from fer import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from fer.types import Array, Network, Tensor

BACKENDS = ("tensorflow", "jax")


def must_be_installed(chosen: str | None) -> None:
    """Raise BadInput unless the backend is supported and installed.

    chosen: the user's KERAS_BACKEND; None for the default.
    """
    named = chosen or BACKENDS[0]
    if named in BACKENDS and importlib.util.find_spec(named):
        return
    if chosen:
        raise BadInput(
            f"KERAS_BACKEND is {chosen!r}: unset it, or install and name one of "
            f"{', '.join(BACKENDS)}"
        )
    raise BadInput(
        f"this Python has no {named}: `make .venv/suite` installs it, and "
        "`. .venv/bin/activate` makes python the one that has it; or `pip install -r "
        "requirements.txt`"
    )


def gradient(score: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """The gradient of the sum of scores, like `inputs`: a tensor of the backend.

    score: maps a tensor like `inputs` to scores (N,) by Keras operations. inputs:
    float32; where its row n is all that score n depends on, the gradient's row n is
    that score's.
    """
    if name() == "tensorflow":
        import tensorflow as tf

        inputs = tf.convert_to_tensor(inputs)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            values = score(inputs)
        return tape.gradient(values, inputs)
    import jax

    values, pullback = jax.vjp(score, inputs)
    return pullback(jax.numpy.ones_like(values))[0]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of arrays written in Keras operations; traced once a shape."""
    if name() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False)
    import jax

    return jax.jit(function)


def scanned(
    network: Network, step: Callable[[Any, Tensor, Tensor], Any]
) -> Callable[[Tensor, Tensor], None]:
    """A function (each, about) that trains the network, one step for each of `each`.

    All steps are one compiled call; JAX only. step: maps (the network's state, one of
    `each`, `about`), all arrays, to the next state, as Keras's train_step has it.
    """
    import jax

    @functools.partial(jax.jit, donate_argnums=0)
    def run(state, each, about):
        return jax.lax.scan(lambda s, one: (step(s, one, about), None), state, each)[0]

    def train(each, about):
        parts = (
            network.trainable_variables,
            network.non_trainable_variables,
            network.optimizer.variables,
            network.metrics_variables,
        )
        state = tuple([variable.value for variable in part] for part in parts)
        for part, values in zip(parts, run(state, each, about), strict=True):
            for variable, value in zip(part, values, strict=True):
                variable.assign(value)

    return train


def mapped(
    network: Network, seen: Callable[[Tensor, Tensor], Tensor]
) -> Callable[[Tensor, Tensor], Tensor]:
    """A function (each, about): predictions on seen(one, about) for each of `each`.

    All are one compiled call; JAX only. Returns (len(each), batch, classes).
    """
    import jax

    @jax.jit
    def run(trainable, others, each, about):
        def predict(one):
            faces = seen(one, about)
            return network.stateless_call(trainable, others, faces, training=False)[0]

        return jax.lax.map(predict, each)

    def predict(each, about):
        parts = network.trainable_variables, network.non_trainable_variables
        return run(
            *([variable.value for variable in part] for part in parts), each, about
        )

    return predict


def on_device(array: Array) -> Tensor:
    """The array as a tensor on the device where the network computes."""
    from keras import ops

    return ops.convert_to_tensor(array)


def has_one_call_epochs() -> bool:
    """Whether an epoch can be one compiled call: on JAX, where it is faster on a GPU.

    XLA runs convolutions within a loop on one thread of a processor.
    """
    import keras

    devices = keras.distribution.list_devices() if name() == "jax" else []
    return any(name.startswith(("gpu", "cuda")) for name in devices)


def chosen_backend() -> str:
    """How a command line chooses this backend: "" or "KERAS_BACKEND=jax "."""
    return "" if name() == BACKENDS[0] else f"KERAS_BACKEND={name()} "


def name() -> str:
    """The backend that Keras computes by."""
    import keras

    return keras.backend.backend()
