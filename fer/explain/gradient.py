"""Saliency: the gradient of a class's logit by the pixels."""

import numpy as np

from fer import backend, networks
from fer.explain.fast import behind_rescaling


def saliency(network, images, classes):
    """Saliency maps (N, 48, 48) float32 in 0..1 (Simonyan, 2013, arXiv:1312.6034).

    |d logit of the class / d pixel|, divided by the map's largest value; a gradient of
    zeros gives a map of zeros. images: (N, 48, 48) uint8. classes: (N,) int.
    """
    from keras import ops

    score, chosen = logits(network), networks.one_hot(classes)
    pixels = images[..., None].astype(np.float32)
    slopes = backend.gradient(lambda x: ops.sum(score(x) * chosen, axis=-1), pixels)
    return unit(np.abs(slopes[..., 0]))


def logits(network):
    """The network as a function of float pixels in 0..255, without the softmax."""
    from keras import ops

    rescaling, last = networks.rescaling(network), network.layers[-1]
    body = behind_rescaling(network, last.input)
    return lambda x: ops.matmul(body(rescaling(x)), last.kernel) + last.bias


def unit(maps):
    """Scale each map (N, 48, 48) of values >= 0 so that its largest is 1, if not 0."""
    top = maps.max(axis=(1, 2), keepdims=True)
    return np.divide(maps, top, out=np.zeros_like(maps), where=top > 0)
