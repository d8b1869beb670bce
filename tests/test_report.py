"""The report: what it trains, draws and writes."""

import dataclasses
import html
import shutil
import subprocess
import types
from pathlib import Path

import numpy as np
import pytest
from by_command import is_drawn, parsed, run, write_unlabelled
from model_files import copied

import report
from fer import BadInput, cli, data, defaults, models, scores
from fer.report import sections, wording
from fer.training import recipe
from fer.training import run as run_
from fer.training.recipe import Recipe


@pytest.fixture(scope="module")
def reported(trained, drawn, drawn_csv, tmp_path_factory):
    """The folder that report.py wrote."""
    folder = tmp_path_factory.mktemp("report")
    write_unlabelled(folder / "test.csv", range(len(drawn)), drawn.images)
    words = ("--csv", drawn_csv, "--models", trained, "--test", folder / "test.csv")
    run("report.py", *words, "--out", "figures", folder=folder)
    return folder / "figures"


def test_the_report_trains_its_three_models_and_none_twice(
    drawn_csv, tmp_path, capsys, monkeypatch
):
    report.train(drawn_csv, tmp_path, epochs=1, seed=0)
    names = {"cnn": "generator", "cnn_plain": "none", "dnn": "generator"}
    for name, augmented in names.items():
        out = tmp_path / f"{name}.keras"
        network = name.removesuffix("_plain")
        wanted = run_.resolved(Recipe(network, epochs=1, augment=augmented))
        card = models.load(out).card
        assert card["recipe"] == wanted.as_dict()
        with monkeypatch.context() as patch:
            asked = parsed(card["command"].removeprefix("python "), patch)
        assert recipe.from_flags(asked, network=network) == wanted
        assert (defaults.source(asked), asked.out) == (data.Source.of(drawn_csv), out)
    (tmp_path / "dnn.csv").unlink()
    capsys.readouterr()
    report.train(drawn_csv, tmp_path, epochs=1, seed=0)
    said = capsys.readouterr().out
    assert said.count("is already trained so") == 2
    assert f"wrote {tmp_path / 'dnn.keras'}" in said


PICTURES = (
    *("cnn_curves", "dnn_curves", "comparison", "confusion", "saliency"),
    *("conv1_filters", "conv1_responses", "conv2_filters", "conv2_responses"),
)
SECTIONS = (
    *(
        "1. Convolutional neural network",
        "2. Deep neural network of as many parameters",
    ),
    *("3. Confusion matrix", "4. Saliency map", "5. Filters", "6. Kaggle submission"),
)


def test_report_writes_every_picture_and_the_cnns_submission(reported, trained, drawn):
    assert all(is_drawn(reported / f"{name}.png") for name in PICTURES)
    told = {
        path.stem: models.load(path).predict(drawn.images).argmax(1).tolist()
        for path in trained.glob("*.keras")
    }
    assert told["cnn"] != told["cnn_plain"] and told["cnn"] != told["dnn"]
    rows = (reported / "submission.csv").read_text().splitlines()[1:]
    assert [int(row.split(",")[1]) for row in rows] == told["cnn"]


def test_what_is_trained_so_has_the_network_the_faces_and_the_options(trained):
    path = trained / "dnn.keras"
    card = models.load(path).card
    same = {"digest": card["data"]["digest"], "recipe": card["recipe"]}
    assert models.is_trained_so(path, **same)
    for other in {"digest": "0"}, {"recipe": {}}:
        assert not models.is_trained_so(path, **same | other)


def test_a_difference_is_the_first_ones_gain():
    made = {"a": np.zeros(9, int), "b": np.ones(9, int)}
    about = types.SimpleNamespace(card={"recipe": {}})
    material = types.SimpleNamespace(
        faces=types.SimpleNamespace(labels=made["a"]),
        predicted=made,
        models=dict.fromkeys(made, about),
    )
    said = sections._compare(material, ("A", "B"), "a", "b", set())
    assert said.startswith("A against B: +100.0 points")


def test_the_submission_of_a_report_labels_rows_of_every_usage(
    trained, drawn_csv, tmp_path
):
    faces = tmp_path / "all.csv"
    faces.write_text(drawn_csv.read_text().replace("PublicTest", "PrivateTest"))
    cnn = {sections.CNN: models.load(trained / "dnn.keras")}
    material = types.SimpleNamespace(test=faces, out=tmp_path, models=cnn)
    assert "the 140 faces of all.csv" in "".join(sections.submission(material))
    assert len((tmp_path / "submission.csv").read_text().splitlines()) == 141


def test_a_recipe_tells_what_a_model_learned_from():
    made = Recipe(epochs=3, augment="none").as_dict()
    assert sections._recipe(made) == "epochs 3, augment none, optimizer adamw"
    made |= {"teachers": ["t.keras"], "start": "s.keras"}
    assert sections._recipe(made).endswith("adamw, taught, trained further")


def test_the_page_tells_what_each_model_scores(reported, trained, drawn):
    page = (reported / "report.html").read_text()
    loaded = {
        name: models.load(trained / file) for name, file in sections.FILES.items()
    }
    places = [page.index(f"<td>{name}</td>") for name in loaded]
    for place, model in zip(places, loaded.values(), strict=True):
        score = model.card["scores"]["one pass"]["accuracy"]
        assert f"{score:.4f}" in page[place : page.index("</tr>", place)]
    cnn = loaded[sections.CNN]
    held = cnn.validation(drawn)
    asked = held.labels, cnn.predict(held.images).argmax(1), cnn.classes
    counts = scores.matrix(*asked)
    for text in scores.table(*asked), wording.confusions(counts, cnn.classes):
        assert html.escape(text) in page


