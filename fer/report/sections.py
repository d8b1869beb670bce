"""The report's sections: pictures, tables, and sentences computed from them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fer import data, explain, flags, models, scores, structure
from fer.report import (
    audited,
    charts,
    evidence,
    features,
    figures,
    gallery,
    live,
    mistakes,
    page,
    predictions,
    verdict,
    wording,
)
from fer.report.material import CNN, DNN, OWN, PLAIN, RANDOM, Material, accuracy, recipe
from fer.training import curves

NO_FACES = (
    "This page was made with --faces none, so that it can be shared: no face is in it."
)


def networks_compared(report: Material) -> Iterator[page.Html]:
    """Scores of each network on the validation rows, its recipe and its data."""
    rows = [_scores(report, title) for title in report.models]
    header = (
        *("network", "parameters", "accuracy", "95% CI", "mean recall"),
        *("calibration error", "recipe", "trained on"),
    )
    yield page.table(header, rows, "Scores on the validation rows")
    if others := _others(report):
        columns = ("model", "parameters", "accuracy", "95% CI", "six views", "recipe")
        caption = "Other models of the folder, as their cards tell"
        yield page.table(columns, others, caption)
    yield page.paragraph(
        f"{report.source.name}: {len(report.faces):,} validation rows, which a "
        f"training on it leaves out; {int(report.copies.sum()):,} of them are copies, "
        "pixel by pixel, of a row that it fits."
    )


def _scores(report, title):
    """A network's row of the table of networks_compared."""
    card, told = report.models[title].card, report.probabilities[title]
    score = scores.accuracy(report.labels, told.argmax(1))
    macro = scores.macro(report.labels, told.argmax(1), report.classes)
    return (
        title,
        f"{card['parameters']:,}",
        f"{score['accuracy']:.4f}",
        "{:.4f} to {:.4f}".format(*score["interval"]),
        f"{macro['recall']:.4f}",
        f"{scores.calibration(report.labels, told)['ece']:.3f}",
        _recipe(card["recipe"]),
        card["data"]["file"],
    )


def _others(report):
    """Scores of the models beside those compared, as their cards tell them."""
    folder, known = report.paths[CNN].parent, {*report.paths.values()}
    rows = []
    for path in sorted(folder.glob("*.keras")):
        if path in known:
            continue
        card = models.without_network(path).card
        told, many = (card["scores"].get(it) for it in ("one pass", "six views"))
        score = "{accuracy:.4f}", "{interval[0]:.4f} to {interval[1]:.4f}"
        cells = [text.format(**told) for text in score]
        views = f"{many['accuracy']:.4f}" if many else "not scored"
        rows.append(
            (
                path.stem,
                f"{card['parameters']:,}",
                *cells,
                views,
                _recipe(card["recipe"]),
            )
        )
    return sorted(rows, key=lambda row: row[2], reverse=True)


def _recipe(choices):
    told = [f"{name} {choices[name]}" for name in ("epochs", "augment", "optimizer")]
    more = {"teachers": "taught", "start": "trained further"}
    return ", ".join(told + [word for name, word in more.items() if choices[name]])


def cnn(report: Material) -> Iterator[page.Html]:
    """The CNN: structure, curves with and without augmentation side by side."""
    yield _structure(report, CNN)
    yield from _curves(report, "cnn_curves.png", CNN, PLAIN)
    names = "the CNN with augmentation", "the CNN without"
    yield page.paragraph(
        f"{_history(report, CNN)} "
        f"{_compare(report, names, CNN, PLAIN, meant={'augment'})}"
    )


def dnn(report: Material) -> Iterator[page.Html]:
    """The DNN: structure, curves, and both networks on one axis."""
    yield _structure(report, DNN)
    yield from _curves(report, "dnn_curves.png", DNN)
    both = {title: report.histories[title] for title in (CNN, DNN)}
    report.save("comparison.png", curves.comparison(both))
    series = {
        f"{title}, {rows}": [row[key] for row in history]
        for title, history in both.items()
        for rows, key in (("training", "accuracy"), ("validation", "val_accuracy"))
    }
    yield charts.curves("CNN against DNN: accuracy", "accuracy", series)
    yield page.paragraph(
        f"{_history(report, DNN)} "
        f"{_compare(report, ('the CNN', 'the DNN'), CNN, DNN, meant={'network'})}"
    )


def _structure(report, title):
    text = structure.text(report.models[title].network)
    label = f"Structure of the {title}"
    return page.details(label, page.preformatted(text, label))


def _curves(report, name, *titles):
    """Accuracy and loss by epoch, of each of the networks called `titles`."""
    report.save(name, curves.curves({it: report.histories[it] for it in titles}))
    drawn = [
        charts.curves(
            f"{title}: {measure}",
            measure,
            {
                "training": [row[measure] for row in report.histories[title]],
                "validation": [
                    row[f"val_{measure}"] for row in report.histories[title]
                ],
            },
        )
        for title in titles
        for measure in ("accuracy", "loss")
    ]
    yield page.tag("div", *drawn, class_="charts")
    for title in titles:
        label, keys = (
            f"Numbers of the {title}'s curves",
            list(report.histories[title][0]),
        )
        rows = [[f"{row[key]:.5g}" for key in keys] for row in report.histories[title]]
        yield page.details(label, page.table(keys, rows, label))


