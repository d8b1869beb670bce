"""Pictures of histories: accuracy and loss by epoch."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def curves(histories: dict[str, list[dict]]) -> Figure:
    """Accuracy and loss, training and validation: a column a history.

    histories: {title: [a dict an epoch]}. Columns share their axes, so they can be
    compared. A column's title tells what the last epoch reached, which is kept.
    """
    wide = max(5.2 * len(histories), 6.4)
    figure = Figure(figsize=(wide, 6.8), layout="constrained")
    grid = figure.subplots(2, len(histories), sharex=True, sharey="row", squeeze=False)
    for column, (title, history) in zip(grid.T, histories.items(), strict=True):
        reached = history[-1]["val_accuracy"]
        column[0].set_title(
            f"{title}: validation accuracy {reached:.4f}", fontsize="medium"
        )
        for axes, measure in zip(column, ("accuracy", "loss"), strict=True):
            for name, key in (("training", measure), ("validation", f"val_{measure}")):
                axes.plot(_column(history, "epoch"), _column(history, key), label=name)
            axes.set_ylabel(measure)
            axes.grid(alpha=0.3)
        _number_epochs(column[1])
    _legend_below(figure, grid[0, 0])
    return figure


def comparison(histories: dict[str, list[dict]]) -> Figure:
    """Accuracy of several networks on one axis: validation solid, training dashed."""
    figure = Figure(figsize=(7, 4.6), layout="constrained")
    axes = figure.subplots()
    for number, (title, history) in enumerate(histories.items()):
        for key, line, rows in (
            ("val_accuracy", "-", "validation"),
            ("accuracy", "--", "training"),
        ):
            points = _column(history, "epoch"), _column(history, key)
            axes.plot(*points, line, color=f"C{number}", label=f"{title}, {rows}")
    reached = {name: each[-1]["val_accuracy"] for name, each in histories.items()}
    told = (f"{name} {accuracy:.4f}" for name, accuracy in reached.items())
    axes.set_title(f"Validation accuracy: {', '.join(told)}", fontsize="medium")
    axes.set_ylabel("accuracy")
    _number_epochs(axes)
    axes.grid(alpha=0.3)
    _legend_below(figure, axes)
    return figure


def _legend_below(figure, axes):
    """A legend of what `axes` shows, outside of all axes, where it covers no curve."""
    lines, names = axes.get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=2)


def _number_epochs(axes):
    axes.set_xlabel("epoch")
    whole = MaxNLocator(integer=True, steps=(1, 2, 5, 10), min_n_ticks=1)
    axes.xaxis.set_major_locator(whole)


def _column(history, key):
    return [row[key] for row in history]
