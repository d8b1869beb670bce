"""Draw the confusion matrix of a model on its validation rows, and print its scores.

python confusion.py --data data/fer2013.csv
python confusion.py --model models/dnn.keras --out figures/dnn_confusion.png

Of several models, the mean of their probabilities is scored.
"""

from pathlib import Path

from fer import cli, defaults


def main():
    default = Path("figures/confusion.png")
    flags = (*cli.DATA, *cli.MODEL, *cli.JUDGED, "mirror", "turn")
    args = cli.parser(__doc__, *flags, out=default, several=("model",)).parse_args()
    from fer import files, models, scores
    from fer.report import figures

    loaded, faces = defaults.models_and_faces(args, args.out)
    told = models.probabilities(loaded, faces.images, args.mirror, args.turn)
    predicted, classes = told.argmax(1), loaded[0].classes
    counts = scores.matrix(faces.labels, predicted, classes)
    right = scores.accuracy(faces.labels, predicted)["accuracy"]
    names = ", ".join(path.name for path in args.model)
    title = f"{names}, {len(faces):,} rows, accuracy {right:.4f}"
    files.write_figure(args.out, figures.confusion(counts, classes, title))
    print(scores.table(faces.labels, predicted, classes))
    print(f"wrote {args.out}")


if __name__ == "__main__":
    cli.run(main)
