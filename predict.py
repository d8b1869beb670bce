"""Tell the expressions of faces: in photos, or in a table of faces for Kaggle.

python predict.py me.jpg --out me.png
python predict.py photos/ --out faces.csv
python predict.py --data data/test.csv --mirror --turn
python predict.py faces.csv --usage PrivateTest --columns Id,Emotion --names
python predict.py me.jpg --model models/fer2013/cnn.keras models/mine.keras
python predict.py --data all.faces --out labels.parquet --ray local

For one photo the result is printed; --out draws it (.png, .pdf, .svg). Several photos,
or a folder, give a table (default: faces.csv): one row per face, with its box as left,
top, width, height, and a reason where no face was found. Any other input, or a folder
with --columns, gives a submission (default: submission.csv), or Parquet by blocks.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import BadInput, arguments, cli, defaults, flags, selection

SUBMISSION, TABLE = Path("submission.csv"), Path("faces.csv")
PARQUET = ".parquet"


def main() -> None:
    views = ("mirror", "turn", "whole", "strict", "picture")
    table = ("usage", "columns", "names", "probabilities", "ray")
    named = (*flags.DATA, "photo", *flags.MODEL, *views, *table)
    more = {"endings": (*arguments.PICTURES, PARQUET), "several": ("model",)}
    args = cli.parser(__doc__, *named, out=SUBMISSION, **more).parse_args()
    if args.photo and args.data:
        raise BadInput("--photo and --data are two inputs: leave one of them out")
    from fer.data import pictures

    if args.ray and args.out.suffix != PARQUET:
        raise BadInput("--ray writes Parquet: name it, --out labels.parquet")
    paths = [args.photo] if args.photo else args.data
    if args.out.suffix == PARQUET and not args.photo:
        _submit_blocks(args)
    elif args.photo or (paths and pictures.are_pictures(paths) and not args.columns):
        _of_pictures(args, paths, pictures.find(paths))
    else:
        _submit(args)


def _of_pictures(args, named, paths):
    """Print about one picture, or draw it; write a table of several, or if asked."""
    from fer import files
    from fer.report import predictions

    out = None if args.out is SUBMISSION else args.out
    table = out if out and out.suffix == SUBMISSION.suffix else None
    drawing = args.picture or (out if out != table else None)
    if len(paths) > 1 or paths != named:
        table = table or TABLE
        if drawing:
            raise BadInput(f"{drawing} shows one photo: name one, or write a .csv")
    models, tell = selection.models_and_teller(args, (table, drawing), paths)
    if table:
        asked = tell, models[0].classes, args.whole, args.strict
        header, rows, counts = predictions.table(paths, *asked)
        files.write_csv(table, header, rows)
        print(f"wrote {table}: {predictions.counted(counts)}")
    if drawing or not table:
        said, drawn = predictions.of_one(paths[0], tell, models, args.whole, drawing)
        print(said)
    if drawing:
        files.write_figure(drawing, drawn)
        print(f"wrote {drawing}")


def _submit(args):
    """Write the submission of a table of faces."""
    from fer import files
    from fer.report import predictions

    source = defaults.source_to_label(args)
    files.free_to_write(args.out, *source.paths)
    faces = selection.rows_to_label(source, args.usage)
    models, tell = selection.models_and_teller(args, [args.out], source.paths)
    asked = models[0].classes, args.names, args.probabilities
    labels, more = predictions.labels(tell(faces.images), *asked)
    predictions.write_submission(args.out, faces.ids, labels, args.columns, more)
    print(f"wrote {args.out}: {len(faces):,} faces of {source}")


def _submit_blocks(args):
    """Write the labels of faces past memory."""
    from fer import models
    from fer.report import bulk

    source = defaults.source_to_label(args)
    paths = defaults.model_paths(args, source.paths, models.BEST)
    defaults.must_be_free(args.out, source.paths, paths)
    named = args.outputs or args.classes
    asked = args.usage, args.pixels, named, args.mirror, args.turn
    shown = args.names, args.probabilities, args.columns
    rows = bulk.write(args.out, bulk.Task(source, (*paths,), *asked, *shown), args.ray)
    print(f"wrote {args.out}: {rows:,} faces of {source}")


if __name__ == "__main__":
    cli.run(main)
