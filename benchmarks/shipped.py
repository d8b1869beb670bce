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

from fer import models

FOLDER = models.SHIPPED.parent
TAUGHT = ("--teachers", "{folder}/compact.keras")
# The teacher comes first.
RECIPES = {
    "compact": ("train_cnn.py", "--network", "compact", "--augment", "strong"),
    "compact_350k": ("train_cnn.py", "--network", "compact_350k", *TAUGHT),
    "compact_60k": ("train_cnn.py", "--network", "compact_60k", *TAUGHT),
    "cnn": ("train_cnn.py", *TAUGHT),
    "cnn_plain": ("train_cnn.py", "--augment", "none", *TAUGHT),
    "dnn": ("train_dnn.py", "--augment", "mirror", *TAUGHT),
}


def place(folder, name, seed):
    """Where the model of a recipe and seed is written."""
    return folder / f"{name}.keras" if seed == 0 else folder / f"{name}_{seed}.keras"


def train(recipe, csv, seed, out):
    """Run the recipe, from its checkpoint if there is one, unless `out` has a card."""
    if out.with_suffix(".json").exists():
        print(f"{out} is trained already", flush=True)
        return
    words = [word.format(folder=out.parent) for word in recipe]
    words += ["--csv", csv, "--seed", str(seed), "--out", str(out)]
    if out.with_suffix(".checkpoint.npz").exists():
        words += ["--resume"]
    subprocess.run([sys.executable, *words], check=True)


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
            train(recipe, args.csv, seed, place(args.folder, name, seed))
            if args.test and seed == 0:
                submit(place(args.folder, name, seed), args.test)


if __name__ == "__main__":
    main()
