"""Accuracy against parameters: this suite's models among public ones.

python -m recipes.frontier
python -m recipes.frontier --out frontier.pdf

Ours are of docs/private_test.csv, six views; the others are as docs/peers.md has them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks import harness
from fer import files
from recipes import results

# How ours are called in the picture, and on which side.
OURS = {
    "compact": ("compact", "left"),
    "compact_350k": ("compact, half the width", "left"),
    "compact_60k": ("compact, a fifth", "above"),
    "cnn": ("CNN", "right"),
    "dnn": ("DNN", "right"),
}
# Of others: parameters, accuracy in percent, and the side of the name.
ALONE = {
    "vicksam": (0.17e6, 68.57, "below"),
    "the coursework": (1.40e6, 63.8, "left"),
    "ResNet18, LetheSec": (11e6, 73.70, "above"),
}
IMAGENET = {
    "TinyFER-Lite": (0.932e6, 67.07, "left"),
    "EfficientNetB2": (9.2e6, 68.78, "right"),
    "LHC-Net": (28e6, 74.42, "above"),
    "ResidualMasking": (142.9e6, 74.14, "above"),
}
# Chosen on the rows that they are reported on, other rows, or not told.
NOT_COMPARABLE = {
    "mini-Xception": (60e3, 66, "below"),
    "deepface": (1.49e6, 57.43, "right"),
    "VGG19, WuJie1010": (20.0e6, 73.11, "below"),
    "VGG, usef-kh": (29.9e6, 73.28, "right"),
}
SIDES = {
    "left": {"xytext": (-8, 0), "ha": "right", "va": "center"},
    "right": {"xytext": (8, 0), "ha": "left", "va": "center"},
    "above": {"xytext": (0, 7), "ha": "center", "va": "bottom"},
    "below": {"xytext": (0, -7), "ha": "center", "va": "top"},
}


def ours() -> dict[str, tuple[float, float, str]]:
    """{name in the picture: parameters, percent on PrivateTest, side of the name}."""
    found, scored = results.cards(), results.private_test()
    return {
        text: (
            found[name][0]["parameters"],
            100 * float(scored[name]["six views"]["all"]),
            side,
        )
        for name, (text, side) in OURS.items()
    }


def draw() -> Figure:
    """Parameters on a log axis; what cannot be compared is grey."""
    figure = Figure(figsize=(8, 5))
    axes = figure.subplots()
    for told, those, marker, color in (
        ("this suite, PrivateTest, six views", ours(), "o", "C0"),
        ("without outside data, as published", ALONE, "s", "C1"),
        ("pretrained on ImageNet, as published", IMAGENET, "^", "C2"),
        ("not comparable (docs/peers.md)", NOT_COMPARABLE, "s", "0.7"),
    ):
        parameters, percents, _ = zip(*those.values(), strict=True)
        axes.plot(parameters, percents, marker, color=color, label=told)
        about: Any = {"textcoords": "offset points", "fontsize": 8, "color": color}
        for name, (x, y, side) in those.items():
            axes.annotate(name, (x, y), **about | SIDES[side])
    axes.set(xscale="log", xlabel="parameters", ylabel="accuracy on FER2013, percent")
    axes.margins(x=0.14, y=0.1)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
    figure.tight_layout()
    return figure


def main() -> None:
    parser = harness.parser(__doc__)
    drawn = Path("figures/fer2013/frontier.png")
    parser.add_argument("--out", type=Path, default=drawn)
    args = parser.parse_args()
    files.write_figure(args.out, draw())
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
