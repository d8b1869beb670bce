"""Train a CNN; write it with its card, history, structure and curves.

python train_cnn.py --data data/fer2013.csv
python train_cnn.py --augment none --out models/cnn_plain.keras
python train_cnn.py --network compact --out models/compact.keras
"""

from fer import cli, defaults


def main():
    args = cli.training_parser(__doc__, "models/cnn.keras", "network").parse_args()
    from fer import networks
    from fer.training import run

    source, options = defaults.training(args)
    build = getattr(networks, args.network)
    run.train(build, source, options, args.out, cli.command(), args.resume)


if __name__ == "__main__":
    cli.run(main)
