"""The first screen of the page: results, checks, and how they were made."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from fer import data, scores
from fer.report import checks, page, wording
from fer.report.material import CNN, DNN, Material


def section(report: Material) -> Iterator[page.Html]:
    """Three sentences, the list of checks, and what made the page."""
    said = " ".join(_sentences(report))
    yield page.paragraph(said, class_="verdict")
    shown = [
        page.tag(
            "li",
            page.tag("b", check.result),
            page.tag("span", page.tag("b", f"{check.name}. "), check.said),
            class_=check.result,
        )
        for check in checks.all_of(report)
    ]
    yield page.tag("ul", *shown, class_="checks")
    yield _sources(report)


def _sources(report):
    """What the page is of, and what made it."""
    card, own = report.models[CNN].card, report.paths[CNN]
    told = f"{own.parent.name}/{own.name}"
    return page.facts(
        (
            ("faces", f"{report.source.name}, {len(report.faces):,} validation rows"),
            ("their digest", data.digest(report.faces)),
            ("model", f"{told}, SHA-256 {card['sha256']}"),
            ("trained by", card.get("command", "unknown")),
            ("page made by", report.command),
            ("commit", commit()),
        )
    )


def _sentences(report):
    labels, predicted = report.labels, report.predicted
    yield wording.accuracy("The CNN", scores.accuracy(labels, predicted[CNN]))
    change = scores.difference(labels, predicted[CNN], predicted[DNN])
    yield wording.difference("the CNN", "the DNN", change)
    yield wording.confusions(report.counts, report.classes)


def commit() -> str:
    """The commit of this suite, and whether its files differ from it."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(
            [*git, "--abbrev=40", "--exclude=*"], capture_output=True, text=True
        )
    except OSError:
        return "unknown: there is no git"
    return done.stdout.strip() or "unknown: this is no git repository"
