"""Which scaling of a map makes a mask that keeps 5 to 15% of a face, and matters?

python -m benchmarks.mask --data data/fer2013.csv
python -m benchmarks.mask --data CSV --faces 500 --methods gradient hirescam

Faces are drawn from the validation rows, and the class is the one that the model names.
A row a method, sign and scaling: the mean share of the pixels above the threshold; of
how many faces that is 5 to 15%; the class's mean probability when the kept pixels are
set to the face's mean; and how far it is below that without as many pixels in places at
random, nearest to the middle, and highest in the mean map of the other faces, with the
95% interval of the pairs: more than 0 is better.
"""

import numpy as np

from benchmarks.faithfulness import difference, drawn_faces, parser
from fer import explain, flags
from fer.explain import faithfulness

WANTED = 0.05, 0.15
STANDARD = 0.5, 0.1  # mean and deviation of a standardised map, as the coursework had


def clipped(heat, percentile=99):
    """Each map by a percentile, above which all is 1."""
    top = np.percentile(heat, percentile, axis=(1, 2), keepdims=True)
    return np.minimum(heat / np.maximum(top, np.finfo(np.float32).tiny), 1)


def standardised(heat):
    """Each map moved to one mean and deviation, then by its largest pixel."""
    middle, spread = (f(heat, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
    moved = STANDARD[0] + STANDARD[1] * (heat - middle) / np.maximum(spread, 1e-12)
    return explain.unit(np.maximum(moved, 0))


SIGNS = {"size": np.abs, "for": lambda maps: np.maximum(maps, 0)}
SCALINGS = {
    "by the largest": explain.unit,
    "99th percentile": clipped,
    "standardised": standardised,
    "blurred, largest": lambda heat: explain.unit(explain.places(heat)),
    "blurred, 99th": lambda heat: clipped(explain.places(heat)),
    "a tenth": lambda heat: explain.heat("hirescam", heat),
}


def others(images, heat):
    """{name: maps (N, 48, 48)}: what as many pixels are taken from, instead."""
    side = images.shape[1]
    off = np.hypot(*(np.mgrid[:side, :side] - (side - 1) / 2))
    return {
        "random": explain.places(faithfulness.at_random(images)),
        "middle": np.broadcast_to(-off, images.shape),
        "mean map": heat.sum(axis=0) - heat,
    }


def show(network, images, classes, heat, name):
    """Print the row of one scaling."""
    kept = heat > flags.THRESHOLD
    count = kept.sum(axis=(1, 2), keepdims=True)
    grey = faithfulness.filled(images, "mean")

    def left(gone):
        return faithfulness.probabilities(
            network, np.where(gone, grey, images), classes
        )

    masked, share = left(kept), count / images[0].size
    within = ((share >= WANTED[0]) & (share <= WANTED[1])).mean()
    over = [
        f"{other} {difference(left(faithfulness.ranks(maps) < count) - masked)}"
        for other, maps in others(images, heat).items()
    ]
    cells = f"{share.mean():6.1%}{within:6.0%}{masked.mean():7.3f}"
    print(f"{name:36}{cells}  {'  '.join(over)}", flush=True)


def main():
    asked = parser(__doc__)
    asked.add_argument("--methods", nargs="+", default=flags.METHODS)
    args = asked.parse_args()
    model, images, classes = drawn_faces(args)
    whole = faithfulness.probabilities(model.network, images, classes).mean()
    print(f"{args.model}, {len(images)} faces; probability {whole:.3f}")
    print(f"{'method, sign, scaling':37}kept  5-15   left  less than without as many")
    for method in args.methods:
        maps = explain.METHODS[method](model.network, images, classes)
        for sign, weigh in SIGNS.items():
            for scaling, scale in SCALINGS.items():
                name = f"{method}, {sign}, {scaling}"
                show(model.network, images, classes, scale(weigh(maps)), name)


if __name__ == "__main__":
    main()
