"""What the flags stand for: faces, model and options, said where nobody named them."""

import os
from dataclasses import replace
from pathlib import Path

from fer import BadInput, cli

OWN_CSV = (Path("data/fer2013.csv"), Path("data/fer2013.csv.gz"))
SAMPLE_CSV, SAMPLE_TEST_CSV = Path("data/sample.csv"), Path("data/sample_test.csv")


def source(args):
    """The faces to read, a data.Source; said where they were not given."""
    from fer import data

    paths = args.data
    if not paths:
        paths = [default_csv()]
        why = f", drawn faces, since there is no {OWN_CSV[0]}"
        print(f"reading {paths[0]}{why if is_sample(paths[0]) else ''}")
    chosen = {name: tuple(getattr(args, name) or ()) for name in cli.DATA[1:]}
    return data.Source(tuple(paths), **chosen)


def load(source, usages):
    """The faces of a data.Source; says which form they have, if not FER2013's own."""
    from fer import data

    faces = data.load(source, usages)
    if faces.form:
        print(f"{source}: {faces.form}", flush=True)
    return faces


def default_csv():
    """The user's own CSV, else the sample, which is drawn if missing."""
    for own in OWN_CSV:
        if own.exists():
            return own
    from fer.data import sample

    if not SAMPLE_CSV.exists():
        sample.write(SAMPLE_CSV, SAMPLE_TEST_CSV)
    return SAMPLE_CSV


def is_sample(source):
    """Whether the faces are the drawn sample's, however its path is written.

    source: a path or a data.Source.
    """
    paths = getattr(source, "paths", (source,))
    return [*map(os.path.realpath, paths)] == [os.path.realpath(SAMPLE_CSV)]


def model_path(args, shipped=None):
    """The model to use; said where it was not given: the user's own, else a shipped."""
    from fer import models

    if args.model:
        return args.model
    found = models.OWN if models.OWN.exists() else shipped or models.SHIPPED
    print(f"using {found}")
    return found


def models_and_teller(args, written, read):
    """The models to use, and a function of faces to their mean probabilities.

    written: files to write, or None. Raises BadInput for one that cannot be, or that is
    one of `read` or of a model's. Where no model is named, the best shipped is used.
    """
    from fer import models

    paths = args.model or [model_path(args, models.BEST)]
    for path in filter(None, written):
        _must_be_free(path, read, paths)
    loaded = models.load_all(paths, args.pixels, args.classes)

    def tell(faces):
        return models.probabilities(loaded, faces, args.mirror, args.turn)

    return loaded, tell


def _must_be_free(written, read, model_paths):
    """Raise BadInput where a file to write cannot be, or is read, or a model's."""
    from fer import files, models

    of_models = [file for path in model_paths for file in models.files_of(path)]
    files.free_to_write(written, *read, *of_models)


def model_and_faces(args, written):
    """The model, and the faces to judge it on: its validation rows, or --usage's.

    args.source and args.model then name them, whoever chose them. written: the
    file to write. Raises BadInput where it cannot be, or is the CSV or one of the
    model's; where the CSV has no such faces; and where, without --usage, no row is
    known to be unseen. What the column Usage says is believed.
    """
    args.source, args.model = source(args), model_path(args)
    [model], faces = _judged(args, [args.model], written)
    return model, faces


def models_and_faces(args, written):
    """As model_and_faces, of one or several models; the faces are new to all."""
    args.source = source(args)
    return _judged(args, args.model or [model_path(args)], written)


def _judged(args, paths, written):
    from fer import data, models

    if not all(map(models.has_card, paths)):
        # Such a model's outputs are what --classes names; faces tell their own.
        args.source = replace(args.source, classes=())
    _must_be_free(written, args.source.paths, paths)
    usage = getattr(args, "usage", None)
    faces = load(args.source, data.USAGES if usage else data.FITTING)
    data.must_be_labelled(faces, args.source)
    loaded = models.load_all(paths, args.pixels, args.classes)
    faces = data.in_classes(faces, loaded[0].classes, args.source)
    asked = usage, args.unseen, args.drop_seen
    faces, copies = models.to_judge(loaded, faces, *asked)
    if copies:
        print(f"{copies:,} of {len(faces):,} faces are copies of fitted ones")
    return loaded, faces


def rows_to_label(source, usage=None):
    """The faces of a data.Source, or only those of one Usage.

    Raises BadInput where the faces have no Usage to choose by.
    """
    from fer import data

    faces = load(source, (usage,) if usage else data.USAGES)
    if usage and faces.usage is None:
        raise BadInput(
            f"{source} has no column Usage, so no rows of {usage}: leave --usage out"
        )
    return faces


def row(number, faces, source):
    """`number`, if it is a row of `faces`, of `source`; raises BadInput otherwise."""
    if number >= len(faces):
        raise BadInput(
            f"--image {number} is past the last validation row of {source}, "
            f"{len(faces) - 1}"
        )
    return number


def test_csv(source):
    """The faces to label for Kaggle that lie beside the CSV `source`, or None.

    source: a path or a data.Source.
    """
    first = getattr(source, "paths", (source,))[0]
    names = ("test.csv", "test.csv.gz")
    if is_sample(source):
        names = (SAMPLE_TEST_CSV.name,)
    beside = [] if first.is_dir() else map(first.with_name, names)
    return next((path for path in beside if path.exists()), None)


def own_or_sample_test_csv():
    """The faces to label that nobody named; said, and raises BadInput without any."""
    found = test_csv(OWN_CSV[0]) or test_csv(source := default_csv())
    if not found and is_sample(source):
        raise BadInput(
            f"{SAMPLE_TEST_CSV} is missing: delete {SAMPLE_CSV}, and both are drawn "
            "anew"
        )
    if not found:
        raise BadInput(f"there is no test.csv beside {source}: name one with --data")
    print(f"reading {found}")
    return found


def for_sample(source):
    """What a training on the CSV `source` chooses otherwise: drawn faces need less."""
    return {"epochs": cli.SAMPLE_EPOCHS} if is_sample(source) else {}
