"""Does a faster way to train cost accuracy? The CNN, trained in each way.

python -m benchmarks.equivalence --csv data/fer2013.csv
python -m benchmarks.equivalence --csv data/fer2013.csv --epochs 10 --ways 2 4

The first way is the reference; the others are mixed_bfloat16, and that with other
augmentation, batch or both. Prints, for each, the mean and deviation over the seeds of
the last epoch's accuracy on the validation rows, so no epoch is chosen.
A run whose history lies in --folder, which is for one CSV, is not trained again; a
stopped one goes on.
"""

import json
import sys
from pathlib import Path

from benchmarks import harness
from fer import data, files
from fer.training import run

WAYS = {
    "float32, generator, batch 128": {"precision": "float32"},
    "mixed_bfloat16": {"precision": "mixed_bfloat16"},
    "mixed_bfloat16, graph": {"precision": "mixed_bfloat16", "augment": "graph"},
    "mixed_bfloat16, batch 256": {"precision": "mixed_bfloat16", "batch-size": 256},
    "mixed_bfloat16, graph, batch 256": {
        "precision": "mixed_bfloat16",
        "augment": "graph",
        "batch-size": 256,
    },
}
FOLDER = Path("benchmarks/results/equivalence")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--ways", type=int, nargs="+", choices=range(len(WAYS)), default=range(4)
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    args = parser.parse_args()
    digest, known = data.digest(data.load(args.csv)), args.folder / "faces.json"
    if known.exists() and json.loads(known.read_text()) != digest:
        sys.exit(f"{args.folder} is of other faces than {args.csv}: name another")
    files.write_json(known, digest)
    found = {}
    for number in args.ways:
        way, changes = list(WAYS.items())[number]
        found[way] = []
        for seed in range(args.seeds):
            options = {"csv": args.csv, "epochs": args.epochs, "seed": seed, **changes}
            out = args.folder / f"{args.epochs}_{number}_{seed}.keras"
            words = [f"--{name}={value}" for name, value in options.items()]
            done = out.with_suffix(".csv").exists()
            harness.train(["train_cnn.py", *words], out, done)
            found[way].append(run.read_history(out)[-1]["val_accuracy"])
    print(f"CNN, {args.epochs} epochs, {args.seeds} seeds\n{harness.where()}\n")
    print(f"{'':34}{'accuracy':>17}")
    for way, scores in found.items():
        print(f"{way:34}{harness.spread(scores, 4):>17}")
    print("\n" + json.dumps({"epochs": args.epochs, "accuracy": found}))


if __name__ == "__main__":
    main()
