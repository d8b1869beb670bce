"""Accuracy against parameters: this suite's networks among public ones.

python -m recipes.frontier
python -m recipes.frontier --folder models/fer2013 --out figures/fer2013/frontier.png

Reads the cards of the shipped models; prints, for each network, the mean and deviation
over its seeds and the minutes that the first one took, and writes the picture.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from matplotlib.figure import Figure

import recipes
from benchmarks import harness
from fer import files

# How they are called in the picture, and on which side.
OURS = {
    "compact_5m": ("compact, twice the width", "left"),
    "champion": ("champion", "right"),
    "compact": ("compact", "left"),
    "compact_350k": ("compact, half the width", "below"),
    "compact_60k": ("compact, a fifth", "below"),
    "cnn": ("CNN", "right"),
    "dnn": ("DNN", "right"),
}
# Parameters, accuracy in percent, whether other rows than the scored ones chose the
# model (as the coursework, or the code, says), and the side of the name. All but the
# coursework's are headlines, as published.
PUBLIC = {
    "mini-Xception": (60e3, 66, False, "above"),
    "deepface": (1.49e6, 57.4, False, "right"),
    "the coursework": (1.40e6, 63.8, True, "left"),
    "mukti256": (2.35e6, 63.2, False, "right"),
    "VGG19, WuJie1010": (20.0e6, 73.1, False, "left"),
    "VGG, usef-kh": (29.9e6, 73.3, True, "below"),
    "ResidualMasking": (142.9e6, 74.1, True, "below"),
}
SIDES = {
    "left": {"xytext": (-8, 0), "ha": "right", "va": "center"},
    "right": {"xytext": (8, 0), "ha": "left", "va": "center"},
    "above": {"xytext": (0, 7), "ha": "center", "va": "bottom"},
    "below": {"xytext": (0, -7), "ha": "center", "va": "top"},
}
ONE_PASS, MIRRORED = "one pass", "mirrored"


def cards(folder: Path, name: str, seeds: int) -> list[dict]:
    """The cards of a model, of those seeds that were trained."""
    paths = [folder / recipes.place(name, seed).name for seed in range(seeds)]
    beside = [path.with_suffix(".json") for path in paths]
    return [json.loads(path.read_text()) for path in beside if path.exists()]


def percents(found: list[dict], kind: str) -> list[float]:
    return [100 * card["scores"][kind]["accuracy"] for card in found]


def draw(ours: dict[str, list[dict]]) -> Figure:
    """Parameters on a log axis; hollow: chosen on the scored rows, or nobody knows."""
    figure = Figure(figsize=(8, 5))
    axes = figure.subplots()
    for name, found in ours.items():
        one, both = (statistics.mean(percents(found, k)) for k in (ONE_PASS, MIRRORED))
        parameters = found[0]["parameters"]
        axes.plot([parameters] * 2, [one, both], "-", color="C0", linewidth=1)
        axes.plot([parameters] * 2, [one, both], "o", color="C0", mfc="none")
        text, side = OURS[name]
        _label(axes, text, (parameters, min(one, both)), side, "C0")
    for name, (parameters, percent, fair, side) in PUBLIC.items():
        fill = "0.35" if fair else "none"
        axes.plot(parameters, percent, "s", color="0.35", mfc=fill)
        _label(axes, name, (parameters, percent), side, "0.35")
    axes.set(xscale="log", xlabel="parameters", ylabel="accuracy, percent")
    axes.set_title(
        "FER2013. Circles: this suite, PublicTest, mean of the seeds, one pass and "
        "mirrored averaged in.\nSquares: as published. Hollow: chosen on the rows that "
        "it is reported on, or not known.",
        fontsize=9,
    )
    axes.margins(x=0.14, y=0.1)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    return figure


def _label(axes, text, point, side, color):
    axes.annotate(
        text, point, textcoords="offset points", fontsize=8, color=color, **SIDES[side]
    )


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--folder", type=Path, default=recipes.FOLDER)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--out", type=Path, default=Path("figures/fer2013/frontier.png")
    )
    args = parser.parse_args()
    found = {name: cards(args.folder, name, args.seeds) for name in OURS}
    print("PublicTest, percent: mean ± deviation over seeds; minutes of the first\n")
    header = ("network", "parameters", "MFLOPs", "seeds", "one pass", "mirrored", "min")
    print("{:14}{:>11}{:>8}{:>7}{:>15}{:>15}{:>6}".format(*header))
    for name, of in found.items():
        if of:
            minutes = of[0]["seconds"] / 60
            one, both = (
                harness.spread(percents(of, kind), 2) for kind in (ONE_PASS, MIRRORED)
            )
            size, work = of[0]["parameters"], of[0]["flops"] / 1e6
            print(
                f"{name:14}{size:11,}{work:8.0f}{len(of):7}{one:>15}{both:>15}"
                f"{minutes:6.0f}"
            )
    ours = {name: of for name, of in found.items() if name in OURS and of}
    files.write_figure(args.out, draw(ours))
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
