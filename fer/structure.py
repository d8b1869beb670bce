"""The structure of a network as the coursework lists it: a row a layer, and totals."""

from __future__ import annotations

import math

from fer.types import Network


def rows(network: Network) -> list[tuple[str, str, int]]:
    """Rows of (kind, output shape, parameters), as in the coursework."""
    return [
        (type(layer).__name__, str(layer.output.shape), layer.count_params())
        for layer in network.layers
        if type(layer).__name__ != "InputLayer"
    ]


def text(network: Network) -> str:
    """The structure as a text table with the totals beneath."""
    layers = [it for it in network.layers if type(it).__name__ != "InputLayer"]
    cells: list[tuple] = [("Layer (type)", "Details", "Output Shape", "Param #")]
    cells += [
        (kind, _details(layer), shape, count)
        for layer, (kind, shape, count) in zip(layers, rows(network), strict=True)
    ]
    lines = [
        f"{kind:24}{told:24}{shape:24}{count:>10}" for kind, told, shape, count in cells
    ]
    total = network.count_params()
    trainable = sum(math.prod(weight.shape) for weight in network.trainable_weights)
    lines += [f"Total params: {total:,}", f"Trainable params: {trainable:,}"]
    return "\n".join([*lines, f"Non-trainable params: {total - trainable:,}"]) + "\n"


def _details(layer):
    """A convolution's name, the size that a layer looks at, activation and dropout."""
    told = [layer.name] if type(layer).__name__ == "Conv2D" else []
    size = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    if size:
        told.append(" x ".join(map(str, size)))
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation != "linear":
        told.append(activation)
    if hasattr(layer, "rate"):
        told.append(f"rate {layer.rate:g}")
    return ", ".join(told)
