"""Draw the confusion matrix of a model on its validation rows, and print its scores.

python confusion.py --data data/fer2013.csv
python confusion.py --model models/dnn.keras --out figures/dnn_confusion.png

Of several models, the mean of their probabilities is scored.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import cli, flags, selection


def main() -> None:
    default = Path("figures/confusion.png")
    named = (*flags.DATA, *flags.MODEL, *flags.JUDGED, "mirror", "turn")
    args = cli.parser(__doc__, *named, out=default, several=("model",)).parse_args()
    from fer import files, models, scores
    from fer.report import figures

    judged = selection.models_and_faces(args, args.out)
    faces, classes = judged.faces, judged.model.classes
    views = args.mirror, args.turn
    predicted = models.probabilities(judged.models, faces.images, *views).argmax(1)
    counts = scores.matrix(faces.labels, predicted, classes)
    right = scores.accuracy(faces.labels, predicted)["accuracy"]
    names = ", ".join(path.name for path in judged.paths)
    title = f"{names}, {len(faces):,} rows, accuracy {right:.4f}"
    files.write_figure(args.out, figures.confusion(counts, classes, title))
    print(scores.table(faces.labels, predicted, classes))
    print(f"wrote {args.out}")


if __name__ == "__main__":
    cli.run(main)
