"""Train the report's DNN; write it with its card, history, structure and curves.

python train_dnn.py --data data/fer2013.csv
python train_dnn.py --epochs 30 --seed 1 --out models/dnn_seed1.keras
"""

from fer import cli, defaults


def main():
    args = cli.training_parser(__doc__, "models/dnn.keras").parse_args()
    from fer import networks
    from fer.training import run

    source, options = defaults.training(args)
    run.train(networks.dnn, source, options, args.out, cli.command(), args.resume)


if __name__ == "__main__":
    cli.run(main)
