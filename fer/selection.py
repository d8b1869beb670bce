"""The models and the faces that a script's flags select, loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fer import BadInput, defaults, flags

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from fer.data import Faces, Source
    from fer.models import Model
    from fer.types import Images, Probabilities


def models_and_teller(
    args: argparse.Namespace, written: Sequence[Path | None], read: Sequence[Path]
) -> tuple[list[Model], Callable[[Images], Probabilities]]:
    """The models, and a function from faces (N, 48, 48) uint8 to probabilities (N, C).

    Without --model the best shipped one. written: files to write; None is skipped.
    Raises BadInput for one that cannot be written, or is an input or part of a model.
    """
    from fer import models

    paths = defaults.model_paths(args, read, models.BEST)
    for path in filter(None, written):
        defaults.must_be_free(path, read, paths)
    loaded = models.load_all(paths, args.pixels, args.outputs or args.classes)

    def tell(faces):
        return models.probabilities(loaded, faces, args.mirror, args.turn)

    return loaded, tell


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

    read = defaults.source(args)
    paths = defaults.model_paths(args, read.paths)
    if not (args.outputs or all(map(models.has_card, paths))):
        # Such a model's outputs are what --classes names; faces tell their own.
        read = replace(read, classes=())
    defaults.must_be_free(written, read.paths, paths)
    faces = defaults.load(read, data.USAGES if args.usage else data.FITTING)
    if labelled:
        data.must_be_labelled(faces, read)
    loaded = models.load_all(paths, args.pixels, args.outputs or args.classes)
    if args.drop_leaks:
        faces, leaks = data.with_rows(faces), data.leaks(faces, args.drop_leaks)
    if faces.labels is not None:
        faces = data.in_classes(faces, loaded[0].classes, read)
        asked = args.usage, args.unseen, args.drop_seen
        faces, copies = models.to_judge(loaded, faces, *asked)
        if copies:
            print(f"{copies:,} of {len(faces):,} faces are copies of fitted ones")
    if args.drop_leaks:
        faces = _without(faces, leaks, args.drop_leaks)
    return Judged(read, paths, loaded, faces)


def _without(faces, leaks, path):
    """The faces without the rows that leak; raises BadInput where none is left."""
    import numpy as np

    rest = faces.take(np.flatnonzero(~np.isin(faces.rows, leaks)))
    gone = len(faces) - len(rest)
    print(f"{gone:,} of {len(faces):,} faces left out: leaks in {path}")
    if not len(rest):
        raise BadInput(f"{path} calls all of these faces leaks: judge on others")
    return rest


def rows_to_label(source: Source, usage: str | None = None) -> Faces:
    """The faces of a data.Source, or only those of one Usage.

    Raises BadInput where the faces have no Usage to choose by.
    """
    from fer import data

    faces = defaults.load(source, (usage,) if usage else data.USAGES)
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
    [path] = defaults.model_paths(args, (args.photo,))
    defaults.must_be_free(written, [args.photo], [path])
    face = pictures.face(args.photo)
    model = models.load_any(path, args.pixels, args.outputs or args.classes)
    return model, face, None, args.photo.name


def classes_to_explain(
    args: argparse.Namespace, model: Model, predicted: int, label: int | None
) -> tuple[int, int | None]:
    """The class to explain and the one to set against it, or None: their numbers.

    As --class and --against name them; predicted and label are the face's. Raises
    BadInput for a class that is not known of the face, and where both are the same.
    """
    named = {name: number for number, name in enumerate(model.classes)}
    known = named | {"predicted": predicted}
    if label is not None:
        known["true"] = label
    for flag in ("class", "against"):
        name = getattr(args, flag)
        if name is not None and name not in known:
            raise BadInput(
                f"--{flag} {name} is not known of this face: choose of "
                f"{', '.join(known)}"
            )
    explained, against = known[getattr(args, "class")], known.get(args.against)
    if explained == against:
        raise BadInput("--class and --against are the same class: name two")
    return explained, against


def face_to_answer(args: argparse.Namespace, judged: Judged) -> tuple[Images, str]:
    """The face (48, 48) uint8 that filters answer, and what to call it.

    It is --photo, or row --image of those that are judged; by default flags.IMAGE.
    """
    if args.photo:
        from fer.data import pictures

        return pictures.face(args.photo), args.photo.name
    number = min(flags.IMAGE, len(judged.faces) - 1)
    if args.image is not None:
        number = row(args.image, judged.faces, judged.source)
    return judged.faces.images[number], f"validation row {number}"


def row(number: int, faces: Faces, source: Source) -> int:
    """`number`, if it is a row of `faces`, of `source`; raises BadInput otherwise."""
    if number >= len(faces):
        raise BadInput(
            f"--image {number} is past the last validation row of {source}, "
            f"{len(faces) - 1}"
        )
    return number
