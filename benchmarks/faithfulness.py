"""Do the maps tell the truth? Each method and each null, by every measure.

python -m benchmarks.faithfulness --data data/fer2013.csv
python -m benchmarks.faithfulness --data CSV --model M --faces 3000

Faces are drawn from the validation rows, and the class is the one that the model names.
A null knows nothing of why the model decides: maps at random, edges of the face, the
gradient of an untrained network (Adebayo, 2018, arXiv:1810.03292), a blob in the
middle, and what the methods show of the other faces, in the mean. Prints a table of
docs/explain.md: each map's mean by each measure, and in brackets the 95% interval of
its difference from the best null, face by face, so that more than 0 is better. For
deletion and insertion by the faces' mean it says what share that is of the way from
the best null, 0, to an order found by greedy search, 1.
"""

import numpy as np

from benchmarks import harness, search
from benchmarks.nulls import nulls
from fer import cli, data, explain, models, networks, precision, scores
from fer.explain import faithfulness, randomised, regions, road, sensitivity

SEARCHED, UNTRAINED = 16, 24  # faces that a search, and a second network, are run on
PARTS = ("eyes", "brows", "nose", "mouth")  # of the face, to point at


def measured(network, images, classes, maps, steps):
    """{measure: {map: (N,)}}, of each measure more is better."""
    found = {}
    for fill in faithfulness.FILLS:
        for name, heat in maps.items():
            asked = network, images, heat, classes, steps, fill
            deleted, inserted = faithfulness.curves(*asked).mean(axis=-1)
            found.setdefault(f"deletion, {fill}", {})[name] = -deleted
            found.setdefault(f"insertion, {fill}", {})[name] = inserted
    found["ROAD"] = {
        name: -road.road(network, images, heat, classes).mean(axis=-1)
        for name, heat in maps.items()
    }
    found["sensitivity-n"] = sensitivity.sensitivity(network, images, maps, classes)
    known = regions.template()
    part = np.any([known[name] for name in PARTS], axis=0)
    found["pointing"] = {name: hits(heat, part) for name, heat in maps.items()}
    return found


def hits(heat, region):
    """Whether each map's hottest place is in the region, by the region's area: (N,)."""
    blurred = explain.places(heat).reshape(len(heat), -1)
    return region.ravel()[blurred.argmax(axis=1)] / region.mean()


def show(found, methods):
    """Print a row a measure and map: mean, and what it has over the best null."""
    for measure, of in found.items():
        means = {name: values.mean() for name, values in of.items()}
        best = max(set(of) - set(methods), key=means.get)
        print(f"\n{measure} (best null: {best})")
        for name, values in of.items():
            over = "" if name == best else difference(values - of[best])
            print(f"  {name:22}{abs(means[name]):8.3f}  {over}".rstrip())


def difference(paired):
    """Mean and 95% interval of differences (N,), as text."""
    mean, error = paired.mean(), paired.std(ddof=1) / len(paired) ** 0.5
    margin = scores.DEVIATIONS * error
    return f"{mean:+.3f} ({mean - margin:+.3f} to {mean + margin:+.3f})"


def show_share(found, methods, searched):
    """Print how far each method comes from the best null to the order by search."""
    print("\nshare of the way from the best null to greedy search")
    for measure, best in searched.items():
        of, few = found[measure], slice(len(best))
        null = max(set(of) - set(methods), key=lambda name: of[name].mean())
        room = (best - of[null][few]).mean()
        cells = [
            f"{name} {(of[name] - of[null]).mean() / room:+.2f}" for name in methods
        ]
        print(f"  {measure:18} room {room:.3f}: {', '.join(cells)}")


def show_randomised(network, images, classes, heats):
    """Print by what share each method's maps are more complex of random weights."""
    start = randomised.untrained(network)
    print(f"\nEfficient MPRT, {len(images)} faces: rise of complexity")
    for name, heat in heats.items():
        of_random = explain.heat_of(name, start, images, classes)
        rise = randomised.rise_of_complexity(heat[: len(images)], of_random)
        print(f"  {name:22}{difference(rise)}")


def drawn_faces(args):
    """The model, --faces of its validation rows, and the classes that it names."""
    model = models.load(args.model)
    held = model.validation(data.load(args.data))
    drawn = np.random.default_rng(args.seed).permutation(len(held))[: args.faces]
    images = held.images[np.sort(drawn)]
    return model, images, model.predict(images).argmax(1)


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--data", required=True, type=cli.path)
    parser.add_argument("--model", type=cli.path, default=models.SHIPPED)
    parser.add_argument("--faces", type=int, default=400)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model, images, classes = drawn_faces(args)
    heats = {
        name: explain.heat_of(name, model.network, images, classes)
        for name in explain.METHODS
    }
    maps = nulls(model.network, images, classes, heats) | heats
    # Rounding moves each probability a little, and no mean of them.
    network = networks.computing_in(precision.fastest(model.network), model.network)
    print(f"{args.model}, {len(images)} faces, {args.steps} steps")
    found = measured(network, images, classes, maps, args.steps)
    show(found, heats)
    few = images[:SEARCHED], classes[:SEARCHED]
    show_share(found, heats, search.best(network, *few, args.steps))
    few = images[:UNTRAINED], classes[:UNTRAINED]
    show_randomised(model.network, *few, heats)


if __name__ == "__main__":
    main()
