"""How much of a class's probability hangs on the pixels that a map ranks highest."""

import numpy as np

# How far the places of a face reach, in pixels: the deviation of a Gaussian.
PLACE = 2


def mask(image, heat, threshold):
    """Keep pixels whose saliency exceeds `threshold`; set others to the image's mean.

    image: (48, 48) uint8. heat: (48, 48) float in 0..1. Returns (48, 48) uint8.
    """
    return np.where(heat > threshold, image, np.uint8(image.mean()))


def faithfulness(network, images, maps, classes, steps=10):
    """What a map makes of its class's probability: curves (2, N, steps + 1) float32.

    The first is of deletion: one share of the face after the other is set to its mean,
    the most salient places first. The second is of insertion: so they come back into a
    face of that mean (Petsiuk, 2018, arXiv:1806.07421). With a faithful map the one
    falls early and the other rises early. Maps are blurred before they are ranked:
    grey pixels strewn over a face are noise to a network, whichever they are.
    images: (N, 48, 48) uint8. maps: (N, 48, 48) float. classes: (N,) int.
    """
    from scipy.ndimage import gaussian_filter

    places = gaussian_filter(maps, (0, PLACE, PLACE))
    order = np.argsort(-places.reshape(len(maps), -1), axis=1, kind="stable")
    rank = np.argsort(order, axis=1).reshape(maps.shape)
    means = images.mean(axis=(1, 2), keepdims=True).astype(np.uint8)
    curves = np.empty((2, len(images), steps + 1), np.float32)
    for step in range(steps + 1):
        first = rank * steps < step * order.shape[1]
        less, more = np.where(first, means, images), np.where(first, images, means)
        for curve, faces in zip(curves, (less, more), strict=True):
            told = network.predict_on_batch(faces[..., None])
            curve[:, step] = told[np.arange(len(faces)), classes]
    return curves


def against_chance(network, images, maps, classes, seed=0):
    """The curves of `faithfulness`, and those of maps at random, which it must beat."""
    chance = at_random(images, seed)
    return [faithfulness(network, images, it, classes) for it in (maps, chance)]


def at_random(images, seed=0):
    """Maps (N, 48, 48) float32 in 0..1 that know nothing of the faces."""
    return np.random.default_rng(seed).random(images.shape, np.float32)


def first_right(labels, predicted, wanted):
    """First row of class `wanted` that is right; else the first right row; else 0."""
    right = labels == predicted
    return int(np.argmax(2 * right + (right & (labels == wanted))))
