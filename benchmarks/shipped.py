"""Train every shipped model, seed by seed, and write its submission; resumable.

python -m benchmarks.shipped --csv fer2013.csv --test test.csv
python -m benchmarks.shipped --csv fer2013.csv --test test.csv --seeds 1

What has its card in --folder is not trained again: delete the card to do so. Seed 0 is
shipped, with its submission; of the other seeds git keeps card, history and structure.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import rounds
from fer import models

FOLDER = models.SHIPPED.parent
TAUGHT = ("--teachers", "{folder}/compact.keras")
# The teacher comes first.
RECIPES = {
    "compact": (
        *("train_cnn.py", "--network", "compact"),
        *("--augment", "strong", "--epochs", "40"),
    ),
    "compact_350k": ("train_cnn.py", "--network", "compact_350k", *TAUGHT),
    "compact_60k": ("train_cnn.py", "--network", "compact_60k", *TAUGHT),
    "cnn": ("train_cnn.py",),
    "cnn_plain": ("train_cnn.py", "--augment", "none"),
    "dnn": ("train_dnn.py", "--augment", "mirror", *TAUGHT),
}


def place(folder, name, seed):
    """Where the model of a recipe and seed is written."""
    return folder / f"{name}.keras" if seed == 0 else folder / f"{name}_{seed}.keras"


def submit(model, test):
    """Write the labels that `model` gives to the faces of `test`."""
    out = model.parent / "submissions" / f"{model.stem}.csv"
    words = ["predict.py", "--csv", test, "--model", model, "--mirror", "--out", out]
    subprocess.run([sys.executable, *words], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--test", help="faces to label, for the submissions")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    for seed in range(args.seeds):
        for name, recipe in RECIPES.items():
            out = place(args.folder, name, seed)
            words = [word.format(folder=args.folder) for word in recipe]
            words += ["--csv", args.csv, "--seed", str(seed)]
            rounds.train(words, out, out.with_suffix(".json"))
            if args.test and seed == 0:
                submit(out, args.test)


if __name__ == "__main__":
    main()
