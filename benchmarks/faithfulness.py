"""Do saliency maps point at what the network looks at? Deletion and insertion curves.

python -m benchmarks.faithfulness --csv data/fer2013.csv
python -m benchmarks.faithfulness --csv CSV --model M --out figures/faithful.png

Faces are drawn from the validation rows, and the class is the one that the model names.
Prints for each kind of map the mean area under either curve of explain.faithfulness,
and its difference from maps at random, with the 95% interval of paired means, and so
what SmoothGrad adds to the gradient; draws the mean curves. Maps that must not win: the
face's edges, which know no network, and the gradient of a network that was not trained
(Adebayo, 2018, arXiv:1810.03292).
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks import harness
from fer import cli, data, explain, files, models, scores

RANDOM = "at random"
STEPS = 20


def edges(images):
    """How steep the grey values are at each pixel."""
    down, aside = np.gradient(images.astype(np.float32), axis=(1, 2))
    return np.hypot(down, aside)


def untrained(network):
    """A network of the same structure with the weights that a training starts from."""
    import keras

    keras.utils.set_random_seed(0)
    return keras.Model.from_config(network.get_config())


def kinds(network, images, classes):
    """Maps (N, 48, 48) by the name of their kind."""
    maps = {RANDOM: explain.at_random(images), "edges": edges(images)}
    asked = images, classes
    maps["gradient, not trained"] = explain.saliency(untrained(network), *asked)
    maps["gradient"] = explain.saliency(network, *asked)
    maps["SmoothGrad"] = np.abs(explain.smoothgrad.maps(network, *asked))
    return maps


def show(areas):
    """Print a row a kind of map: deletion and insertion, and how far from random."""
    print(f"{'map':24}{'deletion':>9}{'':26}{'insertion':>9}")
    for name, (deleted, inserted) in areas.items():
        cells = [
            f"{area.mean():9.3f} {'' if name == RANDOM else difference(area - base):24}"
            for area, base in zip((deleted, inserted), areas[RANDOM], strict=True)
        ]
        print(f"{name:24}{' '.join(cells)}".rstrip())
    smooth, plain = areas["SmoothGrad"], areas["gradient"]
    cells = map(difference, smooth - plain)
    print(f"\nSmoothGrad, less the gradient: {', '.join(cells)}")


def difference(paired):
    """Mean and 95% interval of differences (N,), as text."""
    mean, error = paired.mean(), paired.std(ddof=1) / len(paired) ** 0.5
    margin = scores.DEVIATIONS * error
    return f"{mean:+.3f} ({mean - margin:+.3f} to {mean + margin:+.3f})"


def draw(curves):
    """The mean curves: deletion on the left, insertion on the right."""
    figure = Figure(figsize=(10, 4))
    both = figure.subplots(1, 2, sharey=True)
    shares = np.linspace(0, 100, STEPS + 1)
    titles = "deleted, most salient first", "inserted, most salient first"
    for number, (axes, title) in enumerate(zip(both, titles, strict=True)):
        for name, found in curves.items():
            axes.plot(shares, found[number].mean(axis=0), label=name)
        axes.set(xlabel="percent of the pixels", title=title)
        axes.grid(alpha=0.3)
    both[0].set_ylabel("probability of the class, mean")
    both[0].legend()
    figure.tight_layout()
    return figure


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", required=True, type=cli.path)
    parser.add_argument("--model", type=cli.path, default=models.SHIPPED)
    parser.add_argument("--faces", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, default=Path("figures/fer2013/faithfulness.png")
    )
    args = parser.parse_args()
    model = models.load(args.model)
    held = model.validation(data.load(args.csv))
    drawn = np.random.default_rng(args.seed).permutation(len(held))[: args.faces]
    images = held.images[np.sort(drawn)]
    classes = model.predict(images).argmax(1)
    curves = {
        name: explain.faithfulness(model.network, images, maps, classes, STEPS)
        for name, maps in kinds(model.network, images, classes).items()
    }
    print(f"{args.model}, {len(images)} faces: area under the class's probability\n")
    show({name: found.mean(axis=-1) for name, found in curves.items()})
    files.write_figure(args.out, draw(curves))
    print(f"\nwrote {args.out}")


if __name__ == "__main__":
    main()
