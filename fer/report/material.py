"""The input of the report: models, histories, faces and their probabilities."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from fer import BadInput, data, explain, files, flags, models, scores
from fer.data import sample
from fer.explain import regions
from fer.report import page
from fer.training import run
from fer.types import Bools, Floats, Ints, Labels

CNN, PLAIN, DNN = "CNN", "CNN without augmentation", "DNN"
OWN, RANDOM = "its maps", "random maps"
MEASURED = 100  # faces, to see how faithful maps are
FILES = {CNN: "cnn.keras", PLAIN: "cnn_plain.keras", DNN: "dnn.keras"}
LIKE_FOR_LIKE = "coursework_"  # before these names, where better models are beside them


@dataclass(frozen=True, kw_only=True)
class Material:
    """The input of every section; the keys of its dicts are CNN, PLAIN and DNN."""

    source: data.Source
    paths: dict  # of the models
    test: Path | None  # the faces to label
    out: Path  # the folder of the page
    seed: int  # of what is drawn at random
    most: int  # faces that a cell of the confusion matrix shows
    command: str  # that makes the page
    models: dict
    histories: dict
    faces: data.Faces  # the validation rows
    everything: data.Faces  # those, and the rows to fit on
    probabilities: dict  # (N, classes) float32 each

    @property
    def labels(self) -> Labels:
        """The labels of the validation rows: (N,) int."""
        return self.faces.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the labels."""
        return self.models[CNN].classes

    @functools.cached_property
    def predicted(self) -> dict[str, Labels]:
        """The likeliest class of each face, by network: (N,) int each."""
        return {title: each.argmax(1) for title, each in self.probabilities.items()}

    @functools.cached_property
    def copies(self) -> Bools:
        """Which validation rows the CNN was fitted on a copy of: (N,) bool."""
        fitted = self.models[CNN].fitted
        if fitted is None:
            return np.zeros(len(self.faces), bool)
        return np.isin(data.short_digests(self.faces.images), fitted)

    @functools.cached_property
    def counts(self) -> Ints:
        """The CNN's confusion matrix: (C, C) int."""
        return scores.matrix(self.labels, self.predicted[CNN], self.classes)

    @functools.cached_property
    def heat(self) -> Floats:
        """What the CNN names each face by: (N, 48, 48) float32 in 0..1."""
        network = self.models[CNN].network
        asked = network, self.faces.images, self.predicted[CNN]
        return explain.heat_of(explain.best(network), *asked)

    @functools.cached_property
    def regions(self) -> tuple[dict[str, Bools], bool]:
        """Where a face's parts lie, by name, and whether each face's own are known.

        Of the drawn sample (N, 48, 48) bool each, else one template's, (48, 48).
        """
        known = sample.regions_of(self.faces.images)
        return (known or regions.template()), known is not None

    @functools.cached_property
    def faithfulness(self) -> dict[str, Floats]:
        """Deletion and insertion curves of the CNN's maps, and of blind ones.

        {name: explain.faithfulness.curves}, of the first MEASURED faces and the
        class that the CNN names.
        """
        network, named = self.models[CNN].network, self.predicted[CNN][:MEASURED]
        few = self.faces.images[:MEASURED]
        maps = {
            OWN: self.heat[:MEASURED],
            RANDOM: explain.at_random(few, self.seed),
            "a blob in the middle": explain.faithfulness.blob(few),
        }
        return {
            name: explain.faithfulness.curves(network, few, each, named)
            for name, each in maps.items()
        }

    def save(self, name: str, figure: Figure) -> None:
        """Save the figure as `name` beside the page."""
        files.write_figure(self.out / name, figure)

    def picture(self, name: str, figure: Figure, caption: str) -> page.Html:
        """Save the figure as `name` beside the page; return it as part of the page."""
        self.save(name, figure)
        return page.picture(page.screened(self.out / name), caption)


def recipe(model: models.Model) -> dict[str, Any]:
    """The choices of the model's training, by name."""
    return model.card["recipe"]


def accuracy(model: models.Model) -> float:
    """The model's accuracy in one pass, 0..1, as its card has it."""
    return model.card["scores"]["one pass"]["accuracy"]


def gather(source: data.Source, folder: Path, **asked: Any) -> Material:
    """Load the models of `folder`; let them predict `source`'s validation rows.

    asked: test, out, seed, most and command, as Material has them.
    """
    faces = data.load(source)
    data.must_be_labelled(faces, source)
    paths = paths_in(folder)
    loaded = {title: models.load(path) for title, path in paths.items()}
    faces = data.in_classes(faces, loaded[CNN].classes, source)
    held = loaded[CNN].validation(faces)
    _must_go_together(paths, loaded, faces, held)
    print(f"scoring {', '.join(loaded)} on {len(held):,} validation rows", flush=True)
    return Material(
        source=source,
        paths=paths,
        models=loaded,
        histories={title: run.read_history(path) for title, path in paths.items()},
        faces=held,
        everything=faces,
        probabilities={
            title: model.predict(held.images) for title, model in loaded.items()
        },
        **asked,
    )


def paths_in(folder: Path) -> dict[str, Path]:
    """The models of a folder to compare: the coursework's, where there are others."""
    alike = {title: folder / f"{LIKE_FOR_LIKE}{name}" for title, name in FILES.items()}
    if all(path.exists() for path in alike.values()):
        return alike
    return {title: folder / name for title, name in FILES.items()}


def _must_go_together(paths, loaded, faces, held):
    """Raise BadInput for models of unlike splits, or with nothing to show."""
    for title, model in loaded.items():
        if data.digest(model.validation(faces)) != data.digest(held):
            raise BadInput(
                f"{paths[title]} is validated by other rows than "
                f"{paths[CNN].name}: train the three on one split"
            )
    if len(explain.convolutions(loaded[CNN].network)) < len(flags.LAYERS):
        raise BadInput(
            f"{paths[CNN]} has too few convolutions to show: name a folder "
            "whose cnn.keras is of train_cnn.py"
        )
