"""Faster ways to the same gradients, where they hold; elsewhere the plain way."""

from __future__ import annotations

import functools
from collections.abc import Callable

from fer import backend, networks
from fer.types import Ints, Layer, Network, Tensor

# Activations that look at one number at a time: what one filter answers is its alone.
ONE_BY_ONE = (
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish"),
    *("sigmoid", "tanh", "softplus", "softsign", "hard_sigmoid", "hard_silu"),
)


def behind_rescaling(network: Network, output: Tensor) -> Callable[[Tensor], Tensor]:
    """The part of the network from rescaled pixels to its tensor `output`, to call."""
    import keras

    pixels = networks.rescaling(network).output
    readers = [
        each
        for each in network.operations
        if any(it is pixels for it in keras.tree.flatten(each.input))
    ]
    alone = len(readers) == 1 and _is_plain_convolution_of_one_channel(readers[0])
    if output is pixels or not alone:
        return _between(pixels, output)
    [first] = readers
    convolve, rest = convolution_of_one_channel(), _between(first.output, output)
    kernel = keras.ops.convert_to_numpy(first.kernel)
    bias = 0 if first.bias is None else first.bias
    return lambda x: rest(first.activation(convolve(x, kernel) + bias))


def _between(start, end):
    """The function from one tensor of a network to another."""
    import keras

    if end is start:
        return lambda x: x
    # Unasked, a layer that augments would do so here.
    return functools.partial(keras.Model(start, end), training=False)


def _is_plain_convolution(layer):
    return (
        type(layer).__name__ == "Conv2D"
        and layer.groups == 1 == max(layer.dilation_rate)
        and layer.data_format == "channels_last"
        and layer.compute_dtype == "float32"
    )


def _is_plain_convolution_of_one_channel(layer):
    return (
        _is_plain_convolution(layer)
        and layer.kernel.shape[2] == 1 == max(layer.strides)
        and layer.padding == "same"
    )


def own_filter(
    network: Network, layer: Layer, chosen: Ints, leak: float = 0
) -> Callable[[Tensor], Tensor]:
    """Map images (n, 48, 48, 1) to the mean response of filter chosen[i] to image i.

    leak: how many times what stands before the activation is added to the response.
    """
    alone = (
        _is_plain_convolution(layer)
        and len({*layer.strides}) == 1
        and networks.activation(layer) in ONE_BY_ONE
    )
    return (_one_filter_each if alone else _all_filters)(network, layer, chosen, leak)


def _all_filters(network, layer, chosen, leak):
    """As own_filter: each filter answers each image, and the others are left out."""
    from keras import ops

    body = behind_rescaling(network, layer.input)
    linear = type(layer).from_config(layer.get_config() | {"activation": "linear"})
    linear.build(layer.input.shape)
    linear.set_weights(layer.get_weights())

    def score(images):
        sums = linear(body(images))
        means = ops.mean(layer.activation(sums) + leak * sums, axis=(1, 2))
        return ops.sum(means * ops.one_hot(chosen, layer.filters), axis=1)

    return score


def _one_filter_each(network, layer, chosen, leak):
    """As own_filter: only that one filter is worked out.

    The images' channels stand side by side in one picture under a depthwise
    convolution, and each image's channels are summed. For a layer of 64 filters this is
    a 64th of the work of all filters on all images.
    """
    from keras import ops

    body = behind_rescaling(network, layer.input)
    height, width, channels = layer.input.shape[1:]
    kernel = ops.reshape(
        ops.transpose(ops.take(layer.kernel, chosen, axis=-1), (0, 1, 3, 2)),
        (*layer.kernel_size, len(chosen) * channels, 1),
    )
    bias = 0 if layer.bias is None else ops.take(layer.bias, chosen)

    def score(images):
        beside = ops.transpose(body(images), (1, 2, 0, 3))
        beside = ops.reshape(beside, (1, height, width, len(chosen) * channels))
        each = ops.depthwise_conv(beside, kernel, layer.strides, layer.padding)
        sums = ops.sum(ops.reshape(each, (-1, len(chosen), channels)), axis=-1) + bias
        return ops.mean(layer.activation(sums) + leak * sums, axis=0)

    return score


@functools.cache
def convolution_of_one_channel() -> Callable[[Tensor, Tensor], Tensor]:
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
