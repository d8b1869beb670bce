"""Train a CNN; write it with its card, history, structure and curves.

python train_cnn.py --data data/fer2013.csv
python train_cnn.py --augment none --out models/cnn_plain.keras
python train_cnn.py --network compact --recipe best --out models/compact.keras
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import cli, defaults
from fer.training import joining, recipe


def main() -> None:
    args = recipe.parser(__doc__, "models/cnn.keras").parse_args()
    with joining.joined(args):
        from fer.training import processes, run

        source = processes.in_turn(lambda: defaults.source(args))
        chosen = recipe.from_flags(args, **defaults.for_sample(source))
        run.train(chosen, source, args.out, args.resume, args.fresh)


if __name__ == "__main__":
    cli.run(main)
