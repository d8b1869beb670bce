"""The optimizer Muon, for convolutions too."""

from __future__ import annotations

import re

import keras
from keras import ops

from fer.types import Tensor


class Muon(keras.optimizers.Muon):
    """Keras's Muon (Jordan, 2024), with convolutions' kernels as matrices.

    Keras applies it to dense layers alone. Here a kernel (height, width, channels,
    filters) is a matrix of a column a filter. AdamW moves what is none, and the layers
    of `exclude_layers`. Learning rate and weight decay are of AdamW's size (Liu, 2025,
    arXiv:2502.16982). The matrices are made orthogonal in the policy's precision.
    """

    def _should_use_adamw(self, variable):
        return len(variable.shape) not in (2, 4) or any(
            re.search(layer, variable.path) for layer in self.exclude_layers
        )

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """The nearest orthogonal matrix, roughly, of a kernel; shaped like it."""
        matrix = ops.cast(_matrix(x), keras.config.dtype_policy().compute_dtype)
        matrix = super().zeropower_via_newtonschulz5(matrix, steps)
        return ops.cast(ops.reshape(matrix, x.shape), x.dtype)

    def lr_adjust(self, x: Tensor) -> Tensor:
        """The update of a kernel, scaled by the size of its matrix."""
        return ops.reshape(super().lr_adjust(_matrix(x)), x.shape)


def _matrix(kernel):
    return ops.reshape(kernel, (-1, kernel.shape[-1]))
