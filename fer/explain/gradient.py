"""The gradient of a class's logit by the pixels: the coursework's saliency."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fer import backend, networks
from fer.explain.fast import behind_rescaling
from fer.explain.target import BLOCK, Against, in_blocks, weights
from fer.types import Floats, Images, Labels, Network, Tensor


def maps(
    network: Network, images: Images, classes: Labels, against: Against = None
) -> Floats:
    """Signed maps (N, 48, 48) float32 (Simonyan, 2013, arXiv:1312.6034).

    d score / d pixel. images: (N, 48, 48) uint8. classes: (N,) int. against: as of
    target.weights.
    """
    from keras import ops

    score = logits(network)

    def block(images, wanted):
        pixels = images[..., None].astype(np.float32)
        slopes = backend.gradient(lambda x: ops.sum(score(x) * wanted, axis=-1), pixels)
        return ops.convert_to_numpy(slopes)[..., 0]

    size = networks.together(network, BLOCK)
    return in_blocks(block, images, weights(network, classes, against), size=size)


def logits(network: Network) -> Callable[[Tensor], Tensor]:
    """The network as a function of float pixels in 0..255, without the softmax."""
    rescaling, (output, finish) = networks.rescaling(network), ending(network)
    body = behind_rescaling(network, output)
    return lambda x: finish(body(rescaling(x)))


def ending(network: Network) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """A tensor of the network's, and a function from its value to the logits.

    To logarithms of its probabilities where no softmax is its last layer: but for a
    number that all classes share, they are the logits.
    """
    from keras import ops

    last = network.layers[-1]
    kind = type(last).__name__ if networks.ends_in_softmax(network) else None
    if kind == "Dense" and last.compute_dtype == "float32":
        bias = 0 if last.bias is None else last.bias
        return last.input, lambda x: ops.matmul(x, last.kernel) + bias
    if kind in ("Activation", "Softmax"):
        return last.input, lambda x: x
    least = np.finfo(np.float32).tiny
    return network.output, lambda x: ops.log(ops.maximum(x, least))
