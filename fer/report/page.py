"""Text, tables and pictures in, one self-contained HTML page out."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from fer.types import Images, Ints

HERE = Path(__file__).parent
SCRIPTS = "live.js", "page.js"  # the second begins, when the first is known
SHRINK, QUALITY = 2, 55  # of figures inside the page: half of print's resolution


class Html(str):
    """Text that is markup already; all other text is escaped."""


def tag(name: str, *children: object, **attributes: object) -> Html:
    """An element as Html. An attribute class is written class_; data_x is data-x.

    An attribute that is None is left out; one that is True has no value.
    """
    inner = "".join(map(_escaped, children))
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{html.escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{told}>{inner}</{name}>")


def _escaped(child):
    return child if isinstance(child, Html) else html.escape(str(child))


def page(title: str, sections: dict[str, list[Html]]) -> str:
    """The whole page as HTML; sections: {heading: parts}, in their order.

    Nothing is fetched, and only this page's own script runs, whatever the fields of a
    file say.
    """
    style = (HERE / "page.css").read_text()
    script = _without_comments("".join((HERE / it).read_text() for it in SCRIPTS))
    links = [
        tag("li", tag("a", heading, href=f"#{_anchor(heading)}"))
        for heading in sections
    ]
    body = [
        tag("section", tag("h2", heading), *parts, id=_anchor(heading))
        for heading, parts in sections.items()
    ]
    return Template((HERE / "page.html").read_text()).substitute(
        title=html.escape(title),
        policy=_policy(style, script),
        style=style,
        script=script,
        contents="".join(links),
        body="\n".join(body),
    )


def _policy(style, script):
    """What the page may load and run: nothing but its own style and script."""
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; "
        f"script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )


def _without_comments(script):
    """A script without its lines of comment: a reader has them in the source."""
    lines = script.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith("//"))


def _anchor(heading):
    return "-".join("".join(c if c.isalnum() else " " for c in heading).lower().split())


def _hash(text):
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def paragraph(text: str, **attributes: object) -> Html:
    """A paragraph of plain text."""
    return tag("p", text, **attributes)


def preformatted(text: str, label: str) -> Html:
    """Text whose columns line up; `label` names it for a screen reader."""
    return _scrolling(tag("pre", text), label)


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], caption: str
) -> Html:
    """A table; the page's script sorts it by a column. The first cell heads its row."""
    rows = [tuple(row) for row in rows]
    texts = [_text(cell) for cell in rows[0]] if rows else [None] * len(header)
    heads = zip(header, texts, strict=True)
    head = tag("tr", *(tag("th", it, scope="col", class_=text) for it, text in heads))
    body = [
        tag("tr", tag("th", first, scope="row"), *map(_cell, rest))
        for first, *rest in rows
    ]
    whole = tag(
        "table",
        *(tag("caption", caption), tag("thead", head), tag("tbody", *body)),
        class_="sortable",
    )
    return _scrolling(whole, caption)


def _cell(value):
    return tag("td", value, class_=_text(value))


def _text(value):
    """The class of a cell that holds no number."""
    return None if str(value)[:1] in (*"+-0123456789",) else "text"


def matrix(counts: Ints, classes: Sequence[str], caption: str) -> Html:
    """A confusion matrix (C, C) int: a row a true class, shaded by share of its faces.

    The page's script makes a button of each cell that has faces.
    """
    rates = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    heads = (tag("th", name, scope="col") for name in ("true", *classes))
    rows = []
    for true, name in enumerate(classes):
        cells = [
            tag(
                "td",
                f"{rates[true, named]:.2f}",
                tag("small", f"{count:,}"),
                class_=f"shade{round(10 * rates[true, named])}",
                data_cell=f"{true}-{named}" if count else None,
            )
            for named, count in enumerate(counts[true])
        ]
        rows.append(tag("tr", tag("th", name, scope="row"), *cells))
    return tag(
        "table",
        *(tag("caption", caption), tag("thead", tag("tr", *heads))),
        tag("tbody", *rows),
        class_="matrix",
    )


def _scrolling(inner, label):
    """A region that scrolls sideways by itself, by keys, too."""
    return tag(
        "div", inner, class_="scroll", tabindex="0", role="region", aria_label=label
    )


def details(summary: str, *children: object) -> Html:
    """A disclosure: the children show when the reader opens the summary."""
    return tag("details", tag("summary", summary), *children)


def facts(pairs: Iterable[tuple[str, object]]) -> Html:
    """A list of (name, value) pairs."""
    each = (tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs)
    return tag("dl", *each)


def picture(source: str, caption: str, **attributes: object) -> Html:
    """A picture with its caption; source: a data URI."""
    image = picture_alone(source, caption, **attributes)
    return tag("figure", image, tag("figcaption", caption))


def picture_alone(source: str, told: str, **attributes: object) -> Html:
    """A picture; `told` says in words what it shows."""
    return Html(str(tag("img", alt=told, src=source, **attributes))[: -len("</img>")])


def screened(path: Path) -> str:
    """A saved figure, a PNG, as a data URI in a screen's resolution."""
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB").reduce(SHRINK)
    return webp(np.asarray(small), quality=QUALITY)


def script_data(name: str, value: Any) -> Html:
    """`value` as JSON for the page's script; no text in it can end the element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    inner = Html(text.replace("<", "\\u003c"))
    return tag("script", inner, type="application/json", id=name)


def sheet(images: Images, columns: int = 64) -> Images:
    """Images (N, H, W) uint8 side by side in rows of `columns`: (rows, width) uint8."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    high, wide = images.shape[1:]
    cells = np.zeros((rows * columns, high, wide), np.uint8)
    cells[: len(images)] = images
    grid = cells.reshape(rows, columns, high, wide).transpose(0, 2, 1, 3)
    return grid.reshape(rows * high, columns * wide)


def webp(pixels: Images, **options: Any) -> str:
    """Pixels (H, W) or (H, W, 3) uint8 as a WebP data URI; options: Pillow's."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="webp", method=6, **options)
    return _data_uri(stream)


def _data_uri(stream):
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
