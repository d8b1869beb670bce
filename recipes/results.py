"""The table of results, written from the cards: docs/results.md.

python -m recipes.results
"""

from __future__ import annotations

import csv
import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import recipes
from benchmarks import harness
from fer import files

OUT, PRIVATE_TEST = "docs/results.md", "docs/private_test.csv"
HEAD = """# Results on FER2013

`python -m recipes.results` writes this page from the cards in `models/fer2013`; a test
fails where the two differ. All models learned from the 28,709 Training rows. The
accuracies are of the 3,589 PublicTest rows, which also chose recipes: expect slightly
less on new data (docs/evaluation.md). Over seeds: mean ± standard deviation.
"""
VIEWS = ("one pass", "mirrored", "six views")


def name_and_seed(path: Path) -> tuple[str, int]:
    """The name of a card's model without its seed, and the seed."""
    name, _, seed = path.stem.rpartition("_")
    return (name, int(seed)) if seed.isdigit() else (path.stem, 0)


def cards() -> dict[str, list[dict]]:
    """{name: its cards, seed after seed}."""
    found = defaultdict(list)
    for path in sorted(recipes.FOLDER.glob("*.json"), key=name_and_seed):
        found[name_and_seed(path)[0]].append(json.loads(path.read_text()))
    return found


def spread(found: list[dict], *names: str) -> str:
    """Mean and deviation of a figure over the cards that have it, or a dash."""
    values = [value for card in found if (value := figure(card, *names)) is not None]
    return harness.spread(values, 4) if values else "-"


def figure(card: dict[str, Any], *names: str) -> float | None:
    """A figure of the card's scores, or None."""
    value: Any = card["scores"] if len(names) > 1 else card
    for name in names:
        value = (value or {}).get(name)
    return value


def accuracies(found: dict[str, list[dict]]) -> Iterator[tuple]:
    """Rows of the first table."""
    for name, of in found.items():
        views = [spread(of, view, "accuracy") for view in VIEWS]
        alone = spread(of, "one pass, without copies", "accuracy")
        size, work = f"{of[0]['parameters']:,}", f"{of[0]['flops'] / 1e6:.0f}"
        yield (name, size, work, str(len(of)), *views, alone)


def probabilities(found: dict[str, list[dict]]) -> Iterator[tuple]:
    """Rows of the second table."""
    for name, of in found.items():
        kinds = [
            *(("macro", "f1"), ("probabilities", "nll"), ("probabilities", "brier")),
            *(("probabilities", "ece"), ("calibrated", "ece")),
        ]
        told = [spread(of, *kind) for kind in kinds]
        seeds = sum(figure(card, "macro", "f1") is not None for card in of)
        if seeds:
            yield (name, str(seeds), *told)


def how(found: dict[str, list[dict]]) -> Iterator[tuple]:
    """Rows of the third table: how each was made."""
    for name, of in found.items():
        recipe, minutes = of[0]["recipe"], [card["seconds"] / 60 for card in of]
        told = [f"{recipe['epochs']} epochs", recipe["optimizer"], recipe["augment"]]
        taught = [path.split("/")[-1] for path in recipe["teachers"]]
        where = "; ".join(sorted({card["machine"].split(", ")[-1] for card in of}))
        yield (
            name,
            ", ".join(told),
            ", ".join(taught) or "-",
            f"{statistics.median(minutes):.1f}",
            where,
        )


def private_test() -> dict[str, dict[str, dict[str, str]]]:
    """{model: {views: {"all", "without copies": accuracy}}} on PrivateTest, seed 0."""
    found: dict[str, dict] = defaultdict(dict)
    with open(PRIVATE_TEST, newline="") as file:
        for row in csv.DictReader(file):
            found[row["model"]][row["views"]] = row
    return found


def privately(found: dict[str, list[dict]]) -> Iterator[tuple]:
    """Rows of the table of PrivateTest."""
    for name, of in private_test().items():
        both = (f"{of[view]['all']} ({of[view]['without copies']})" for view in VIEWS)
        yield (name, f"{found[name][0]['parameters']:,}", *both)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def page() -> str:
    """The whole page as text."""
    found = cards()
    first = (
        *("model", "parameters", "MFLOPs", "seeds", *VIEWS),
        "one pass, without copies",
    )
    second = (
        *("model", "seeds", "macro F1", "log loss", "Brier", "ECE"),
        "ECE, calibrated",
    )
    third = ("model", "recipe", "teachers", "minutes", "machine")
    return "\n".join(
        (
            HEAD,
            "## Accuracy\n",
            table(first, accuracies(found)),
            "Copies: PublicTest rows that are pixel by pixel a Training row.\n",
            "## Accuracy on PrivateTest, seed 0\n",
            table(("model", "parameters", *VIEWS), privately(found)),
            "Scored elsewhere, once; nothing was chosen by it (docs/evaluation.md). In "
            "brackets:\nwithout the 288 rows that are pixel by pixel a Training row. "
            "Standard error: 0.0075.\n",
            "## Probabilities, one pass\n",
            table(second, probabilities(found)),
            "ECE: expected calibration error, 15 bins. Calibrated: each half of the "
            "rows by the\ntemperatures of the other half; only of models whose weights "
            "are here.\n",
            "## How they were made\n",
            table(third, how(found)),
        )
    )


def main() -> None:
    files.write_text(OUT, page())
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main()
