"""Find what is wrong with faces: copies, contradicting labels, blank pictures, ...

python audit.py --data data/fer2013.csv --test data/test.csv
python audit.py --data faces.csv --strict
python audit.py --data faces.csv --predictions out_of_fold.csv
python audit.py --data data/fer2013.csv --model models/fer2013/compact.keras

Writes a CSV of the findings and a picture of the largest groups of copies. With
--strict, it ends in status 1 when validation or test faces copy training faces. Wrong
labels are suspected from --predictions, or from --model on its validation rows.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import cli, defaults, flags

PICTURE = Path("figures/audit.png")


def main() -> None:
    named = (*flags.DATA, "test", "model", "predictions", "strict")
    args = cli.parser(__doc__, *named, out=Path("audit.csv")).parse_args()
    from fer import data, files
    from fer.data import audit, cleaning
    from fer.report import figures

    source = defaults.source(args)
    read = (args.test, args.model, args.predictions)
    files.free_to_write(args.out, *source.paths, *filter(None, read))
    faces = defaults.load(source, data.USAGES)
    told = _probabilities(args, faces, source)
    test = data.load(args.test, data.USAGES) if args.test else None
    everything, names = audit.joined(faces, test)
    found = audit.findings(everything, told, names)
    tables = audit.balance(everything), audit.table(found)
    print(*map(audit.text, tables), sep="\n\n")
    cleaning.save(args.out, faces, found, names)
    groups = audit.largest(found)
    pictures = {about: everything.images[rows] for about, rows in groups.items()}
    files.write_figure(PICTURE, figures.groups(pictures))
    print(f"wrote {args.out} and {PICTURE}")
    if args.strict and any(each.finding == "leak" for each in found):
        sys.exit(1)


def _probabilities(args, faces, source):
    """Of each class (N, C), NaN where no row is known to be unseen; None if not asked.

    Raises BadInput where the model or the CSV is not of these faces.
    """
    if args.predictions:
        from fer.data import cleaning

        return cleaning.probabilities(args.predictions, faces)
    if not args.model:
        return None
    import numpy as np

    from fer import data, models

    model = models.load(args.model)
    data.must_be_labelled(faces, source)
    fitting = data.of_usages(data.in_classes(faces, model.classes, source))
    held = model.validation(fitting)
    told = np.full((len(faces), len(model.classes)), np.nan)
    told[np.isin(faces.rows, held.rows)] = model.predict(held.images)
    return told


if __name__ == "__main__":
    cli.run(main)
