"""Do the maps tell the truth? Each method and each null, by every measure.

python -m benchmarks.faithfulness --data data/fer2013.csv
python -m benchmarks.faithfulness --data CSV --model M --faces 3000

Faces are drawn from the validation rows, and the class is the one that the model names.
A null knows nothing of why the model decides: maps at random, edges of the face, the
gradient of an untrained network (Adebayo, 2018, arXiv:1810.03292), a blob in the
middle, and what the methods show of the other faces of a block, in the mean. Prints
each map's mean by each measure, and in brackets the 95% interval of its difference
from the best null, face by face, so that more than 0 is better; then the table of
docs/explain.md. There, deletion and insertion by the faces' mean are shares of the way
from the best null, 0, to an order found by greedy search, 1, which is taken as known.
Ctrl-C ends the measuring early, with the blocks that are done; --blocks FILE keeps
them, and goes on from those that it has.
"""

import contextlib
import json
import sys

import numpy as np

from benchmarks import harness, search
from benchmarks.nulls import nulls
from fer import arguments, data, explain, files, models, networks, precision, scores
from fer.explain import faithfulness, randomised, regions, road, sensitivity

SEARCHED, UNTRAINED = 64, 24  # faces that a search, and a second network, are run on
BLOCK = 100  # faces at a time
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
        best = best_null(of, methods)
        print(f"\n{measure} (best null: {best})")
        for name, values in of.items():
            over = "" if name == best else difference(values - of[best])
            print(f"  {name:22}{abs(means[name]):8.3f}  {over}".rstrip())


def difference(paired):
    """Mean and 95% interval of differences (N,), as text."""
    mean, error = paired.mean(), paired.std(ddof=1) / len(paired) ** 0.5
    margin = scores.DEVIATIONS * error
    return f"{mean:+.3f} ({mean - margin:+.3f} to {mean + margin:+.3f})"


def table(found, methods, rooms, rises):
    """Print docs/explain.md's table. rooms: {measure: from the best null to search}."""
    columns = (*rooms, "ROAD", "sensitivity-n")
    print(f"\n| method | {' | '.join(columns)} | random weights |")
    print("| --- " * (len(columns) + 2) + "|")
    for name in methods:
        cells = []
        for measure in columns:
            of = found[measure]
            over = of[name] - of[best_null(of, methods)]
            cells.append(difference(over / rooms.get(measure, 1)))
        print(f"| `{name}` | {' | '.join(cells)} | {difference(rises[name])} |")


def best_null(of, methods):
    """The null with the highest mean of {map: (N,)}."""
    return max(set(of) - set(methods), key=lambda name: of[name].mean())


def room(found, methods, searched):
    """How far an order by search is above the best null, of its own few faces."""
    return {
        measure: (
            best - found[measure][best_null(found[measure], methods)][: len(best)]
        ).mean()
        for measure, best in searched.items()
    }


def rises(network, images, classes):
    """How much more complex each method's maps are of random weights: {name: (N,)}.

    Efficient MPRT (Hedstrom, 2024, arXiv:2401.06465).
    """
    start = randomised.untrained(network)
    return {
        name: randomised.rise_of_complexity(
            *(explain.heat_of(name, it, images, classes) for it in (network, start))
        )
        for name in explain.METHODS
    }


def in_blocks(exact, fast, images, classes, steps, path):
    """What `measured` returns, block by block, until all are done or Ctrl-C.

    exact: the network whose maps they are; fast: it, for the probabilities. path: a
    file with a line a block, which is read first and added to; None for none.
    """
    lines = path.read_text().splitlines() if path and path.exists() else []
    with contextlib.suppress(KeyboardInterrupt):
        for start in range(len(lines) * BLOCK, len(images), BLOCK):
            few = images[start : start + BLOCK], classes[start : start + BLOCK]
            heats = {
                name: explain.heat_of(name, exact, *few) for name in explain.METHODS
            }
            maps = nulls(exact, *few, heats) | heats
            found = measured(fast, *few, maps, steps)
            lines.append(json.dumps(found, default=np.ndarray.tolist))
            if path:
                files.write_text(path, "\n".join(lines))
            print(f"{start + len(few[0])} faces", file=sys.stderr, flush=True)
    blocks = list(map(json.loads, lines))
    return {
        measure: {
            name: np.concatenate([each[measure][name] for each in blocks])
            for name in of
        }
        for measure, of in blocks[0].items()
    }


def drawn_faces(args):
    """The model, --faces of its validation rows, and the classes that it names."""
    model = models.load(args.model)
    held = model.validation(data.load(args.data))
    drawn = np.random.default_rng(args.seed).permutation(len(held))[: args.faces]
    images = held.images[np.sort(drawn)]
    return model, images, model.predict(images).argmax(1)


def parser(doc, faces=400):
    """A parser of the flags that drawn_faces needs; faces: how many without --faces."""
    asked = harness.parser(doc)
    asked.add_argument("--data", required=True, type=arguments.path)
    asked.add_argument("--model", type=arguments.path, default=models.SHIPPED)
    asked.add_argument("--faces", type=int, default=faces)
    asked.add_argument("--seed", type=int, default=0)
    return asked


def main():
    asked = parser(__doc__)
    asked.add_argument("--steps", type=int, default=10)
    asked.add_argument("--blocks", type=arguments.path, metavar="FILE")
    args = asked.parse_args()
    model, images, classes = drawn_faces(args)
    # Rounding moves each probability a little, and no mean of them.
    fast = networks.computing_in(precision.fastest(model.network), model.network)
    found = in_blocks(model.network, fast, images, classes, args.steps, args.blocks)
    count = len(found["ROAD"]["edges"])
    print(f"{args.model}, {count} faces, {args.steps} steps; {harness.where()}")
    show(found, explain.METHODS)
    few = images[:SEARCHED], classes[:SEARCHED]
    rooms = room(found, explain.METHODS, search.best(fast, *few, args.steps))
    few = images[:UNTRAINED], classes[:UNTRAINED]
    table(found, explain.METHODS, rooms, rises(model.network, *few))


if __name__ == "__main__":
    main()
