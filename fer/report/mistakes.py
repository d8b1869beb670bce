"""The section of errors, and mistakes.csv."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fer import files
from fer.report import errors, gallery, page
from fer.report.material import CNN, DNN, Material

LISTED = 12  # faces of each kind of error
PAIRS = 10  # of classes


def section(report: Material) -> Iterator[page.Html]:
    """The errors worth looking at, and the file of all of them."""
    labels, told = report.labels, report.probabilities[CNN]
    wrong = errors.most_confident(labels, told)
    candidates = errors.label_candidates(labels, told)
    files.write_csv(
        report.out / "mistakes.csv", *_mistakes(report, wrong, set(candidates.tolist()))
    )
    yield page.paragraph(
        f"The CNN names {len(wrong):,} of {len(labels):,} faces otherwise than they "
        f"are labelled; mistakes.csv lists them, the most confident first. "
        f"{len(candidates):,} labels are candidates for being wrong: of these faces "
        "another class is as probable as it is of faces so labelled, and more than "
        "the label (confident learning). A person has to decide."
    )
    yield from _pairs(report)
    yield from _agreement(report)
    for heading, rows in (
        ("Most confident mistakes", wrong),
        ("Most uncertain faces", errors.most_uncertain(told)),
        ("Candidates for wrong labels", candidates),
    ):
        yield page.tag("h3", heading)
        yield _strip(report, rows[:LISTED])


def _mistakes(report, wrong, candidates):
    """The header and rows of mistakes.csv."""
    told, named = report.probabilities[CNN], report.predicted
    header = ("row", "id", "label", "predicted", "probability", "of_label")
    ids, classes = report.faces.ids, report.classes
    rows = (
        (
            *(row, "" if ids is None else ids[row], classes[report.labels[row]]),
            *(classes[named[CNN][row]], f"{told[row].max():.4f}"),
            *(f"{told[row, report.labels[row]]:.4f}", classes[named[DNN][row]]),
            "yes" if row in candidates else "no",
        )
        for row in wrong.tolist()
    )
    return (*header, "dnn", "label_candidate"), rows


def _pairs(report):
    counts, classes = report.counts, report.classes
    faces = counts.sum(1)
    rows = [
        (
            f"{classes[true]} as {classes[named]}",
            f"{counts[true, named]:,}",
            f"{counts[true, named] / faces[true]:.1%}",
        )
        for true, named in errors.confused_pairs(counts)[:PAIRS]
    ]
    header = ("label and prediction", "faces", "of the label's faces")
    yield page.table(header, rows, "Pairs that the CNN confuses most often")


def _agreement(report):
    both = errors.agreement(report.labels, *(report.predicted[it] for it in (CNN, DNN)))
    names = ("both right", "the CNN alone", "the DNN alone", "neither")
    values = [both[name] for name in ("both", "one", "other", "neither")]
    rows = [
        (name, f"{count:,}", f"{count / max(len(report.labels), 1):.1%}")
        for name, count in zip(names, values, strict=True)
    ]
    yield page.table(("right", "faces", "share"), rows, "Agreement of CNN and DNN")
    yield page.paragraph(
        f"Of the {both['neither']:,} faces that neither names as labelled, both name "
        f"{both['alike']:,} alike."
    )


def _strip(report, rows):
    """Faces with label and likeliest classes, or their row numbers alone."""
    told, classes = report.probabilities[CNN], report.classes
    items = []
    for row in rows.tolist():
        likeliest = np.argsort(-told[row], kind="stable")[:2]
        named = ", ".join(f"{classes[it]} {told[row, it]:.2f}" for it in likeliest)
        said = f"row {row}, label {classes[report.labels[row]]}: {named}"
        face = []
        if report.most:
            source = gallery.faces_sheet(report.faces.images[[row]])
            face = [
                page.picture_alone(source, f"Face of row {row}", width=48, height=48)
            ]
        items.append(page.tag("li", *face, said))
    return page.tag("ul", *items, class_="strip") if items else page.paragraph("None.")
