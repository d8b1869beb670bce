"""The names that annotations use for arrays and models; docstrings give the shapes."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

Array: TypeAlias = NDArray[Any]
Images: TypeAlias = NDArray[np.uint8]  # of one face or many: grey levels, 0..255
Ints: TypeAlias = NDArray[np.integer]  # row numbers, counts, squares
Bools: TypeAlias = NDArray[np.bool_]
Labels: TypeAlias = NDArray[np.integer]  # an index into the classes for each face
Probabilities: TypeAlias = NDArray[np.floating]  # 0..1, a column for each class
Floats: TypeAlias = NDArray[np.floating]  # heat, gradients, weights
Network: TypeAlias = "keras.Model"
Layer: TypeAlias = "keras.layers.Layer"
Tensor: TypeAlias = Any  # of the backend: tf.Tensor, or an array of JAX
