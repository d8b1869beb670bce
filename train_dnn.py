"""Train the coursework's DNN; write it with its card, history, structure and curves.

python train_dnn.py --data data/fer2013.csv
python train_dnn.py --epochs 30 --seed 1 --out models/dnn_seed1.keras
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import cli, defaults
from fer.training import joining, recipe


def main() -> None:
    args = recipe.parser(__doc__, "models/dnn.keras", "network").parse_args()
    with joining.joined(args):
        from fer.training import processes, run

        source = processes.in_turn(lambda: defaults.source(args))
        chosen = recipe.from_flags(args, network="dnn", **defaults.for_sample(source))
        run.train(chosen, source, args.out, args.resume, args.fresh)


if __name__ == "__main__":
    cli.run(main)
