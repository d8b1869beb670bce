"""Faces in: every form of data is read by `load` into one record, and split."""

from fer.data.faces import (
    CLASSES,
    FITTING,
    PIXELS,
    SIDE,
    USAGES,
    Faces,
    Source,
    counts,
    has_public_test,
    in_classes,
    must_be_labelled,
)
from fer.data.forms import load
from fer.data.split import (
    VALIDATION_FRACTION,
    copies,
    digest,
    parts,
    short_digests,
    split,
    unordered_digest,
)

__all__ = [
    "CLASSES",
    "FITTING",
    "PIXELS",
    "SIDE",
    "USAGES",
    "VALIDATION_FRACTION",
    "Faces",
    "Source",
    "copies",
    "counts",
    "digest",
    "has_public_test",
    "in_classes",
    "load",
    "must_be_labelled",
    "parts",
    "short_digests",
    "split",
    "unordered_digest",
]
