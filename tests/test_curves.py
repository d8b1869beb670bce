"""Learning curves show what a history says."""

import numpy as np
import pytest

from fer.training import curves


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def test_curves_and_comparison_draw_what_they_name():
    names = ("accuracy", "val_accuracy", "loss", "val_loss")
    history = [
        {"epoch": epoch, **{name: i + epoch / 10 for i, name in enumerate(names)}}
        for epoch in (1, 2)
    ]
    above, below = curves.curves({"CNN": history}).axes
    [both] = curves.comparison({"CNN": history}).axes
    for axes, label, first in (
        *((above, "training", 0), (above, "validation", 1)),
        *((below, "training", 2), (below, "validation", 3)),
        *((both, "CNN, training", 0), (both, "CNN, validation", 1)),
    ):
        assert np.allclose(lines(axes)[label].get_ydata(), [first + 0.1, first + 0.2])
        assert lines(axes)[label].get_xdata().tolist() == [1, 2]
    styles = {label: line.get_linestyle() for label, line in lines(both).items()}
    assert styles == {"CNN, training": "--", "CNN, validation": "-"}


@pytest.mark.parametrize("epochs", [1, 2, 20, 60])
@pytest.mark.parametrize("draw", [curves.curves, curves.comparison])
def test_epochs_are_numbered_in_whole_numbers(draw, epochs):
    row = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), 0.5)
    history = [{"epoch": epoch, **row} for epoch in range(1, epochs + 1)]
    ticks = draw({"CNN": history}).axes[-1].get_xticks()
    assert len(ticks) and np.array_equal(ticks, np.rint(ticks))


@pytest.mark.parametrize("draw", [curves.curves, curves.comparison])
def test_a_legend_covers_no_curve(draw):
    rows = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), 0.5)
    figure = draw({"CNN": [{"epoch": epoch, **rows} for epoch in range(1, 9)]})
    figure.draw_without_rendering()
    [legend] = figure.legends
    around = legend.get_window_extent()
    assert not any(around.overlaps(axes.get_window_extent()) for axes in figure.axes)


def test_a_column_of_curves_tells_what_its_last_epoch_reached():
    row = dict.fromkeys(("loss", "accuracy", "val_loss"), 0.5)
    history = [
        {"epoch": epoch, "val_accuracy": value, **row}
        for epoch, value in ((1, 0.25), (2, 0.75), (3, 0.5))
    ]
    title = curves.curves({"mine": history}).axes[0].get_title()
    assert title == "mine: validation accuracy 0.5000"
