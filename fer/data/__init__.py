"""Faces in: every form of data is read by `load` into one record, and split."""

from fer.data.cleaning import cleaned, leaks
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
    of_usages,
    with_rows,
)
from fer.data.loading import load
from fer.data.split import (
    VALIDATION_FRACTION,
    copies,
    digest,
    exact_groups,
    groups,
    limited,
    parts,
    short_digests,
    split,
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
    "cleaned",
    "copies",
    "counts",
    "digest",
    "exact_groups",
    "groups",
    "has_public_test",
    "in_classes",
    "leaks",
    "limited",
    "load",
    "must_be_labelled",
    "of_usages",
    "parts",
    "short_digests",
    "split",
    "with_rows",
]
