"""Saliency maps, masks, filter ascent and responses: arrays in, arrays out."""

import numpy as np

from fer import BadInput, gradients

# Of the pixels' half range: how far an image moves a step, in root mean square.
ASCENT_STEP = 0.02


def saliency(network, images, classes):
    """Saliency maps (N, 48, 48) float32 in 0..1 (Simonyan, 2013, arXiv:1312.6034).

    |d logit of the class / d pixel|, divided by the map's largest value; a constant
    gradient gives a map of zeros. images: (N, 48, 48) uint8. classes: (N,) int.
    """
    from keras import ops

    score = logits(network)
    chosen = np.eye(network.output_shape[-1], dtype=np.float32)[classes]
    pixels = images[..., None].astype(np.float32)
    _, slopes = gradients.gradient(
        lambda x: ops.sum(score(x) * chosen, axis=-1), pixels
    )
    return unit(np.abs(slopes[..., 0]))


def unit(maps):
    """Scale each map (N, 48, 48) of values >= 0 so that its largest is 1, if not 0."""
    top = maps.max(axis=(1, 2), keepdims=True)
    return np.divide(maps, top, out=np.zeros_like(maps), where=top > 0)


def mask(image, heat, threshold=0.6):
    """Keep pixels whose saliency exceeds `threshold`; set others to the image's mean.

    image: (48, 48) uint8. heat: (48, 48) float in 0..1. Returns (48, 48) uint8.
    """
    return np.where(heat > threshold, image, np.uint8(image.mean()))


def logits(network):
    """The network as a function of float pixels in 0..255, without the softmax."""
    import keras

    rescaling, last = _rescaling(network), network.layers[-1]
    body = keras.Model(rescaling.output, last.input)
    return lambda x: keras.ops.matmul(body(rescaling(x)), last.kernel) + last.bias


def first_right(labels, predicted, wanted):
    """First row of class `wanted` that is right; else the first right row; else 0."""
    right = labels == predicted
    return int(np.argmax(2 * right + (right & (labels == wanted))))


def pick_layers(network, names):
    """The convolutions called `names`: their layer's name, or their number from 1."""
    known = convolutions(network)
    by_name = {layer.name: layer for layer in known}
    by_name |= {str(number): layer for number, layer in enumerate(known, 1)}
    for name in names:
        if name not in by_name:
            raise BadInput(
                f"--layers {name} is no convolution of this model: choose of "
                f"{', '.join(by_name) or 'none, it has no convolutions'}"
            )
    return [by_name[name] for name in names]


def convolutions(network):
    """The network's convolutions, in order."""
    return [layer for layer in network.layers if type(layer).__name__ == "Conv2D"]


def responses(network, layer, image):
    """What each filter makes of a face (48, 48) uint8: (filters, height, width)."""
    import keras

    model = keras.Model(network.inputs, layer.output)
    maps = model.predict_on_batch(image[None, :, :, None])
    return np.moveaxis(maps[0], -1, 0)


def ascend(network, layer, steps=90, seed=0, progress=lambda step: None):
    """Images that gradient ascent from white noise finds for the filters of `layer`.

    Each image climbs the mean response of its own filter by steps of equal length
    (Erhan et al., 2009). Returns the images (filters, 48, 48) float32 in 0..255, the
    responses at the end (filters,), and which filters are dead: those that never
    responded.
    """
    import keras

    rescaling = _rescaling(network)
    images = np.random.default_rng(seed).uniform(
        -0.3, 0.3, (layer.filters, *network.input_shape[1:])
    )
    images = images.astype(np.float32)
    score = _own_filter(keras, rescaling.output, layer)
    alive = np.zeros(layer.filters, bool)
    for step in range(steps):
        values, slopes = gradients.gradient(score, images)
        size = np.sqrt(np.mean(slopes**2, axis=(1, 2, 3), keepdims=True))
        alive |= size.ravel() > 0
        move = np.divide(slopes, size, out=np.zeros_like(slopes), where=size > 0)
        images = np.clip(images + ASCENT_STEP * move, -1, 1)
        progress(step + 1)
    values, _ = gradients.gradient(score, images)
    pixels = (images[..., 0] - rescaling.offset) / rescaling.scale
    return pixels, values, ~alive


def _rescaling(network):
    """The layer behind which pixels are floats, so that gradients can reach them."""
    return next(layer for layer in network.layers if hasattr(layer, "offset"))


def _own_filter(keras, inputs, layer):
    """Map images (filters, 48, 48, 1) to the mean response of filter i to image i.

    Only that one filter is worked out: the images' channels stand side by side in one
    picture under a depthwise convolution, and each image's channels are summed. For a
    layer of 64 filters this is a 64th of the work of all filters on all images.
    """
    ops = keras.ops
    before = layer.input
    body = keras.Model(inputs, before) if before is not inputs else (lambda x: x)
    height, width, channels = before.shape[1:]
    side, filters = layer.kernel_size[0], layer.filters
    kernel = ops.reshape(
        ops.transpose(layer.kernel, (0, 1, 3, 2)), (side, side, filters * channels, 1)
    )

    def score(images):
        beside = ops.transpose(body(images), (1, 2, 0, 3))
        beside = ops.reshape(beside, (1, height, width, filters * channels))
        each = ops.depthwise_conv(beside, kernel, padding=layer.padding)
        own = ops.sum(ops.reshape(each, (-1, filters, channels)), axis=-1) + layer.bias
        return ops.mean(layer.activation(own), axis=0)

    return score
