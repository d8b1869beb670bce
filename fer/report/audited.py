"""What is in the data of a report, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from fer.data import audit
from fer.report import page
from fer.report.material import Material


def section(report: Material) -> Iterator[page.Html]:
    """The classes of each split, and what an audit finds; Html."""
    faces, _ = audit.joined(report.everything)
    header, *rows = audit.balance(faces)
    yield page.table(header, rows, "Faces of each class, and their share of the split")
    print(f"looking for copies among {len(faces):,} faces", flush=True)
    header, *rows = audit.table(audit.findings(faces))
    rows = [row for row in rows if row[1] != "0"]
    if rows:
        yield page.table((*header[:-1], "meaning"), rows, "What is wrong with the data")
    else:
        yield page.paragraph("The audit finds nothing wrong with these faces.")
    yield page.tag(
        "p",
        "Exact and near copies were looked for anew, for this page. ",
        page.tag("code", "python audit.py"),
        " lists each face, and with --model the labels that are likely wrong.",
    )
