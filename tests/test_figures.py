"""Figures say what their numbers are."""

import itertools

import numpy as np
import pytest
from scipy.stats import spearmanr

from fer import flags
from fer.report import figures


def test_a_confusion_matrix_has_a_row_for_each_true_class():
    counts = np.array([[3, 1], [0, 5]])
    axes, *_ = figures.confusion(counts, ("sad", "fear"), "cnn, 9 rows").axes
    assert np.array_equal(axes.images[0].get_array(), [[0.75, 0.25], [0, 1]])
    assert [text.get_text() for text in axes.texts] == [
        *("0.75\n3", "0.25\n1", "0.00\n0", "1.00\n5"),
    ]
    colors = [text.get_color() for text in axes.texts]
    assert colors == ["white", "black", "black", "white"]  # on dark, on light
    assert [label.get_text() for label in axes.get_yticklabels()] == ["sad", "fear"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert axes.get_title() == "cnn, 9 rows"


@pytest.mark.parametrize("count", [2, 7, 20])
def test_no_cell_or_name_of_a_confusion_matrix_covers_another(count):
    counts = np.full((count, count), 8888)
    drawn = figures.confusion(counts, [f"some class {n}" for n in range(count)], "t")
    drawn.draw_without_rendering()
    axes = drawn.axes[0]
    for texts in (axes.texts[:count], axes.get_xticklabels()):
        boxes = [text.get_window_extent() for text in texts]
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


def test_a_saliency_figure_shows_the_face_each_map_and_its_mask(rng):
    image = rng.integers(0, 256, (48, 48), np.uint8)
    heats = {name: rng.random((48, 48)) for name in ("gradient", "gradcam")}
    drawn = figures.saliency(image, heats, "image 9: true fear", 0.6)
    assert drawn.get_suptitle() == "image 9: true fear"
    panels = [axes for axes in drawn.axes if axes.get_title()]
    for (name, heat), row in zip(heats.items(), (panels[:3], panels[3:]), strict=True):
        face, shown, masked = (axes.images[0].get_array() for axes in row)
        assert np.array_equal(face, image)
        assert np.array_equal(shown, heat)
        kept = heat > 0.6
        assert np.array_equal(masked[kept], image[kept][:, None].repeat(3, 1))
        assert (masked[~kept] == figures.MASKED).all() and kept.any()
        titles = [axes.get_title() for axes in row]
        assert titles[1:] == [f"Saliency map ({name})", "Mask (threshold = 0.6)"]
        warned = flags.WARNING in row[1].get_xlabel()
        assert warned == (name in flags.WEAK) == (name == "gradient")


def tiles_of(drawn, side):
    """The tiles of a figure, row by row: masked arrays (side, side)."""
    [whole] = drawn.axes[0].images
    shown = whole.get_array()
    step = side + figures._gap(side)
    rows, columns = (size // step for size in shown.shape)
    return [
        shown[y * step :, x * step :][:side, :side]
        for y in range(rows)
        for x in range(columns)
    ]


def test_the_pictures_of_a_layer_are_named_as_the_reports_are():
    found, maps = np.eye(3)[None].repeat(2, 0), 1 - np.eye(3)[None].repeat(2, 0)
    told = "conv1", found, None, 90, maps, "validation row 9"
    ascents, responses = figures.filter_pictures(*told)
    for (_, drawn, _), pictures in ((ascents, found), (responses, maps)):
        assert np.array_equal(tiles_of(drawn, 3)[0], pictures[0])
    names = [(name, drawn.get_suptitle()) for name, drawn, _ in (ascents, responses)]
    assert names == [
        (
            "conv1_filters.png",
            "Filters of layer conv1 after 90 steps of gradient ascent",
        ),
        ("conv1_responses.png", "Responses of layer conv1 to validation row 9"),
    ]


def test_a_filter_that_never_answers_is_crossed_out(rng):
    drawn = figures.tiles(rng.random((3, 5, 5)), "tiles", [False, True, False])
    empty = [tile.mask.all() for tile in tiles_of(drawn, 5)]
    assert empty == [False, True, False]
    [cross] = drawn.axes[0].lines
    assert cross.get_xdata().min() == 6 and cross.get_xdata().max() == 11


def test_a_photo_is_shown_with_its_faces_and_of_each_the_bars(rng):
    photo = rng.integers(0, 256, (90, 80, 3), np.uint8)
    squares = np.array([[5, 6, 30, 30], [40, 50, 20, 20]])
    faces = rng.integers(0, 256, (2, 48, 48), np.uint8)
    heats, told = rng.random((2, 48, 48)), np.array([[0.2, 0.8], [0.9, 0.1]])
    drawn = figures.faces(photo, squares, faces, heats, told, ("sad", "fear"))
    shown, one, bars, other, _ = drawn.axes
    assert np.array_equal(shown.images[0].get_array(), photo)
    boxes = [(*it.get_xy(), it.get_width(), it.get_height()) for it in shown.patches]
    assert boxes == [tuple(square) for square in squares]
    names = [text.get_text() for text in shown.texts]
    assert names == ["1 fear 0.80", "2 sad 0.90"]
    for axes, face, heat in zip((one, other), faces, heats, strict=True):
        assert np.array_equal(axes.images[0].get_array(), face)
        assert np.array_equal(axes.images[1].get_array(), heat)
    assert [bar.get_width() for bar in bars.patches] == [0.2, 0.8]


def test_rows_of_tiles_are_numbered_by_their_first_filter(rng):
    pictures = rng.random((40, 5, 5))
    drawn = figures.tiles(pictures, "tiles")
    labels = drawn.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == ["0", "16", "32"]
    assert [label.get_position()[1] for label in labels] == [2.5, 8.5, 14.5]
    for tile, picture in zip(tiles_of(drawn, 5), pictures, strict=False):
        assert spearmanr(tile, picture, axis=None).statistic > 0.95


def test_a_single_bright_pixel_does_not_darken_its_tile(rng):
    picture = rng.random((48, 48))
    picture[0, 0] = 1000
    [tile] = tiles_of(figures.tiles(picture[None], "tiles"), 48)
    assert np.allclose(tile.ravel()[1:], picture.ravel()[1:], atol=0.06)
