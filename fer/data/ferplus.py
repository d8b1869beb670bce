"""FER+: ten annotators' votes on the faces of a FER2013 file (arXiv:1608.01041)."""

import numpy as np

from fer import BadInput
from fer.data import classes, dialect
from fer.data.gather import split_code

VOTED = (
    *("neutral", "happiness", "surprise", "sadness"),
    *("anger", "disgust", "fear", "contempt"),
)


def read(path, stream):
    """The votes (N, 8) float32, which rows are named (N,) bool, and usage (N,) int8.

    The columns of the votes are classes.in_order of VOTED. Raises BadInput for a row
    that holds no numbers.
    """
    rows = dialect.rows(stream, path)
    next(rows)
    _, header = next(rows)
    names = [dialect.plain_name(field) for field in header]
    named = names.index("imagename") if "imagename" in names else None
    usage = names.index("usage") if "usage" in names else None
    order = classes.in_order(map(classes.canonical, VOTED))
    voted = {classes.canonical(name): names.index(name) for name in VOTED}
    votes, present, splits = [], [], []
    for line, fields in rows:
        try:
            numbers = [float(fields[voted[name]]) for name in order]
            if len(fields) != len(header) or not all(0 <= n <= 1e3 for n in numbers):
                raise ValueError
        except (ValueError, IndexError):
            raise BadInput(f"{path}, line {line} does not hold votes") from None
        votes.append(numbers)
        present.append(named is None or bool(fields[named].strip()))
        splits.append(-1 if usage is None else split_code(fields[usage]))
    splits = np.array([-1 if code is None else code for code in splits], np.int8)
    votes = np.array(votes, np.float32).reshape(-1, len(order))
    return votes, np.array(present, bool), splits


def joined(columns, about, source, path, stream):
    """The faces of FER2013's rows with the votes on them, in place of their labels.

    Rows that FER+ does not name, and those that nobody found one of the classes in, are
    left out and counted in about["form"].
    """
    votes, present, splits = read(path, stream)
    rows = len(columns["images"])
    usage = columns.get("usage")
    if len(votes) != rows:
        raise BadInput(
            f"{path} votes on {len(votes):,} rows and {source} has {rows:,}: give the "
            "FER2013 file that it was made for, in its own order"
        )
    if usage is not None and (splits >= 0).all() and (splits != usage).any():
        row = int(np.flatnonzero(splits != usage)[0])
        raise BadInput(
            f"{path} votes on rows in another order than {source}'s: Usage differs at "
            f"row {row}"
        )
    keep = present & (votes.sum(1) > 0)
    about |= {
        "keys": classes.in_order(map(classes.canonical, VOTED)),
        "where": [str(path)] * len(VOTED),
        "form": f"FER2013 with the votes of FER+, {int((~present).sum()):,} unnamed "
        f"rows and {int((present & ~keep).sum()):,} without a class left out",
    }
    about.pop("fer2013", None)
    taken = {name: None if it is None else it[keep] for name, it in columns.items()}
    shares = votes[keep] / votes[keep].sum(1, keepdims=True)
    return taken | {"votes": shares, "labels": shares.argmax(1).astype(np.int16)}
