"""Faster ways to the same gradients, for the networks where they hold."""

import functools

from fer import backend, networks


def behind_rescaling(network, output):
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
    convolve = convolution_of_one_channel()
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


def own_filter(network, layer):
    """Map images (filters, 48, 48, 1) to the mean response of filter i to image i.

    Only that one filter is worked out: the images' channels stand side by side in one
    picture under a depthwise convolution, and each image's channels are summed. For a
    layer of 64 filters this is a 64th of the work of all filters on all images.
    """
    from keras import ops

    body = behind_rescaling(network, layer.input)
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


@functools.cache
def convolution_of_one_channel():
    """A convolution with padding `same` and stride 1 whose gradient is quick.

    The backends work out the gradient by the input as a convolution to one channel,
    which fills one of the processor's 16 lanes. A product of matrices gives what each
    weight passes back, and shifting and adding those is the rest: a sixth of the time.
    Returns a function of tensors (N, H, W, 1) and (height, width, 1, filters), both
    float32, to (N, H, W, filters); it has no gradient by the second.
    """
    from keras import ops

    def convolve(images, kernel):
        def back(slopes):
            return _passed_back(slopes, kernel), ops.zeros_like(kernel)

        return ops.conv(images, kernel, padding="same"), back

    # Compiled by itself, and once: TensorFlow keeps for ever the graph in which such a
    # gradient is made.
    return backend.compiled(ops.custom_gradient(convolve))


def _passed_back(slopes, kernel):
    """The gradient (N, H, W, 1) by the images, of that by a convolution's outcome."""
    from keras import ops

    height, width, _, filters = kernel.shape
    rows, columns = slopes.shape[1:3]
    flat = ops.reshape(slopes, (-1, rows * columns, filters))
    weights = ops.reshape(kernel, (height * width, filters))
    passed = ops.matmul(weights, ops.transpose(flat, (0, 2, 1)))
    passed = ops.reshape(passed, (-1, height * width, rows, columns))
    shifts = [(down, right) for down in range(height) for right in range(width)]
    total = sum(
        ops.pad(
            passed[:, number],
            ((0, 0), (down, height - 1 - down), (right, width - 1 - right)),
        )
        for number, (down, right) in enumerate(shifts)
    )
    top, left = (height - 1) // 2, (width - 1) // 2
    return total[:, top : top + rows, left : left + columns, None]
