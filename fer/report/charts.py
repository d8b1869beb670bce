"""Charts for the page, as SVG: sharp at every size, in the reader's own colours."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from fer.report.page import Html, tag

# In units of the picture, about as many as a telephone has pixels across.
WIDTH, HEIGHT = 360, 214
LEFT, RIGHT, TOP, BOTTOM = 42, 344, 8, 180


def curves(caption: str, measure: str, series: dict[str, list[float]]) -> Html:
    """A line each of `series`, {name: [a value an epoch]}, from epoch 1 on.

    The page's script tells the values under the pointer.
    """
    epochs = max(map(len, series.values()))
    values = np.concatenate(list(series.values()))
    across = _scale(1, max(epochs, 2), LEFT, RIGHT)
    low, high = values.min(), values.max()
    down = _scale(low, high if high > low else low + 1, BOTTOM, TOP)
    inner = (
        *_axes(across, down, "epoch", measure, whole=True),
        *_lines(series, across, down),
        tag("line", class_="marker", x1=LEFT, x2=LEFT, y1=TOP, y2=BOTTOM),
    )
    told = {name: [round(value, 4) for value in line] for name, line in series.items()}
    about = {"left": LEFT, "right": RIGHT, "width": WIDTH, "series": told}
    legend = (
        tag("li", name, class_=f"line{number}") for number, name in enumerate(series)
    )
    return tag(
        "figure",
        tag("figcaption", caption),
        _svg(caption, inner),
        tag("ul", *legend, class_="legend"),
        class_="chart",
        data_chart=json.dumps(about, separators=(",", ":")),
    )


def _lines(series, across, down):
    for number, line in enumerate(series.values()):
        points = _points(enumerate(line, 1), across, down)
        yield tag("polyline", points=points, class_=f"line line{number}")


def reliability(caption: str, bins: list[dict[str, Any]]) -> Html:
    """Accuracy by confidence: a bar a bin, beside the diagonal.

    bins: as scores.calibration gives them. A bar is as wide as its share of the faces.
    """
    across, down = _scale(0, 1, LEFT, RIGHT), _scale(0, 1, BOTTOM, TOP)
    most = max(each["rows"] for each in bins)
    drawn = [_bar(each, 2 + 16 * each["rows"] / most, across, down) for each in bins]
    diagonal = tag("line", class_="diagonal", x1=LEFT, y1=BOTTOM, x2=RIGHT, y2=TOP)
    inner = (*_axes(across, down, "confidence", "share right"), *drawn, diagonal)
    return tag(
        "figure", _svg(caption, inner), tag("figcaption", caption), class_="chart"
    )


def _bar(each, wide, across, down):
    """A bin's bar, `wide` units across, with its numbers as a title."""
    told = (
        f"{each['rows']:,} faces: confidence {each['confidence']:.2f}, "
        f"right {each['accuracy']:.2f}"
    )
    return tag(
        "rect",
        tag("title", told),
        x=_short(across(each["confidence"]) - wide / 2),
        y=_short(down(each["accuracy"])),
        width=_short(wide),
        height=_short(BOTTOM - down(each["accuracy"])),
        class_="bar",
    )


def _scale(low, high, start, end):
    """A function from values low..high to places start..end, with its bounds."""

    def place(value):
        return start + (end - start) * (value - low) / (high - low)

    place.low, place.high = low, high
    return place


def _axes(across, down, below, beside, whole=False):
    """Grid lines with their numbers, and what the two axes are called."""
    for value in _ticks(across, whole):
        place = _short(across(value))
        yield tag("line", class_="grid", x1=place, x2=place, y1=TOP, y2=BOTTOM)
        yield tag("text", f"{value:g}", x=place, y=BOTTOM + 14, text_anchor="middle")
    for value in _ticks(down, False):
        place = _short(down(value))
        yield tag("line", class_="grid", x1=LEFT, x2=RIGHT, y1=place, y2=place)
        yield tag("text", f"{value:g}", x=LEFT - 5, y=place, dy="4", text_anchor="end")
    middle = (LEFT + RIGHT) / 2
    yield tag("text", below, x=middle, y=HEIGHT - 6, text_anchor="middle")
    turned = f"translate(10 {(TOP + BOTTOM) / 2}) rotate(-90)"
    yield tag("text", beside, transform=turned, text_anchor="middle")


def _ticks(scale, whole):
    locator = MaxNLocator(6, integer=whole, steps=(1, 2, 5, 10), min_n_ticks=1)
    values = locator.tick_values(scale.low, scale.high)
    return [value for value in values.round(9) if scale.low <= value <= scale.high]


def _points(pairs, across, down):
    return " ".join(f"{_short(across(x))},{_short(down(y))}" for x, y in pairs)


def _short(number):
    return f"{number:.1f}"


def _svg(label, inner):
    return tag(
        "svg", *inner, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=label
    )
