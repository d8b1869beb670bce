"""What the flags stand for: faces, models, options; defaults are printed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import BadInput, flags

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from fer.data import Faces, Source
    from fer.models import Model
    from fer.types import Images, Probabilities

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

    source: a path, several, or a data.Source.
    """
    one = isinstance(source, (str, os.PathLike))
    paths: Any = [source] if one else getattr(source, "paths", source)
    drawn = [
        os.path.realpath(base / path)
        for base in (Path(), ROOT)
        for path in (SAMPLE_CSV, SAMPLE_TEST_CSV)
    ]
    return all(os.path.realpath(path) in drawn for path in paths)


def model_paths(
    args: argparse.Namespace, read: Sequence[Path], shipped: Path | None = None
) -> list[Path]:
    """The models for faces of the paths `read`: --model, else a default, printed.

    The default is the user's own model, else `shipped`; for drawn faces, one trained on
    them. Raises BadInput where there is none, or where a named model was not trained on
    the drawn faces that would be read by default.
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


def own_or_shipped_model(args: argparse.Namespace) -> list[Path]:
    """The model to use where no faces are read, a list; said if it was not named."""
    from fer import models

    if args.model:
        return [args.model]
    path = found(models.OWN, models.SHIPPED)
    if not path:
        raise BadInput(f"there is no {models.SHIPPED}: name a model with --model")
    print(f"using {path}")
    return [path]


def _knows_sample(path):
    """Whether the model was trained on the drawn sample, as its card tells."""
    from fer import models

    if not models.has_card(path):
        return False
    return models.without_network(path).card["data"]["file"] == SAMPLE_CSV.name


def models_and_teller(
    args: argparse.Namespace, written: Sequence[Path | None], read: Sequence[Path]
) -> tuple[list[Model], Callable[[Images], Probabilities]]:
    """The models, and a function from faces (N, 48, 48) uint8 to probabilities (N, C).

    Without --model the best shipped one. written: files to write; None is skipped.
    Raises BadInput for one that cannot be written, or is an input or part of a model.
    """
    from fer import models

    paths = model_paths(args, read, models.BEST)
    for path in filter(None, written):
        must_be_free(path, read, paths)
    loaded = models.load_all(paths, args.pixels, args.outputs or args.classes)

    def tell(faces):
        return models.probabilities(loaded, faces, args.mirror, args.turn)

    return loaded, tell


def must_be_free(
    written: Path, read: Sequence[Path], model_paths: Sequence[Path]
) -> None:
    """Raise BadInput where a file to write cannot be, or is read, or a model's."""
    from fer import files, models

    of_models = [file for path in model_paths for file in models.files_of(path)]
    files.free_to_write(written, *read, *of_models)


@dataclass(frozen=True)
class Judged:
    """The models, and the faces to judge them on."""

    source: Source
    paths: list[Path]  # the models'
    models: list[Model]
    faces: Faces  # new to all the models; labelled, unless the caller asked otherwise

    @property
    def model(self) -> Model:
        """The only one, or the first."""
        return self.models[0]


def models_and_faces(
    args: argparse.Namespace, written: Path, labelled: bool = True
) -> Judged:
    """The models and the faces to judge them on: validation rows, or those of --usage.

    written: the file to write. labelled: whether faces must have labels; without, all
    are judged. Raises BadInput where `written` cannot be, or is an input; where there
    are no such faces; and where no row is known to be unseen.
    """
    from fer import data, models

    read = source(args)
    paths = model_paths(args, read.paths)
    if not (args.outputs or all(map(models.has_card, paths))):
        # Such a model's outputs are what --classes names; faces tell their own.
        read = replace(read, classes=())
    must_be_free(written, read.paths, paths)
    faces = load(read, data.USAGES if args.usage else data.FITTING)
    if labelled:
        data.must_be_labelled(faces, read)
    loaded = models.load_all(paths, args.pixels, args.outputs or args.classes)
    if faces.labels is not None:
        faces = data.in_classes(faces, loaded[0].classes, read)
        asked = args.usage, args.unseen, args.drop_seen
        faces, copies = models.to_judge(loaded, faces, *asked)
        if copies:
            print(f"{copies:,} of {len(faces):,} faces are copies of fitted ones")
    return Judged(read, paths, loaded, faces)


def rows_to_label(source: Source, usage: str | None = None) -> Faces:
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


def face_to_explain(
    args: argparse.Namespace, written: Path
) -> tuple[Model, Images, int | None, str]:
    """The model, a face (48, 48) uint8, its label or None, and what to call the face.

    The face is --photo, or row --image of --data: of its validation rows if it has
    labels. By default it is the first face of fear that the model gets right, or the
    first face without labels. written: the file to write. Raises BadInput as `row` and
    models_and_faces, and for --photo beside --data or --image.
    """
    from fer import scores

    if args.photo:
        return _photo_to_explain(args, written)
    judged = models_and_faces(args, written, labelled=False)
    model, faces = judged.model, judged.faces
    number = args.image or 0
    if args.image is None and faces.labels is not None:
        shown = flags.SHOWN
        wanted = model.classes.index(shown) if shown in model.classes else -1
        predicted = model.predict(faces.images).argmax(1)
        number = scores.first_right(faces.labels, predicted, wanted)
    image = faces.images[row(number, faces, judged.source)]
    label = None if faces.labels is None else int(faces.labels[number])
    return model, image, label, f"image {number}"


def _photo_to_explain(args, written):
    """As face_to_explain, of --photo."""
    from fer import models
    from fer.data import pictures

    if args.data or args.image is not None:
        raise BadInput("--photo is the face: leave --data and --image out")
    [path] = model_paths(args, (args.photo,))
    must_be_free(written, [args.photo], [path])
    face = pictures.face(args.photo)
    model = models.load_any(path, args.pixels, args.outputs or args.classes)
    return model, face, None, args.photo.name


def row(number: int, faces: Faces, source: Source) -> int:
    """`number`, if it is a row of `faces`, of `source`; raises BadInput otherwise."""
    if number >= len(faces):
        raise BadInput(
            f"--image {number} is past the last validation row of {source}, "
            f"{len(faces) - 1}"
        )
    return number


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