class Asked(Exception):
    """What sections.gather was asked for."""


@pytest.mark.parametrize(
    ("own", "words", "source", "folder", "epochs"),
    [
        (False, (), "sample", "sample", cli.SAMPLE_EPOCHS),
        (False, ("--epochs", 3, "--seed", 5), "sample", "sample", 3),
        (True, (), "fer2013", "fer2013", None),
        (True, ("--train",), "fer2013", "report", 60),
        (True, ("--models", "models/mine"), "fer2013", "mine", None),
    ],
)
def test_a_report_finds_faces_models_and_folders_by_itself(
    own, words, source, folder, epochs, call, drawn_csv, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    for name in ("sample", "sample_test", *(("fer2013", "test") if own else ())):
        shutil.copy(drawn_csv, f"data/{name}.csv")
    trained = []
    monkeypatch.setattr(report, "train", lambda *asked: trained.append(asked))

    def gather(*asked):
        raise Asked(*asked)

    monkeypatch.setattr(sections, "gather", gather)
    with pytest.raises(Asked) as found:
        call(report, *words)
    source, folder = data.Source.of(f"data/{source}.csv"), Path(f"models/{folder}")
    test = Path("data/test.csv" if own else "data/sample_test.csv")
    out = Path("figures/report" if own else "figures/sample")
    seed = 5 if "--seed" in words else 0
    assert found.value.args == (source, folder, test, out, seed)
    assert trained == ([(source, folder, epochs, seed)] if epochs else [])


def test_the_page_has_every_section_in_order_and_loads_nothing(reported):
    page = (reported / "report.html").read_text()
    places = [page.index(f"<h2>{section}</h2>") for section in SECTIONS]
    assert places == sorted(places)
    assert (
        page.count("<img ")
        == page.count('src="data:image/png;base64,')
        == len(PICTURES)
    )
    assert "default-src 'none'" in page
    assert "http:" not in page and "https:" not in page and "<script" not in page
    assert page.count("95% interval") >= 4
    assert page.count("They differ in augment, too.") == 1  # CNN and DNN
    assert page.count("35 faces&#x27; mean") == 1


def test_the_seed_is_of_what_the_report_draws_at_random(
    trained, drawn_csv, tmp_path, monkeypatch
):
    monkeypatch.setattr(sections.cli, "STEPS", 1)
    monkeypatch.setattr(sections.cli, "LAYERS", ("1",))
    material = sections.gather(drawn_csv, trained, None, tmp_path, seed=0)
    drawn = []
    for seed in (0, 0, 1):
        assert list(sections.filters(dataclasses.replace(material, seed=seed)))
        drawn.append((tmp_path / "conv1_filters.png").read_bytes())
    assert drawn[0] == drawn[1] != drawn[2]


def test_models_of_unlike_splits_are_not_compared(drawn_csv, tmp_path, monkeypatch):
    def load(path):
        rows = slice(100, 120) if path.stem == "dnn" else slice(105, 140)
        return types.SimpleNamespace(
            classes=data.CLASSES,
            to_judge=lambda faces: (faces.take(rows), 0),
            validation=lambda faces: faces.take(rows),
        )

    monkeypatch.setattr(models, "load", load)
    with pytest.raises(BadInput, match=r"dnn\.keras is validated by other rows than"):
        sections.gather(drawn_csv, tmp_path, None, tmp_path, seed=0)


def test_validation_rows_that_are_copies_of_fitted_ones_are_counted(
    trained, drawn_csv, tmp_path
):
    lines = drawn_csv.read_text().splitlines(keepends=True)
    lines[-2:] = [line.replace("Training", "PublicTest") for line in lines[1:3]]
    (tmp_path / "copies.csv").write_text("".join(lines))
    material = sections.gather(tmp_path / "copies.csv", trained, None, tmp_path, 0)
    [said, _] = sections.summary(material)
    assert "2 of them are copies" in said


def test_the_page_in_a_browser(reported):
    from shutil import which

    browser = which("chromium") or which("chromium-browser") or which("google-chrome")
    if not browser:
        pytest.skip("no Chromium is installed")
    # The page's own policy forbids scripts, so a copy without it asks the pictures.
    page = (reported / "report.html").read_text()
    assert "Content-Security-Policy" in page
    asking = page.replace('http-equiv="Content-Security-Policy"', "").replace(
        "</body>",
        "<script>document.title = 'loaded ' + [...document.images].filter("
        "i => i.complete && i.naturalWidth > 100).length</script></body>",
    )
    for name, content in (("plain", page), ("asking", asking)):
        path = reported / f"{name}.html"
        path.write_text(content)
        done = subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
                *("--enable-logging=stderr", "--virtual-time-budget=5000"),
                path.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "CONSOLE" not in done.stderr
        assert all(f"<h2>{section}</h2>" in done.stdout for section in SECTIONS)
    assert f"<title>loaded {len(PICTURES)}</title>" in done.stdout


def test_a_report_of_a_cnn_without_convolutions_is_refused(
    trained, drawn_csv, tmp_path
):
    for name in ("cnn", "cnn_plain", "dnn"):
        copied(trained / "dnn.keras", tmp_path / f"{name}.keras")
        shutil.copy(trained / "dnn.csv", tmp_path / f"{name}.csv")
    with pytest.raises(BadInput, match=r"cnn\.keras has too few convolutions"):
        sections.gather(drawn_csv, tmp_path, None, tmp_path, seed=0)
