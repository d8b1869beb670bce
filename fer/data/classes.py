"""Which classes labels mean: by name, with synonyms, and never by the alphabet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from fer import BadInput
from fer.data.faces import CLASSES, Source
from fer.types import Ints

SYNONYMS = {
    "angry": "anger mad furious",
    "disgust": "disgusted disgusting",
    "fear": "fearful afraid scared scare frightened",
    "happy": "happiness happily joy joyful smile smiling",
    "sad": "sadness unhappy",
    "surprise": "surprised suprise suprised surprising",
    "neutral": "neutrality normal calm",
    "contempt": "contemptuous contemptous",
}
KNOWN = {
    word: name for name, words in SYNONYMS.items() for word in (name, *words.split())
}
CONTEMPT = "contempt"
# Orders that numbers are published in: of which one, the numbers do not tell.
ORDERS = {
    "FER2013": "angry disgust fear happy sad surprise neutral",
    "FER+": "neutral happy surprise sad angry disgust fear contempt",
    "AffectNet": "neutral happy sad surprise fear disgust angry contempt",
    "RAF-DB, from 1": "surprise fear disgust happy sad angry neutral",
    "folders by the alphabet": "angry disgust fear happy neutral sad surprise",
}
MOST_CLASSES = 20


def canonical(text: str) -> str:
    """The name of the class that `text` means: one of SYNONYMS, or as it stands."""
    text = " ".join(text.split())
    letters = re.sub("[^a-z]", "", text.lower())
    return KNOWN.get(letters, text)


def is_known(text: str) -> bool:
    """Whether `text` names a class of SYNONYMS."""
    return canonical(text) in SYNONYMS


def in_order(names: Iterable[str]) -> list[str]:
    """Names in FER2013's order, contempt after them, then others by the alphabet."""
    ranks = {name: rank for rank, name in enumerate(SYNONYMS)}
    return sorted(set(names), key=lambda name: (ranks.get(name, len(ranks)), name))


def named(about: dict[str, Any], source: Source) -> tuple[list[str], list[str]]:
    """The class of each key of a file's labels, and all classes: two lists of names.

    about: what a reader found: "keys", the labels' texts; "where", where each was met
    first; "names", what numbers mean, or None; "fer2013", whether numbers without names
    are FER2013's. Raises BadInput for a key that means no class.
    """
    keys = about["keys"]
    order = [canonical(name) for name in source.classes or about.get("names") or ()]
    numbers = bool(keys) and all(key.isdecimal() for key in keys)
    if numbers:
        names = _numbered(about, order, source)
        order = order or list(CLASSES)
    else:
        names = [canonical(key) for key in keys]
    if source.classes:
        for name, where in zip(names, about["where"], strict=True):
            if name not in order:
                raise BadInput(f"{where}: {name} is none of --classes")
        return names, order
    every = in_order([*names, *order])
    fer2013 = about.get("fer2013") and numbers
    if (fer2013 or len(every) < 2) and set(every) <= {*CLASSES}:
        every = list(CLASSES)
    # An order that the file gives to names of its own is as good as any.
    own = set(order) - {*SYNONYMS} and len(order) == len(every)
    return names, order if own else every


def _numbered(about, order, source):
    """The class of each key that is a number: a list of names."""
    numbers = [int(key) for key in about["keys"]]
    if not order and not about.get("fer2013"):
        known = "; ".join(f"{name}: {order}" for name, order in ORDERS.items())
        raise BadInput(
            f"{about['where'][0]}: the labels are numbers without names: give "
            f"--classes in their order (known orders: {known})"
        )
    order = order or [*CLASSES, *([CONTEMPT] if _told_of_contempt(source) else [])]
    # RAF-DB counts from 1.
    from_one = min(numbers) == 1 and max(numbers) == len(order)
    least = int(bool(source.classes) and from_one)
    for number, where in zip(numbers, about["where"], strict=True):
        if number - least >= len(order):
            eighth = number == len(CLASSES) == len(order)
            mend = "name all classes with --classes, in order"
            if eighth and not source.classes:
                mend = f"leave such rows out with --drop {CONTEMPT}, or {mend}"
            raise BadInput(
                f"{where}: the label is '{number}', not one of 0 to {len(order) - 1}: "
                f"{mend}"
            )
    return [order[number - least] for number in numbers]


def _told_of_contempt(source):
    told = [*source.drop, *(name for name, _ in source.merge)]
    return CONTEMPT in map(canonical, told)


def chosen(
    names: Sequence[str], source: Source
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """What --drop and --merge leave of classes: {name: its class or None}, and those.

    Raises BadInput where they name a class that there is not, or leave none.
    """
    left = list(names)
    becomes: dict[str, str | None] = {name: name for name in names}
    for name in map(canonical, source.drop):
        _must_be_of(name, left, names, source, "--drop")
        left.remove(name)
        becomes[name] = None
    for one, other in source.merge:
        one, other = canonical(one), canonical(other)
        _must_be_of(one, left, names, source, "--merge")
        place = left.index(one)
        left[place : place + 1] = [] if other in left else [other]
        becomes = {name: other if now == one else now for name, now in becomes.items()}
    must_be_few(left, source)
    return becomes, tuple(left)


def must_be_few(names: Sequence[str], source: Source) -> None:
    """Raise BadInput for more classes than this suite takes, or none."""
    if not 1 <= len(names) <= MOST_CLASSES:
        raise BadInput(
            f"{source} has {len(names)} classes: this suite takes up to {MOST_CLASSES}"
        )


def _must_be_of(name, left, names, source, flag):
    if name not in left:
        raise BadInput(
            f"{source} has no class {name} for {flag}: it has {', '.join(names)}"
        )


def codes(
    names: Sequence[str], becomes: dict[str, str | None], classes: Sequence[str]
) -> Ints:
    """The number of each of `names` among `classes`, -1 for what is left out."""
    places = {None: -1} | {name: place for place, name in enumerate(classes)}
    return np.array([places[becomes[name]] for name in names], np.int8)
