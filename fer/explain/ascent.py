"""What the filters of a layer look for, by gradient ascent, and what they answer."""

import numpy as np

from fer import BadInput, backend, networks
from fer.explain.fast import own_filter

# Of the pixels' half range: how far an image moves a step, in root mean square.
ASCENT_STEP = 0.02
ASCENT_NOISE = 0.3  # to either side of grey: it begins with little contrast


def pick_layers(network, names):
    """The convolutions called `names`: their layer's name, or their number from 1."""
    known = convolutions(network)
    by_name = {layer.name: layer for layer in known}
    by_name |= {str(number): layer for number, layer in enumerate(known, 1)}
    for name in names:
        if name not in by_name:
            raise BadInput(
                f"layer {name} is no convolution of this model: choose of "
                f"{', '.join(by_name) or 'none, it has no convolutions'}"
            )
    return [by_name[name] for name in names]


def convolutions(network):
    """The network's convolutions, in order."""
    return [
        layer
        for layer in network.layers
        if hasattr(layer, "filters") and len(layer.output.shape) == 4
    ]


def responses(network, layer, image):
    """What each filter makes of a face (48, 48) uint8: (filters, height, width)."""
    import keras

    model = keras.Model(network.inputs, layer.output)
    maps = model.predict_on_batch(image[None, :, :, None])
    return np.moveaxis(maps[0], -1, 0)


def ascend(network, layer, steps, seed=0, progress=lambda step: None):
    """Images that gradient ascent from white noise finds for the filters of `layer`.

    Each image climbs the mean response of its own filter by steps of equal length
    (Erhan et al., 2009). Returns the images (filters, 48, 48) float32 in 0..255, the
    responses at the end (filters,), and which filters are dead: those that never
    responded.
    """
    noise = np.random.default_rng(seed).uniform(
        -ASCENT_NOISE, ASCENT_NOISE, (layer.filters, *network.input_shape[1:])
    )
    batch, parts = networks.together(network, layer.filters), []
    for start in range(0, layer.filters, batch):
        chosen = np.arange(start, min(start + batch, layer.filters))
        score = own_filter(network, layer, chosen)
        parts.append(_ascend(network, score, noise[chosen], steps, progress))
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


def _ascend(network, score, noise, steps, progress):
    """As ascend, of images that begin as noise in -1..1 and climb those scores."""
    rescaling = networks.rescaling(network)
    dark, bright = (255 * it * rescaling.scale + rescaling.offset for it in (0, 1))
    half = (bright - dark) / 2
    images = (dark + half + half * noise).astype(np.float32)
    climb = backend.compiled(lambda images: _climb(score, images, dark, bright))
    alive = np.zeros(len(images), bool)
    for step in range(steps):
        images, answered = climb(images)
        alive |= np.asarray(answered)
        progress(step + 1)
    pixels = (np.asarray(images)[..., 0] - rescaling.offset) / rescaling.scale
    return pixels, np.asarray(score(images)), ~alive


def _climb(score, images, dark, bright):
    """The images one step higher, and which of them had a gradient to follow."""
    from keras import ops

    slopes = backend.gradient(score, images)
    size = ops.sqrt(ops.mean(ops.square(slopes), axis=(1, 2, 3), keepdims=True))
    step = ASCENT_STEP * (bright - dark) / 2
    move = step * ops.divide_no_nan(slopes, size)
    return ops.clip(images + move, dark, bright), size[:, 0, 0, 0] > 0
