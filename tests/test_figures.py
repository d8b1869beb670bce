"""Figures say what their numbers are."""

import numpy as np
import pytest

from fer import figures


@pytest.mark.parametrize("epochs", [1, 2, 20, 60])
@pytest.mark.parametrize("draw", [figures.curves, figures.comparison])
def test_epochs_are_numbered_in_whole_numbers(draw, epochs):
    row = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), 0.5)
    history = [{"epoch": epoch, **row} for epoch in range(1, epochs + 1)]
    ticks = draw({"CNN": history}).axes[-1].get_xticks()
    assert len(ticks) and np.array_equal(ticks, np.rint(ticks))
