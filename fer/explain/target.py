"""The score a map explains: a class's logit, or its lead over another class's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fer.types import Array, Floats, Labels, Network

Against = int | Labels | None  # the class whose logit is taken away: one, or (N,)
BLOCK = 32  # faces at a time: what they light up takes up to 200 megabytes


def weights(network: Network, classes: Labels, against: Against = None) -> Floats:
    """The weight of each logit in the score to explain: (N, C) float32, 1, -1 or 0.

    classes: (N,) int, whose logits count. against: int or (N,), whose are subtracted.
    """
    rows = np.eye(network.output_shape[-1], dtype=np.float32)
    wanted = rows[np.asarray(classes)]
    return wanted if against is None else wanted - rows[np.asarray(against)]


def in_blocks(
    work: Callable[..., Array], *arrays: Array, size: int | None = None
) -> Array:
    """Apply `work` to arrays (N, ...), `size` rows at a time, and join the results."""
    size = size or BLOCK
    starts = range(0, len(arrays[0]), size)
    done = [work(*(each[start : start + size] for each in arrays)) for start in starts]
    return np.concatenate(done)
