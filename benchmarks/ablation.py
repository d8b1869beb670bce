"""What each choice of a recipe is worth: the CNN with one choice changed at a time.

python -m benchmarks.ablation --csv data/fer2013.csv
python -m benchmarks.ablation --csv data/fer2013.csv --network compact_60k

Prints, for each, the mean and deviation over seeds of the validation accuracy after the
last epoch, and the difference from the unchanged recipe with its 95% interval over
seeds (Welch). What was trained before, on the same faces, is read from --folder.
"""

import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import harness
from fer import arguments, data, files, models
from fer.training import checkpoint, distillation, fit, run
from fer.training.recipe import RATES, Recipe

PEAK, DECAY = RATES["adamw"]
BASE = Recipe(augment="graph", epochs=10)
LEVERS = {
    "nothing": {},
    "no augmentation": {"augment": "none"},
    "mirror only": {"augment": "mirror"},
    "contrast and erasing": {"augment": "strong"},
    "mixup": {"augment": "mixup"},
    "batches of 64": {"batch_size": 64},
    "batches of 256": {"batch_size": 256},
    "no label smoothing": {"label_smoothing": 0.0},
    "no weight decay": {"weight_decay": 0.0},
    "twice the weight decay": {"weight_decay": 2 * DECAY},
    "half the learning rate": {"learning_rate": PEAK / 2},
    "twice the learning rate": {"learning_rate": 2 * PEAK},
    "Muon": {"optimizer": "muon"},
    "no dropout": {"dropout": 0.0},
    "dropout 0.5": {"dropout": 0.5},
}


def train(recipe, faces):
    """The validation accuracy after the last epoch of a training in memory."""
    recipe = run.resolved(recipe)
    fitted, held = data.parts(faces, recipe.seed)
    taught = None
    if recipe.teachers:
        teachers = [distillation.load(path) for path in recipe.teachers]
        taught = distillation.answers(teachers, fitted.images, recipe)
    with tempfile.TemporaryDirectory() as folder:
        saved = checkpoint.Checkpoint(Path(folder) / "run.npz", {})
        network, _, _ = fit.trained(recipe, fitted, held, saved, taught)
    predicted = models.predict(network, held.images).argmax(1)
    return float((predicted == held.labels).mean())


def difference(values, base):
    """Mean difference in points of two samples, with Welch's 95% interval, as text."""
    from scipy import stats

    if min(len(values), len(base)) < 2:
        return ""
    found = stats.ttest_ind(values, base, equal_var=False)
    low, high = (100 * end for end in found.confidence_interval())
    change = 100 * (np.mean(values) - np.mean(base))
    return f"{change:+.1f} ({low:+.1f} to {high:+.1f})"


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", required=True, type=arguments.file)
    parser.add_argument("--epochs", type=int, default=BASE.epochs)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--network", default=BASE.network)
    parser.add_argument("--teachers", nargs="+", default=())
    parser.add_argument(
        "--folder", type=Path, default=Path("benchmarks/results/ablation")
    )
    args = parser.parse_args()
    base = dataclasses.replace(BASE, epochs=args.epochs, network=args.network)
    taught = {"teachers": {"teachers": tuple(args.teachers)}} if args.teachers else {}
    faces = data.load(args.csv)
    digest, found = data.digest(faces), {}
    for name, changes in (LEVERS | taught).items():
        found[name] = []
        for seed in range(args.seeds):
            recipe = dataclasses.replace(base, seed=seed, **changes)
            about = {"data": digest, "recipe": recipe.as_dict()}
            words = (args.network, args.epochs, seed, name.replace(" ", "_"))
            path = args.folder / f"{'_'.join(map(str, words))}.json"
            made = json.loads(path.read_text()) if path.exists() else {}
            if {key: made.get(key) for key in about} != about:
                made = about | {"accuracy": train(recipe, faces)}
                files.write_json(path, made)
            found[name].append(made["accuracy"])
    print(
        f"{args.network}, {args.epochs} epochs, {args.seeds} seeds\n{harness.where()}"
    )
    print(f"\n{'changed':26}{'accuracy':>17}  difference in points")
    for name, values in found.items():
        told = "" if name == "nothing" else difference(values, found["nothing"])
        print(f"{name:26}{harness.spread(values, 4):>17}  {told}")


if __name__ == "__main__":
    main()
