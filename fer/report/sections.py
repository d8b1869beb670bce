"""The report's sections: pictures, tables, and sentences computed from them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer import BadInput, cli, data, explain, files, models, networks, scores
from fer.report import figures, page, wording
from fer.training import curves, run

CNN, PLAIN, DNN = "CNN", "CNN without augmentation", "DNN"
MEASURED = 100  # faces, to see how faithful maps are
FILES = {CNN: "cnn.keras", PLAIN: "cnn_plain.keras", DNN: "dnn.keras"}


@dataclass(frozen=True)
class Material:
    """What the sections draw on; dicts go by CNN, PLAIN and DNN."""

    models: dict
    histories: dict
    faces: data.Faces  # the validation rows
    copies: int  # of other rows than these, among them
    predicted: dict  # (N,) int each
    test: Path | None
    out: Path
    source: data.Source
    seed: int

    def picture(self, name, figure, caption):
        """Save the figure as `name` beside the page; return it as part of the page."""
        files.write_figure(self.out / name, figure)
        return page.picture((self.out / name).read_bytes(), caption)


def gather(source, folder, test, out, seed):
    """Load the models of `folder`; let them predict `source`'s validation rows."""
    faces = data.load(source)
    data.must_be_labelled(faces, source)
    loaded = {title: models.load(folder / name) for title, name in FILES.items()}
    faces = data.in_classes(faces, loaded[CNN].classes, source)
    held, copies = loaded[CNN].to_judge(faces)
    _must_go_together(folder, loaded, faces, held)
    print(f"scoring {', '.join(loaded)} on {len(held):,} validation rows", flush=True)
    return Material(
        loaded,
        {title: run.read_history(folder / name) for title, name in FILES.items()},
        held,
        copies,
        {
            title: model.predict(held.images).argmax(1)
            for title, model in loaded.items()
        },
        test,
        out,
        source,
        seed,
    )


def _must_go_together(folder, loaded, faces, held):
    """Raise BadInput for models of unlike splits, or with nothing to show."""
    for title, model in loaded.items():
        if data.digest(model.validation(faces)) != data.digest(held):
            raise BadInput(
                f"{folder / FILES[title]} is validated by other rows than "
                f"{FILES[CNN]}: train the three on one split"
            )
    if len(explain.convolutions(loaded[CNN].network)) < len(cli.LAYERS):
        raise BadInput(
            f"{folder / FILES[CNN]} has too few convolutions to show: name a folder "
            "whose cnn.keras is of train_cnn.py"
        )


def summary(report):
    """What was read, and what each network scores on the validation rows."""
    rows = []
    for title, model in report.models.items():
        score = scores.accuracy(report.faces.labels, report.predicted[title])
        low, high = score["interval"]
        rows.append(
            (
                title,
                f"{model.card['parameters']:,}",
                f"{score['accuracy']:.4f}",
                f"{low:.4f} to {high:.4f}",
                _recipe(model.card["recipe"]),
                model.card["data"]["file"],
            )
        )
    header = (
        "network",
        "parameters",
        "accuracy",
        "95% interval",
        "recipe",
        "trained on",
    )
    yield page.paragraph(
        f"{report.source.name}: {len(report.faces):,} validation rows, which a "
        f"training on it leaves out; {report.copies:,} of them are copies, pixel by "
        "pixel, of a row that it fits."
    )
    yield page.table(header, rows)


def _recipe(recipe):
    told = [f"{name} {recipe[name]}" for name in ("epochs", "augment", "optimizer")]
    more = {"teachers": "taught", "start": "trained further"}
    return ", ".join(told + [word for name, word in more.items() if recipe[name]])


def cnn(report):
    """The CNN: structure, curves with and without augmentation side by side."""
    yield page.heading("1. Convolutional neural network")
    yield page.preformatted(networks.structure_text(report.models[CNN].network))
    shown = {title: report.histories[title] for title in (CNN, PLAIN)}
    yield report.picture(
        "cnn_curves.png", curves.curves(shown), "Training procedure of the CNN"
    )
    names = "With augmentation", "without"
    yield page.paragraph(
        f"{wording.history(report.histories[CNN])} "
        f"{_compare(report, names, CNN, PLAIN, meant={'augment'})}"
    )


