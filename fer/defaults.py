"""Paths and choices of flags that were not given; each is printed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import BadInput, flags

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fer.data import Faces, Source

ROOT = Path(__file__).resolve().parent.parent  # where the scripts are
OWN_CSV = (Path("data/fer2013.csv"), Path("data/fer2013.csv.gz"))
OWN_TEST_CSV = (Path("data/test.csv"), Path("data/test.csv.gz"))
SAMPLE_CSV, SAMPLE_TEST_CSV = Path("data/sample.csv"), Path("data/sample_test.csv")
SAMPLE_MODEL = Path("models/sample/cnn.keras")


def found(*paths: Path) -> Path | None:
    """The first that is there: where the user is, else beside the scripts; or None."""
    places = [base / path for base in (Path(), ROOT) for path in paths]
    return next((place for place in places if place.exists()), None)


def source(args: argparse.Namespace) -> Source:
    """The faces to read: --data, else the default, which is printed."""
    if args.data:
        return _source(args, args.data)
    path = default_csv()
    why = f", drawn faces, since there is no {OWN_CSV[0]}"
    print(f"reading {path}{why if is_sample(path) else ''}")
    return _source(args, [path])


def source_to_label(args: argparse.Namespace) -> Source:
    """The faces to label: --data, else the default, which is printed."""
    return _source(args, args.data or [own_or_sample_test_csv()])


def _source(args, paths):
    from fer import data

    chosen = {name: tuple(getattr(args, name) or ()) for name in flags.DATA[1:]}
    return data.Source(tuple(paths), **chosen)


def load(source: Source, usages: Sequence[str]) -> Faces:
    """Load a Source; print its form where it is not FER2013's own.

    usages: of USAGES, the rows to take. Raises BadInput as data.load.
    """
    from fer import data

    faces = data.load(source, usages)
    if faces.form:
        print(f"{source}: {faces.form}", flush=True)
    return faces


def default_csv() -> Path:
    """The path of the user's own CSV, else of the sample, which is drawn if missing."""
    there = found(*OWN_CSV) or found(SAMPLE_CSV)
    if there:
        return there
    from fer.data import sample

    sample.write(SAMPLE_CSV, SAMPLE_TEST_CSV)
    return SAMPLE_CSV


def is_sample(source: Path | str | Sequence[Path] | Source) -> bool:
    """Whether the faces are the drawn sample's, however their path is written.

    source: a path, several or none, or a data.Source.
    """
    one = isinstance(source, (str, os.PathLike))
    paths: Any = [source] if one else getattr(source, "paths", source)
    drawn = [
        os.path.realpath(base / path)
        for base in (Path(), ROOT)
        for path in (SAMPLE_CSV, SAMPLE_TEST_CSV)
    ]
    return bool(paths) and all(os.path.realpath(path) in drawn for path in paths)


def model_paths(
    args: argparse.Namespace, read: Sequence[Path], shipped: Path | None = None
) -> list[Path]:
    """The models for faces of the paths `read`: --model, else a default, printed.

    The default is the user's own model, else `shipped`; for drawn faces, one trained on
    them. `read` may be empty. Raises BadInput where no model is found, or where a named
    one was not trained on the drawn faces that would be read by default.
    """
    from fer import models

    drawn = is_sample(read)
    if args.model:
        return _named_models(args, drawn)
    own, other = found(models.OWN), shipped or models.SHIPPED
    if drawn:
        other = SAMPLE_MODEL
    path = own if own and _knows_sample(own) == drawn else found(other)
    if not path:
        raise BadInput(
            f"there is no {other}: `python report.py` trains models on the drawn "
            "sample; or name yours with --model, and your faces with --data"
        )
    print(f"using {path}")
    return [path]


def _named_models(args, drawn):
    """The models of --model; drawn faces that nobody named are refused to others'."""
    named = args.model if isinstance(args.model, list) else [args.model]
    for path in named if drawn and not args.data else ():
        if path.exists() and not _knows_sample(path):
            raise BadInput(
                f"{path} was not trained on the drawn sample, and no faces of your "
                "own are here: name some with --data"
            )
    return named


def _knows_sample(path):
    """Whether the model was trained on the drawn sample, as its card tells."""
    from fer import models

    if not models.has_card(path):
        return False
    return models.without_network(path).card["data"]["file"] == SAMPLE_CSV.name


def must_be_free(
    written: Path, read: Sequence[Path], model_paths: Sequence[Path]
) -> None:
    """Raise BadInput where a file to write cannot be, or is read, or a model's."""
    from fer import files, models

    of_models = [file for path in model_paths for file in models.files_of(path)]
    files.free_to_write(written, *read, *of_models)


def test_csv(source: Path | Source) -> Path | None:
    """The faces to label for Kaggle that lie beside the CSV `source`, or None.

    source: a path or a data.Source.
    """
    paths: Any = getattr(source, "paths", (source,))
    names = [path.name for path in OWN_TEST_CSV]
    if is_sample(source):
        names = [SAMPLE_TEST_CSV.name]
    beside = [] if paths[0].is_dir() else map(paths[0].with_name, names)
    return next((path for path in beside if path.exists()), None)


def own_or_sample_test_csv() -> Path:
    """The faces to label by default, printed; raises BadInput where there are none."""
    there = found(*OWN_TEST_CSV) or test_csv(source := default_csv())
    if not there and is_sample(source):
        raise BadInput(
            f"{source.with_name(SAMPLE_TEST_CSV.name)} is missing: delete {source}, "
            "and both are drawn anew"
        )
    if not there:
        raise BadInput(f"there is no test.csv beside {source}: name one with --data")
    print(f"reading {there}")
    return there


def for_sample(source: Path | Source) -> dict[str, Any]:
    """Choices of a Recipe that differ for `source`: drawn faces need other epochs."""
    return {"epochs": flags.SAMPLE_EPOCHS} if is_sample(source) else {}
