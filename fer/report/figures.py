"""Arrays in, matplotlib figures out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fer import flags
from fer.types import Bools, Floats, Images, Ints, Probabilities

HEAT = "inferno"  # perceptually uniform: twice as salient looks twice as bright
MASKED = (24, 44, 92)  # red, green, blue of pixels that a mask takes away; no grey
COLUMNS = 16  # of tiles
THREE = 3  # by three patches in a mosaic
# Of a tile's pixels, so many percent at either end are black and white.
CLIPPED = 1
UNITS = 64  # of a dense layer, to draw
CELL, BAR = 0.55, 0.22  # inches for a number in a confusion matrix, for a bar's name


def colors(levels: int) -> list[list[int]]:
    """The colours of a map's `levels`, from nothing to all: [[red, green, blue], ...].

    Each is 0..255.
    """
    return [list(color[:3]) for color in _bytes(np.linspace(0, 1, levels))]


def _bytes(values):
    return colormaps[HEAT](values, bytes=True).tolist()


def confusion(counts: Ints, classes: Sequence[str], title: str) -> Figure:
    """A confusion matrix (C, C) int: colour and share by row, with counts beneath."""
    from sklearn.metrics import ConfusionMatrixDisplay

    rates = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = max(6.4, 1 + CELL * len(classes))
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    display = ConfusionMatrixDisplay(rates, display_labels=classes)
    long = len(classes) > 8 or max(map(len, classes)) > 8
    turned = "vertical" if long else "horizontal"
    display.plot(
        ax=axes,
        cmap="Blues",
        values_format=".2f",
        im_kw={"vmin": 0, "vmax": 1},
        xticks_rotation=turned,
    )
    cells = display.text_.ravel(), rates.ravel(), counts.ravel()
    for text, rate, count in zip(*cells, strict=True):
        text.set_text(f"{text.get_text()}\n{count}")
        # scikit-learn chooses by the rates' own range, not by the colours' 0 to 1.
        text.set_color("white" if rate > 0.5 else "black")
    axes.set(title=title, xlabel="predicted", ylabel="true")
    return figure


def saliency(
    image: Images, heats: dict[str, Floats], title: str, threshold: float
) -> Figure:
    """A face, and for each map its heat with a colour bar and the face that it masks.

    image: (48, 48) uint8. heats: {name: (48, 48) float in 0..1}. Pixels of at most the
    threshold are drawn in a colour, not in a grey.
    """
    figure = Figure(figsize=(10.5, 3.4 * len(heats)), layout="constrained")
    figure.suptitle(title)
    rows = figure.subplots(len(heats), 3, squeeze=False)
    for row, (name, heat) in zip(rows, heats.items(), strict=True):
        left, middle, right = row
        left.imshow(image, cmap="gray", vmin=0, vmax=255)
        left.set_title("Original")
        drawn = middle.imshow(heat, cmap=HEAT, vmin=0, vmax=1)
        middle.set_title(f"Saliency map ({name})")
        if name in flags.WEAK:
            middle.set_xlabel(f"such maps {flags.WARNING}", fontsize=6)
        figure.colorbar(drawn, ax=middle, shrink=0.9)
        kept = (heat > threshold)[..., None]
        right.imshow(np.where(kept, image[..., None], np.array(MASKED, np.uint8)))
        right.set_title(f"Mask (threshold = {threshold:g})")
        for axes in row:
            axes.set(xticks=[], yticks=[])
    return figure


def faces(
    photo: Images,
    squares: Ints,
    cut: Images,
    heats: Floats,
    told: Probabilities,
    classes: Sequence[str],
) -> Figure:
    """A photo with its faces marked, and a row a face: its saliency, its classes.

    photo: (H, W, 3) uint8. squares: (N, 4) int, left, top, width, height. cut: (N, 48,
    48) uint8. heats: (N, 48, 48) in 0..1. told: (N, C) probabilities.
    """
    height = max(4.2, max(1.7, 0.3 + BAR * len(classes)) * len(cut))
    figure = Figure(figsize=(10.5, height), layout="constrained")
    [[left, right]] = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.2, 1))
    axes = left.subplots()
    axes.imshow(photo)
    grid = right.subplots(len(cut), 2, squeeze=False, width_ratios=(1, 1.4))
    rows = zip(grid, squares, cut, heats, told, strict=True)
    for number, ((face, bars), square, image, heat, shares) in enumerate(rows, 1):
        name = f"{number} {classes[shares.argmax()]} {shares.max():.2f}"
        _mark(axes, square, name)
        face.imshow(image, cmap="gray", vmin=0, vmax=255)
        face.imshow(heat, cmap=HEAT, vmin=0, vmax=1, alpha=0.6 * heat)
        face.set_title(name, fontsize="medium")
        bars.barh(classes, shares)
        bars.set(xlim=(0, 1))
        bars.invert_yaxis()
        face.set_axis_off()
    axes.set_axis_off()
    return figure


def _mark(axes, square, name):
    """Draw the square (left, top, width, height) of a face, and its name above."""
    x, y, width, height = square
    axes.add_patch(Rectangle((x, y), width, height, fill=False, color="lime"))
    label = {"facecolor": "black", "alpha": 0.7, "pad": 1, "edgecolor": "none"}
    axes.text(x, y, name, color="white", va="bottom", bbox=label)


def mosaics(patches: Images) -> Floats:
    """Patches (N, 9, side, side) as pictures of three by three: (N, 3 side, 3 side)."""
    count, many, side, _ = patches.shape
    whole = np.zeros((count, THREE**2, side, side), np.float32)
    whole[:, :many] = patches
    square = whole.reshape(count, THREE, THREE, side, side)
    return square.swapaxes(2, 3).reshape(count, THREE * side, THREE * side)


def tiles(pictures: Floats, title: str, dead: Bools | None = None) -> Figure:
    """A grid of pictures (N, H, W), each with its own contrast.

    dead: (N,) bool, which are crossed instead. A row is numbered by its first picture.
    """
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    _, high, wide = pictures.shape
    tall, broad = high + _gap(high), wide + _gap(wide)
    # One picture of all: an axes for each takes matplotlib ten times as long to draw.
    whole = np.full((rows * tall, columns * broad), np.nan)
    figure = Figure(figsize=(max(columns * 0.75 + 0.5, 5), rows * 0.75 + 0.4))
    left, top = 0.5 / figure.get_figwidth(), 1 - 0.45 / figure.get_figheight()
    axes = figure.add_axes((left, 0.01, 0.99 - left, top - 0.01))
    for number, picture in enumerate(pictures):
        y, x = number // columns * tall, number % columns * broad
        if dead is not None and dead[number]:
            across = x + wide * np.array([0, 1, 0.5, 0, 1])
            down = y + high * np.array([0, 1, 0.5, 1, 0])
            axes.plot(across, down, color="crimson", lw=1)
        else:
            whole[y : y + high, x : x + wide] = _stretched(picture)
    edges = (0, whole.shape[1], whole.shape[0], 0)
    shown: dict[str, Any] = {"vmin": 0, "vmax": 1, "interpolation": "nearest"}
    axes.imshow(whole, cmap="gray", extent=edges, **shown)
    starts = [str(number) for number in range(0, len(pictures), columns)]
    axes.set_yticks(np.arange(rows) * tall + high / 2, starts, fontsize="small")
    axes.set(xticks=[], anchor="NW", frame_on=False)
    axes.tick_params(length=0)
    figure.suptitle(title)
    return figure


def named(pictures: dict[str, Floats], columns: int, cmap: str = HEAT) -> Figure:
    """Pictures by title, {title: (H, W)}, all on one scale, in rows of so many."""
    rows = -(-len(pictures) // columns)
    figure = Figure(figsize=(1.2 * columns, 1.45 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    top = max(picture.max() for picture in pictures.values())
    for axes, (title, picture) in zip(grid.ravel(), pictures.items(), strict=False):
        axes.imshow(picture, cmap=cmap, vmin=0, vmax=top)
        axes.set_title(title, fontsize=8)
    return figure


def outlined(image: Floats, parts: dict[str, Bools]) -> Figure:
    """A picture (H, W) with the outline and name of each part, {name: (H, W) bool}."""
    figure = Figure(figsize=(4.4, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.imshow(image, cmap="gray")
    axes.set_axis_off()
    for number, (name, part) in enumerate(parts.items()):
        color = f"C{number}"
        axes.contour(part, levels=[0.5], colors=[color], linewidths=1.5)
        axes.plot([], [], color=color, label=name)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def _stretched(picture):
    """The picture's greys from 0 to 1, but for CLIPPED percent at either end."""
    least, most = np.percentile(picture, (CLIPPED, 100 - CLIPPED))
    return (picture - least) / max(most - least, np.finfo(float).tiny)


