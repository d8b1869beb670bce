"""Occlusion: how far the score falls where a grey patch hides the face."""

from __future__ import annotations

import numpy as np

from fer import backend
from fer.explain.gradient import logits
from fer.explain.target import Against, in_blocks, weights
from fer.types import Floats, Images, Labels, Network

PATCH, STRIDE = 8, 4  # pixels: about an eye, in steps of half of it


def maps(
    network: Network, images: Images, classes: Labels, against: Against = None
) -> Floats:
    """Signed maps (N, 48, 48) float32 (Zeiler, 2013, arXiv:1311.2901).

    At each pixel the mean of score(face) - score(face with a patch), of all patches
    over the pixel; a patch is of the face's mean grey. images: (N, 48, 48) uint8.
    classes: (N,) int. against: as of target.weights.
    """
    from keras import ops

    score = backend.compiled(logits(network))
    patches = _patches(images.shape[1:])
    over = patches.sum(axis=0, dtype=np.float32)

    def one(image, wanted):
        hidden = np.where(patches, image.mean(), image)
        seen = np.concatenate([image, hidden])[..., None].astype(np.float32)
        whole, *scores = ops.convert_to_numpy(score(seen)) @ wanted[0]
        falls = (whole - np.array(scores, np.float32))[:, None, None]
        return (falls * patches).sum(axis=0, keepdims=True) / over

    return in_blocks(one, images, weights(network, classes, against), size=1)


def _patches(shape):
    """Where each patch lies: (patches, height, width) bool."""
    corners = [range(0, side - PATCH + 1, STRIDE) for side in shape]
    patches = np.zeros((len(corners[0]), len(corners[1]), *shape), bool)
    for i, top in enumerate(corners[0]):
        for j, left in enumerate(corners[1]):
            patches[i, j, top : top + PATCH, left : left + PATCH] = True
    return patches.reshape(-1, *shape)
