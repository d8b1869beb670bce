"""Saliency, masks, faithfulness, filter ascent, responses: arrays in, arrays out."""

import numpy as np

from fer import BadInput, gradients, machine, networks

# Of the pixels' half range: how far an image moves a step, in root mean square.
ASCENT_STEP = 0.02
ASCENT_NOISE = 0.3  # to either side of grey: it begins with little contrast
PIXEL_RANGE = 255
# How far the places of a face reach, in pixels: the deviation of a Gaussian.
PLACE = 2
# Noisy copies of a face at a time: what they light up stays in the processor's cache.
TOGETHER = 16


def saliency(network, images, classes):
    """Saliency maps (N, 48, 48) float32 in 0..1 (Simonyan, 2013, arXiv:1312.6034).

    |d logit of the class / d pixel|, divided by the map's largest value; a gradient of
    zeros gives a map of zeros. images: (N, 48, 48) uint8. classes: (N,) int.
    """
    from keras import ops

    score, chosen = logits(network), networks.one_hot(classes)
    pixels = images[..., None].astype(np.float32)
    slopes = gradients.gradient(lambda x: ops.sum(score(x) * chosen, axis=-1), pixels)
    return unit(np.abs(slopes[..., 0]))


def smoothgrad(network, images, classes, samples=32, noise=0.15, seed=0):
    """Saliency maps (N, 48, 48) float32 in 0..1 (Smilkov, 2017, arXiv:1706.03825).

    As `saliency`, but of the mean gradient of `samples` >= 1 noisy copies of the face,
    in the machine's fastest precision: its rounding is far below the noise.
    images: (N, 48, 48) uint8. classes: (N,) int. noise: its standard deviation, as a
    share of the pixels' range. seed: of the noise, which is the same for every face.
    """
    from keras import ops

    score = logits(networks.computing_in(machine.precision(), network))

    @gradients.compiled
    def slopes_of(face, added, chosen):
        return gradients.gradient(
            lambda x: ops.sum(score(x + added) * chosen, axis=-1), face
        )

    chosen = networks.one_hot(classes)
    total = np.zeros(images.shape, np.float32)
    for row, face in enumerate(images[:, None, :, :, None].astype(np.float32)):
        rng = np.random.default_rng(seed)
        for start in range(0, samples, TOGETHER):
            copies = (min(TOGETHER, samples - start), *face.shape[1:])
            added = PIXEL_RANGE * noise * rng.standard_normal(copies, np.float32)
            total[row] += slopes_of(face, added, chosen[row])[0, ..., 0]
    return unit(np.abs(total / samples))


def unit(maps):
    """Scale each map (N, 48, 48) of values >= 0 so that its largest is 1, if not 0."""
    top = maps.max(axis=(1, 2), keepdims=True)
    return np.divide(maps, top, out=np.zeros_like(maps), where=top > 0)


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


def logits(network):
    """The network as a function of float pixels in 0..255, without the softmax."""
    from keras import ops

    rescaling, last = networks.rescaling(network), network.layers[-1]
    body = _behind_rescaling(network, last.input)
    return lambda x: ops.matmul(body(rescaling(x)), last.kernel) + last.bias


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
                f"layer {name} is no convolution of this model: choose of "
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


def ascend(network, layer, steps, seed=0, progress=lambda step: None):
    """Images that gradient ascent from white noise finds for the filters of `layer`.

    Each image climbs the mean response of its own filter by steps of equal length
    (Erhan et al., 2009). Returns the images (filters, 48, 48) float32 in 0..255, the
    responses at the end (filters,), and which filters are dead: those that never
    responded.
    """
    images = np.random.default_rng(seed).uniform(
        -ASCENT_NOISE, ASCENT_NOISE, (layer.filters, *network.input_shape[1:])
    )
    images = images.astype(np.float32)
    score = _own_filter(network, layer)
    climb = gradients.compiled(lambda images: _climb(score, images))
    alive = np.zeros(layer.filters, bool)
    for step in range(steps):
        images, answered = climb(images)
        alive |= np.asarray(answered)
        progress(step + 1)
    rescaling = networks.rescaling(network)
    pixels = (np.asarray(images)[..., 0] - rescaling.offset) / rescaling.scale
    return pixels, np.asarray(score(images)), ~alive


def _climb(score, images):
    """The images one step higher, and which of them had a gradient to follow."""
    from keras import ops

    slopes = gradients.gradient(score, images)
    size = ops.sqrt(ops.mean(ops.square(slopes), axis=(1, 2, 3), keepdims=True))
    move = ASCENT_STEP * ops.divide_no_nan(slopes, size)
    return ops.clip(images + move, -1, 1), size[:, 0, 0, 0] > 0


def _behind_rescaling(network, output):
    """The part of the network from rescaled pixels to its tensor `output`, to call."""
    import keras

    pixels = networks.rescaling(network).output
    if output is pixels:
        return lambda x: x
    first, *others = (
        layer
        for layer in network.layers
        if any(it is pixels for it in keras.tree.flatten(layer.input))
    )
    if others or not _is_plain_convolution_of_one_channel(first):
        return keras.Model(pixels, output)
    convolve = gradients.convolution_of_one_channel()
    rest = keras.Model(first.output, output)
    kernel = keras.ops.convert_to_numpy(first.kernel)
    return lambda x: rest(_answer(first, convolve(x, kernel)))


def _is_plain_convolution_of_one_channel(layer):
    return (
        type(layer).__name__ == "Conv2D"
        and layer.kernel.shape[2] == layer.strides[0] == layer.dilation_rate[0] == 1
        and layer.padding == "same"
    )


def _answer(layer, sums):
    """What a convolution makes of the sums of its products: bias, then activation."""
    return layer.activation(sums if layer.bias is None else sums + layer.bias)


def _own_filter(network, layer):
    """Map images (filters, 48, 48, 1) to the mean response of filter i to image i.

    Only that one filter is worked out: the images' channels stand side by side in one
    picture under a depthwise convolution, and each image's channels are summed. For a
    layer of 64 filters this is a 64th of the work of all filters on all images.
    """
    from keras import ops

    body = _behind_rescaling(network, layer.input)
    height, width, channels = layer.input.shape[1:]
    filters = layer.filters
    kernel = ops.reshape(
        ops.transpose(layer.kernel, (0, 1, 3, 2)),
        (*layer.kernel_size, filters * channels, 1),
    )

    def score(images):
        beside = ops.transpose(body(images), (1, 2, 0, 3))
        beside = ops.reshape(beside, (1, height, width, filters * channels))
        each = ops.depthwise_conv(beside, kernel, layer.strides, layer.padding)
        own = ops.sum(ops.reshape(each, (-1, filters, channels)), axis=-1)
        return ops.mean(_answer(layer, own), axis=0)

    return score
