"""What a map explains: a class's logit, or how far it is above another class's."""

import numpy as np

BLOCK = 64  # faces at a time: what they light up is some hundred megabytes


def weights(network, classes, against=None):
    """Rows (N, C) float32 that make of logits the score to explain.

    classes: (N,) int, whose logits count; against: int or (N,), whose are taken away.
    """
    rows = np.eye(network.output_shape[-1], dtype=np.float32)
    wanted = rows[np.asarray(classes)]
    return wanted if against is None else wanted - rows[np.asarray(against)]


def in_blocks(work, *arrays, size=None):
    """`work` of the arrays (N, ...), `size` rows at a time, put together: (N, ...)."""
    size = size or BLOCK
    starts = range(0, len(arrays[0]), size)
    done = [work(*(each[start : start + size] for each in arrays)) for start in starts]
    return np.concatenate(done)
