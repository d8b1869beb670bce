"""Draw the confusion matrix of a model on its validation rows, and print its scores.

python confusion.py --data data/fer2013.csv
python confusion.py --model models/dnn.keras --out figures/dnn_confusion.png
"""

from pathlib import Path

from fer import cli, defaults


def main():
    default = Path("figures/confusion.png")
    args = cli.parser(
        __doc__, *cli.DATA, *cli.MODEL, *cli.JUDGED, "mirror", "turn", out=default
    ).parse_args()
    from fer import files, scores
    from fer.report import figures

    model, faces = defaults.model_and_faces(args, args.out)
    predicted = model.predict(faces.images, args.mirror, args.turn).argmax(1)
    counts = scores.matrix(faces.labels, predicted, model.classes)
    files.write_figure(args.out, figures.confusion(counts, model.classes))
    print(scores.table(faces.labels, predicted, model.classes))
    print(f"wrote {args.out}")


if __name__ == "__main__":
    cli.run(main)
