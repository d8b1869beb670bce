"""Train every shipped model, with its seeds, and write its submission; resumable.

python -m benchmarks.shipped --csv data/fer2013.csv --test data/test.csv
python -m benchmarks.shipped --csv data/fer2013.csv --test data/test.csv --seeds 1

What has its card in --folder is not trained again, unless a model that it learned from
was: delete the card to do so. What a training needs and is not there is trained first,
card or not. Seed 0 is shipped, with its submission; of other seeds git keeps card,
history and structure, and so of compact_5m, which is too large.
"""

import itertools
import json
from pathlib import Path

from benchmarks import harness
from fer import cli, models

FOLDER = models.SHIPPED.parent
STRONG = "train_cnn.py --optimizer muon --augment strong"
BY_COMPACT = "--teachers {folder}/compact.keras"
WIDE = "{folder}/compact_5m.keras {folder}/compact_5m_1.keras"
# Who teaches comes before whom it teaches.
RECIPES = {
    "teacher": "train_cnn.py --augment strong --network compact --epochs 40",
    "compact": f"{STRONG} --network compact --teachers {{folder}}/teacher.keras",
    "cnn": f"{STRONG} --epochs 120 {BY_COMPACT}",
    "cnn_plain": f"train_cnn.py --optimizer muon --augment none {BY_COMPACT}",
    "dnn": f"train_dnn.py --augment mirror --epochs 120 {BY_COMPACT}",
    "compact_350k": f"{STRONG} --network compact_350k {BY_COMPACT}",
    "compact_60k": f"{STRONG} --network compact_60k --epochs 120 {BY_COMPACT}",
    "compact_5m": f"{STRONG} --network compact_5m {BY_COMPACT} {{folder}}/cnn.keras",
    # Each goes on from the compact of its own seed.
    "champion": f"{STRONG} --network compact --start {{folder}}/compact{{seed}}.keras "
    f"--epochs 30 --teachers {WIDE} --share 1 --consistent",
}
TOO_LARGE = "compact_5m"


def place(folder, name, seed):
    """Where the model of a recipe and seed is written."""
    return folder / f"{name}{suffix(seed)}.keras"


def suffix(seed):
    """What tells the files of other seeds from those of seed 0."""
    return f"_{seed}" if seed else ""


def recipe(name, seed, folder):
    """The script and flags that train a recipe with a seed, as one text."""
    return RECIPES[name].format(folder=folder, seed=suffix(seed))


def train(name, seed, args, anew=False):
    """Train a recipe unless it is there, first what it needs; where its model is."""
    out = place(args.folder, name, seed)
    words = recipe(name, seed, args.folder).split()
    done = is_done(out.with_suffix(".json")) and not anew
    # A network learns from models of the first two seeds and of its own.
    for other, its_seed in itertools.product(RECIPES, sorted({0, 1, seed})):
        needed = place(args.folder, other, its_seed)
        if not done and str(needed) in words and not needed.exists():
            train(other, its_seed, args, anew=True)
    harness.train([*words, "--csv", args.csv, "--seed", str(seed)], out, done)
    return out


def is_done(card):
    """Whether the card is there, and what it learned from is still what it was."""
    if not card.exists():
        return False
    used = learned_from(json.loads(card.read_text())["options"])
    cards = {Path(path).with_suffix(".json"): digest for path, digest in used.items()}
    return all(
        path.exists() and json.loads(path.read_text())["sha256"] == digest
        for path, digest in cards.items()
    )


def learned_from(options):
    """The models that a training with those options learned from, and their digests."""
    return options.get("teachers", {}) | options.get("start", {})


def submit(model, test):
    """Write the labels that `model` gives to the faces of `test`."""
    out = model.parent / "submissions" / f"{model.stem}.csv"
    words = ["predict.py", "--csv", test, "--model", model, "--out", out]
    harness.run(words + [f"--{view}" for view in views(model.stem)])


def views(name):
    """The flags of predict.py that suit what a shipped model has learned from."""
    if "--augment none" in RECIPES[name]:
        return []
    return ["mirror", "turn"] if "strong" in RECIPES[name] else ["mirror"]


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", required=True, type=cli.path)
    parser.add_argument(
        "--test", type=cli.path, help="faces to label, for the submissions"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    # One teaches compact, and two champion.
    seeds = {"teacher": 1, TOO_LARGE: max(2, args.seeds)}
    for name in RECIPES:
        for seed in range(seeds.get(name, args.seeds)):
            model = train(name, seed, args)
            if args.test and seed == 0 and name != TOO_LARGE:
                submit(model, args.test)


if __name__ == "__main__":
    main()