def _gap(side):
    return max(side // 16, 1)


def groups(pictures: dict[str, Images]) -> Figure:
    """A row of faces a group: {title: (K, 48, 48) uint8}; at most 10 of each."""
    figure = Figure(figsize=(8, 0.4 + 1.05 * len(pictures)))
    grid = figure.subplots(max(len(pictures), 1), 10, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    for row, (title, faces) in zip(grid, pictures.items(), strict=False):
        row[0].set_title(title, loc="left", fontsize=8)
        for axes, face in zip(row, faces, strict=False):
            axes.imshow(face, cmap="gray", vmin=0, vmax=255)
    return figure


def weights(images: Floats) -> Figure:
    """A first dense layer's weights (units, 48, 48): a tile for each of the largest."""
    size = np.abs(images).mean(axis=(1, 2))
    most = size.argsort(kind="stable")[::-1][:UNITS]
    return tiles(
        images[most], f"Weights of the first layer's {len(most)} largest units"
    )


def filter_pictures(
    layer: str, found: Floats, dead: Bools, steps: int, maps: Floats, image: str
) -> Iterator[tuple[str, Figure, str]]:
    """A layer's ascents and responses, each as (file name, figure, title).

    found: (filters, 48, 48). dead: (filters,) bool. maps: (filters, height, width).
    image: the name of the face, for the title.
    """
    filters, responses = filter_names(layer)
    ascents = f"Filters of layer {layer} after {steps} steps of gradient ascent"
    yield filters, tiles(found, ascents, dead), ascents
    outputs = f"Responses of layer {layer} to {image}"
    yield responses, tiles(maps, outputs), outputs


def filter_names(layer: str) -> tuple[str, str]:
    """The names of the files of a layer's ascents and responses."""
    return f"{layer}_filters.png", f"{layer}_responses.png"
