"""Train every shipped model, seed by seed, and write its submission; resumable.

python -m benchmarks.shipped --csv fer2013.csv --test test.csv
python -m benchmarks.shipped --csv fer2013.csv --test test.csv --seeds 1

What has its card in --folder is not trained again, unless its teacher was: delete the
card to do so. The teacher comes first, once. Seed 0 of the others is shipped, with its
submission; of their other seeds git keeps card, history and structure.
"""

import json
from pathlib import Path

from benchmarks import rounds
from fer import cli, files, models

FOLDER = models.SHIPPED.parent
TEACHER = "train_cnn.py --network compact --augment strong --epochs 40"
BY_TEACHER = "--teachers {folder}/teacher.keras"
BY_COMPACT = "--teachers {folder}/compact.keras"
STRONG = "train_cnn.py --optimizer muon --augment strong"
RECIPES = {
    "compact": f"{STRONG} --network compact {BY_TEACHER}",
    "compact_350k": f"{STRONG} --network compact_350k {BY_COMPACT}",
    "compact_60k": f"{STRONG} --network compact_60k --epochs 120 {BY_COMPACT}",
    "cnn": f"{STRONG} --epochs 120 {BY_COMPACT}",
    "cnn_plain": f"train_cnn.py --optimizer muon --augment none {BY_COMPACT}",
    "dnn": f"train_dnn.py --augment mirror --epochs 120 {BY_COMPACT}",
}


def place(folder, name, seed):
    """Where the model of a recipe and seed is written."""
    return folder / f"{name}.keras" if seed == 0 else folder / f"{name}_{seed}.keras"


def train(recipe, name, seed, args):
    """Train a recipe unless it is there; where its model is."""
    out = place(args.folder, name, seed)
    words = [word.format(folder=args.folder) for word in recipe.split()]
    words += ["--csv", args.csv, "--seed", str(seed)]
    rounds.train(words, out, is_done(out.with_suffix(".json")))
    return out


def is_done(card):
    """Whether the card is there, and its teachers are still what they were."""
    if not card.exists():
        return False
    taught = json.loads(card.read_text())["options"].get("teachers", {})
    return all(files.sha256(path) == digest for path, digest in taught.items())


def submit(model, test):
    """Write the labels that `model` gives to the faces of `test`."""
    out = model.parent / "submissions" / f"{model.stem}.csv"
    words = ["predict.py", "--csv", test, "--model", model, "--out", out]
    rounds.run(words + [f"--{view}" for view in views(model.stem)])


def views(name):
    """The flags of predict.py that suit what a shipped model has learned from."""
    return ["mirror", "turn"] if STRONG in RECIPES[name] else ["mirror"]


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--csv", required=True, type=cli.path)
    parser.add_argument(
        "--test", type=cli.path, help="faces to label, for the submissions"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    train(TEACHER, "teacher", 0, args)
    for seed in range(args.seeds):
        for name, recipe in RECIPES.items():
            model = train(recipe, name, seed, args)
            if args.test and seed == 0:
                submit(model, args.test)


if __name__ == "__main__":
    main()
