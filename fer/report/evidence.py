"""The section on where in a face the evidence is: by part and by class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fer.explain import faithfulness, regions
from fer.report import figures, page, wording
from fer.report.material import CNN, Material


def section(report: Material) -> Iterator[page.Html]:
    """What share of the maps lies in each part of the face, by that part's area."""
    known, own = report.regions
    named, heat = report.predicted[CNN], report.heat
    weighed = {name: regions.shares(heat, part) for name, part in known.items()}
    blobs = faithfulness.blob(report.faces.images)
    null = {name: regions.shares(blobs, part).mean() for name, part in known.items()}
    yield page.paragraph(wording.evidence(weighed, null))
    yield _parts(report, weighed, null)
    yield _classes(report, weighed)
    right = named == report.labels
    means = {
        f"{report.classes[label]}, {word}": heat[rows].mean(axis=0)
        for word, of in (("right", right), ("wrong", ~right))
        for label in range(len(report.classes))
        for rows in [of & (named == label)]
        if rows.any()
    }
    caption = "Mean map of each class that the CNN names, rightly and wrongly"
    yield report.picture("mean_maps.png", figures.named(means, 7), caption)
    yield from [page.paragraph(_KNOWN)] if own else _fit(report, known)


_KNOWN = "Where the parts of these drawn faces lie is known: the suite drew them."


def _parts(report, weighed, null):
    """A row a part: its area, the weight of the maps there, and that of two nulls."""
    known, _ = report.regions
    right = report.predicted[CNN] == report.labels
    edges = faithfulness.edges(report.faces.images)
    rows = [
        (
            *(name, f"{part.mean():.1%}", _told(weighed[name])),
            *(f"{null[name]:.2f}", _told(regions.shares(edges, part))),
            *(_told(weighed[name][of]) for of in (right, ~right)),
        )
        for name, part in known.items()
    ]
    header = ("part", "of the face", "its maps", "blob in the middle")
    header += ("edges of the faces", "named right", "named wrong")
    caption = "Share of the map in each part by the part's area (1 is chance; 95% CI)"
    return page.table(header, rows, caption)


def _classes(report, weighed):
    """A row a part, a column a class that the CNN names."""
    named = report.predicted[CNN]
    rows = [
        (name, *(_told(of[named == label]) for label in range(len(report.classes))))
        for name, of in weighed.items()
    ]
    caption = "The same by the class that the CNN names"
    return page.table(("part", *report.classes), rows, caption)


def _told(values):
    """A mean and half its 95% interval, of two values or more."""
    if len(values) < 2:
        return "too few faces"
    low, high = wording.interval(values)
    return f"{values.mean():.2f} ± {(high - low) / 2:.2f}"


def _fit(report, known):
    """How well one template fits these faces, in words and as a picture."""
    off = np.hypot(*regions.offsets(report.faces.images).T)
    yield page.paragraph(
        "The parts are one template's, for all faces. A face fits the mean face best "
        f"when it is moved by {np.median(off):.1f} pixels (median; 90% of the faces: "
        f"at most {np.quantile(off, 0.9):.1f}), so a part's edge is as uncertain."
    )
    if report.most:
        parts = {name: it for name, it in known.items() if name != "background"}
        drawn = figures.outlined(report.faces.images.mean(axis=0), parts)
        caption = "The template on the mean of the validation faces"
        yield report.picture("template.png", drawn, caption)