def _history(report, title):
    model = report.models[title]
    return wording.history(report.histories[title], recipe(model), accuracy(model))


def confusion(report: Material) -> Iterator[page.Html]:
    """The CNN's confusion matrix, the faces of each cell, and the table a class."""
    labels, predicted = report.labels, report.predicted[CNN]
    counts, classes = report.counts, report.classes
    right = scores.accuracy(labels, predicted)["accuracy"]
    title = f"CNN, {len(labels):,} validation rows, accuracy {right:.4f}"
    report.save("confusion.png", figures.confusion(counts, classes, title))
    yield page.matrix(
        counts, classes, "Share of each true class (row) by predicted class (column)"
    )
    yield page.paragraph(wording.confusions(counts, classes))
    if report.most:
        note = "The faces of each cell are shown by the page's script."
        yield page.tag("noscript", page.paragraph(note))
        heading = page.tag("h3", "The faces of a cell")
        yield page.tag("div", heading, id="viewer")
        yield from gallery.blocks(report)
    else:
        yield page.paragraph(NO_FACES)
    yield _by_class(labels, predicted, classes)


def _by_class(labels, predicted, classes):
    """The CNN's scores, a row a class."""
    each = scores.per_class(labels, predicted, classes)
    rows = [
        (name, *(f"{row[it]:.3f}" for it in ("precision", "recall", "f1")), row["rows"])
        for name, row in each.items()
    ]
    header = ("class", "precision", "recall", "F1", "rows")
    return page.table(header, rows, "The CNN's scores by class")


def calibration(report: Material) -> Iterator[page.Html]:
    """How well probabilities match accuracy: reliability diagrams and their errors."""
    told = {
        title: scores.calibration(report.labels, report.probabilities[title])
        for title in (CNN, DNN)
    }
    drawn = [
        charts.reliability(
            f"{title}: share right by confidence; a wider bar has more faces, the "
            "dashed line is perfect calibration",
            each["bins"],
        )
        for title, each in told.items()
    ]
    yield page.tag("div", *drawn, class_="charts")
    yield page.paragraph(
        "The expected calibration error is the mean distance of the bars' tops from "
        "the dashed line, weighed by their faces: "
        + wording.listed(
            [f"{each['ece']:.3f} of the {it}" for it, each in told.items()]
        )
        + "."
    )


def saliency(report: Material) -> Iterator[page.Html]:
    """One face with the CNN's saliency map and mask, and how faithful such maps are."""
    model, predicted = report.models[CNN], report.predicted[CNN]
    shown = report.classes.index(flags.SHOWN) if flags.SHOWN in report.classes else 0
    row = scores.first_right(report.labels, predicted, shown)
    image, label = report.faces.images[row], report.labels[row]
    method, told = explain.best(model.network), report.probabilities[CNN][row]
    [heat] = explain.heat_of(method, model.network, image[None], predicted[[row]])
    if report.most:
        name = f"validation row {row}"
        title = wording.explained(name, report.classes, label, told, predicted[row])
        drawn = figures.saliency(image, {method: heat}, title, flags.THRESHOLD)
        yield report.picture("saliency.png", drawn, f"Saliency of validation row {row}")
    else:
        yield page.paragraph(NO_FACES)
    curves_of = report.faithfulness
    measured = curves_of[OWN], curves_of[RANDOM]
    yield page.paragraph(
        f"{wording.saliency(heat, flags.THRESHOLD)} {wording.faithfulness(*measured)}"
    )


def submission(report: Material) -> Iterator[page.Html]:
    """The Kaggle submission."""
    if report.test is None:
        yield page.paragraph("No test file: name one with --test.")
        return
    faces = data.load(report.test, data.USAGES)
    labels = report.models[CNN].predict(faces.images).argmax(1)
    predictions.write_submission(report.out / "submission.csv", faces.ids, labels)
    classes = report.models[CNN].classes
    counts = np.bincount(labels, minlength=len(classes))
    yield page.paragraph(
        f"submission.csv labels the {len(faces):,} faces of {report.test.name}; "
        f"most often {classes[counts.argmax()]} ({counts.max() / len(faces):.0%})."
    )
    shares = [f"{count / len(faces):.1%}" for count in counts]
    rows = zip(classes, counts, shares, strict=True)
    yield page.table(("class", "faces", "share"), rows, "What the submission says")


def _compare(report, names, title, other, meant):
    """What two networks score, and which choices but the `meant` set them apart."""
    change = scores.difference(
        report.labels, report.predicted[title], report.predicted[other]
    )
    one, two = (recipe(report.models[each]) for each in (title, other))
    others = {name for name in one | two if one.get(name) != two.get(name)} - meant
    return wording.difference(*names, change, sorted(others))


ALL = {
    "Verdict": verdict.section,
    "Networks": networks_compared,
    "1. Convolutional neural network": cnn,
    "2. Dense neural network of the same size": dnn,
    "3. Confusion matrix": confusion,
    "4. Errors": mistakes.section,
    "5. Calibration": calibration,
    "6. Saliency map": saliency,
    "7. Where the evidence is": evidence.section,
    "8. Filters": features.section,
    "9. A model in the page": live.section,
    "10. The data": audited.section,
    "11. Kaggle submission": submission,
}
