"""Train every shipped model, seed by seed, and write its submission; resumable.

python -m benchmarks.shipped --csv fer2013.csv --test test.csv
python -m benchmarks.shipped --csv fer2013.csv --test test.csv --seeds 1

What has its card in --folder is not trained again, unless a teacher of it was: delete
the card to do so. Seed 0 is shipped, with its submission; of other seeds, and of what
is too large, git keeps card, history and structure, and of a teacher its answers.
"""

import itertools
import json
from pathlib import Path

from benchmarks import rounds
from fer import cli, models

FOLDER = models.SHIPPED.parent
MUON = "train_cnn.py --optimizer muon --augment"
BY_COMPACT = "--teachers {folder}/compact.keras"
WIDE = " ".join(f"{{folder}}/compact_5m{seed}.keras" for seed in ("", "_1", "_2"))
# Who teaches comes before whom it teaches.
RECIPES = {
    "teacher": "train_cnn.py --augment strong --network compact --epochs 40",
    "compact": f"{MUON} strong --network compact --teachers {{folder}}/teacher.keras",
    "cnn": f"{MUON} strong --epochs 120 {BY_COMPACT}",
    "cnn_plain": f"{MUON} none {BY_COMPACT}",
    "dnn": f"train_dnn.py --augment mirror --epochs 120 {BY_COMPACT}",
    "compact_350k": f"{MUON} strong --network compact_350k {BY_COMPACT}",
    "compact_60k": f"{MUON} strong --network compact_60k --epochs 120 {BY_COMPACT}",
    "compact_5m": f"{MUON} strong --network compact_5m {BY_COMPACT} "
    "{folder}/cnn.keras",
    "champion": f"{MUON} strong --network compact --teachers {WIDE}",
}
# Those that are there to teach are trained so, whatever --seeds.
TEACHERS = {"teacher": [0], "compact": [0], "compact_5m": [0, 1, 2]}


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
    cards = {Path(path).with_suffix(".json"): digest for path, digest in taught.items()}
    return all(
        json.loads(path.read_text())["sha256"] == digest
        for path, digest in cards.items()
    )


def submit(model, test):
    """Write the labels that `model` gives to the faces of `test`."""
    out = model.parent / "submissions" / f"{model.stem}.csv"
    words = ["predict.py", "--csv", test, "--model", model, "--out", out]
    rounds.run(words + [f"--{view}" for view in views(model.stem)])


def views(name):
    """The flags of predict.py that suit what a shipped model has learned from."""
    return ["mirror", "turn"] if "strong" in RECIPES[name] else ["mirror"]


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--csv", required=True, type=cli.path)
    parser.add_argument(
        "--test", type=cli.path, help="faces to label, for the submissions"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    for seed, name in itertools.product(range(args.seeds), RECIPES):
        for one in TEACHERS.get(name, [seed]):
            model = train(RECIPES[name], name, one, args)
            if args.test and seed == one == 0 and model.exists():
                submit(model, args.test)


if __name__ == "__main__":
    main()
