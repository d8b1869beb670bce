"""Label the faces of a CSV and write the Kaggle submission `id,label`.

python predict.py --csv data/test.csv
python predict.py --csv data/test.csv --model models/dnn.keras --out dnn.csv
"""

from pathlib import Path

from fer import cli


def main():
    args = cli.parser(
        __doc__, "csv", "model", "mirror", "turn", out=Path("submission.csv")
    ).parse_args()
    from fer import data, files, models

    path = args.csv or cli.own_or_sample_test_csv()
    model = cli.model_path(args)
    files.free_to_write(args.out, path, *models.files_of(model))
    faces = data.load(path, data.USAGES)
    model = models.load(model)
    labels = model.predict(faces.images, args.mirror, args.turn).argmax(1)
    files.write_submission(args.out, faces.ids, labels)
    print(f"wrote {args.out}: {len(faces):,} faces of {path}")


if __name__ == "__main__":
    cli.run(main)