def dnn(report):
    """The DNN: structure, curves, and both networks on one axis."""
    yield page.heading("2. Deep neural network of as many parameters")
    yield page.preformatted(networks.structure_text(report.models[DNN].network))
    yield report.picture(
        "dnn_curves.png",
        curves.curves({DNN: report.histories[DNN]}),
        "Training procedure of the DNN",
    )
    both = {title: report.histories[title] for title in (CNN, DNN)}
    yield report.picture("comparison.png", curves.comparison(both), "CNN against DNN")
    yield page.paragraph(
        f"{wording.history(report.histories[DNN])} "
        f"{_compare(report, ('The CNN', 'the DNN'), CNN, DNN, meant={'network'})}"
    )


def confusion(report):
    """The CNN's confusion matrix and the table a class."""
    yield page.heading("3. Confusion matrix")
    labels, predicted = report.faces.labels, report.predicted[CNN]
    classes = report.models[CNN].classes
    counts = scores.matrix(labels, predicted, classes)
    yield report.picture(
        "confusion.png",
        figures.confusion(counts, classes),
        "Confusion matrix of the CNN",
    )
    yield page.paragraph(wording.confusions(counts, classes))
    yield page.preformatted(scores.table(labels, predicted, classes))


def saliency(report):
    """One face, what of it the CNN's score depends on, and what is left of it."""
    yield page.heading("4. Saliency map")
    model = report.models[CNN]
    row = explain.first_right(
        report.faces.labels, report.predicted[CNN], model.classes.index(cli.SHOWN)
    )
    image, label = report.faces.images[row], report.faces.labels[row]
    heat = explain.saliency(model.network, image[None], [label])[0]
    masked = explain.mask(image, heat, cli.THRESHOLD)
    drawn = figures.saliency(image, heat, masked, model.classes[label], cli.THRESHOLD)
    yield report.picture("saliency.png", drawn, f"Saliency of validation image {row}")
    few, named = report.faces.images[:MEASURED], report.predicted[CNN][:MEASURED]
    maps = explain.saliency(model.network, few, named)
    measured = explain.against_chance(model.network, few, maps, named, report.seed)
    yield page.paragraph(
        f"{wording.saliency(heat, cli.THRESHOLD)} {wording.faithfulness(*measured)}"
    )


def filters(report):
    """What the first two convolutions look for, and what they make of a face."""
    yield page.heading("5. Filters")
    network = report.models[CNN].network
    row = min(cli.IMAGE, len(report.faces) - 1)
    image = report.faces.images[row]
    for layer in explain.pick_layers(network, cli.LAYERS):
        found, climbed, dead = explain.ascend(network, layer, cli.STEPS, report.seed)
        maps = explain.responses(network, layer, image)
        for name, drawn, title in figures.filter_pictures(
            layer.name, found, dead, cli.STEPS, maps, row
        ):
            yield report.picture(name, drawn, title)
        yield page.paragraph(wording.filters(layer.name, climbed, dead, maps))


def submission(report):
    """The Kaggle submission."""
    yield page.heading("6. Kaggle submission")
    if report.test is None:
        yield page.paragraph("No test file: name one with --test.")
        return
    faces = data.load(report.test, data.USAGES)
    labels = report.models[CNN].predict(faces.images).argmax(1)
    files.write_submission(report.out / "submission.csv", faces.ids, labels)
    classes = report.models[CNN].classes
    counts = np.bincount(labels, minlength=len(classes))
    yield page.paragraph(
        f"submission.csv labels the {len(faces):,} faces of {report.test.name}; "
        f"most often {classes[counts.argmax()]} ({counts.max() / len(faces):.0%})."
    )
    shares = [f"{count / len(faces):.1%}" for count in counts]
    yield page.table(
        ("class", "faces", "share"), zip(classes, counts, shares, strict=True)
    )


def _compare(report, names, title, other, meant):
    """What two networks score, and which options but the `meant` set them apart."""
    change = scores.difference(
        report.faces.labels, report.predicted[title], report.predicted[other]
    )
    one, two = (report.models[each].card["recipe"] for each in (title, other))
    others = {name for name in one | two if one.get(name) != two.get(name)} - meant
    return wording.difference(*names, change, sorted(others))


ALL = (summary, cnn, dnn, confusion, saliency, filters, submission)
