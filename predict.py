"""Label the faces of a CSV and write the Kaggle submission `id,label`.

python predict.py --data data/test.csv
python predict.py --data data/test.csv --model models/dnn.keras --out dnn.csv
python predict.py --photo me.jpg --model models/fer2013/compact.keras

With --photo: print what the model makes of that one face.
"""

from pathlib import Path

from fer import BadInput, cli, defaults

SUBMISSION = Path("submission.csv")


def main():
    flags = (*cli.DATA, "photo", *cli.MODEL, "mirror", "turn")
    args = cli.parser(__doc__, *flags, out=SUBMISSION).parse_args()
    if args.photo and args.data:
        raise BadInput("--photo and --data are two inputs: leave one of them out")
    if args.photo and args.out != SUBMISSION:
        raise BadInput("--photo prints and writes nothing: leave --out out")
    (name if args.photo else submit)(args)


def submit(args):
    """Write the submission of a CSV's faces."""
    from fer import data, files, models

    args.data = args.data or [defaults.own_or_sample_test_csv()]
    source = defaults.source(args)
    model = defaults.model_path(args)
    files.free_to_write(args.out, *source.paths, *models.files_of(model))
    faces = defaults.load(source, data.USAGES)
    loaded = models.load_any(model, args.pixels, args.classes)
    labels = loaded.predict(faces.images, args.mirror, args.turn).argmax(1)
    files.write_submission(args.out, faces.ids, labels)
    print(f"wrote {args.out}: {len(faces):,} faces of {source}")


def name(args):
    """Print the classes, the likeliest first, with the photo's probabilities."""
    from fer import models
    from fer.data import pictures

    face = pictures.face(args.photo)
    path = defaults.model_path(args)
    model = models.load_any(path, args.pixels, args.classes)
    [told] = models.probabilities([model], face[None], args.mirror, args.turn)
    for label in told.argsort()[::-1]:
        print(f"{told[label]:.3f} {model.classes[label]}")


if __name__ == "__main__":
    cli.run(main)
