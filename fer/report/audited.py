"""What is in the data of a report, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from fer.data import audit
from fer.report import page
from fer.report.material import Material

NEAR = "near copy"  # in the kinds of findings that only audit.py looks for


def section(report: Material) -> Iterator[page.Html]:
    """The classes of each split, and what a quick audit finds; Html."""
    faces, _ = audit.joined(report.everything)
    header, *rows = audit.balance(faces)
    yield page.table(header, rows, "Faces of each class, and their share of the split")
    found = audit.findings(faces, near_copies=False)
    header, *rows = audit.table(found)
    rows = [row for row in rows if NEAR not in row[0] and row[1] != "0"]
    if rows:
        yield page.table((*header[:-1], "meaning"), rows, "What is wrong with the data")
    else:
        yield page.paragraph("The audit finds nothing wrong with these faces.")
    yield page.paragraph(
        "Only exact copies are looked for here. `python audit.py` also finds near "
        "copies and suspected labels, and lists each face."
    )
