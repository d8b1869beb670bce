"""The report: what it trains, draws and writes."""

import csv
import dataclasses
import html
import re
import shlex
import shutil
import types
from pathlib import Path

import pytest
from by_command import is_drawn, parsed
from model_files import copied, material_of
from small_networks import residual

import report
from fer import (
    BadInput,
    data,
    defaults,
    explain,
    files,
    flags,
    models,
    networks,
    scores,
)
from fer.report import features, material, page, sections, wording
from fer.training import recipe
from fer.training import run as run_
from fer.training.recipe import Recipe


def test_the_report_trains_its_three_models_and_none_twice(
    drawn_csv, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(networks.NETWORKS, "cnn", residual)
    run_.train_coursework(drawn_csv, tmp_path, epochs=1, seed=0)
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
    run_.train_coursework(drawn_csv, tmp_path, epochs=1, seed=0)
    said = capsys.readouterr().out
    assert said.count("is already trained so") == 2
    assert f"wrote {tmp_path / 'dnn.keras'}" in said


PICTURES = (
    *("cnn_curves", "dnn_curves", "comparison", "confusion", "saliency"),
    *("conv1_filters", "conv1_responses", "conv2_filters", "conv2_responses"),
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


def test_the_submission_of_a_report_labels_rows_of_every_usage(
    trained, drawn_csv, tmp_path
):
    faces = tmp_path / "all.csv"
    faces.write_text(drawn_csv.read_text().replace("PublicTest", "PrivateTest"))
    cnn = {material.CNN: models.load(trained / "dnn.keras")}
    gathered = types.SimpleNamespace(test=faces, out=tmp_path, models=cnn)
    assert "the 140 faces of all.csv" in "".join(sections.submission(gathered))
    assert len((tmp_path / "submission.csv").read_text().splitlines()) == 141


def test_the_page_tells_what_each_model_scores(reported, trained, drawn):
    page = (reported / "report.html").read_text()
    table = page[page.index("Scores on the validation rows") :]
    loaded = {
        name: models.load(trained / file) for name, file in material.FILES.items()
    }
    for name, model in loaded.items():
        row = table[table.index(f">{name}</th>") :].partition("</tr>")[0]
        score = model.card["scores"]["one pass"]["accuracy"]
        assert f"<td>{score:.4f}</td>" in row
    cnn = loaded[material.CNN]
    held = cnn.validation(drawn)
    labels, told = held.labels, cnn.predict(held.images)
    counts = scores.matrix(labels, told.argmax(1), cnn.classes)
    assert html.escape(wording.confusions(counts, cnn.classes)) in page
    assert f"{scores.calibration(labels, told)['ece']:.3f} of the CNN" in page


def test_the_mistakes_are_listed_with_what_each_network_says(reported, trained, drawn):
    with open(reported / "mistakes.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    cnn, dnn = (models.load(trained / f"{name}.keras") for name in ("cnn", "dnn"))
    held = cnn.validation(drawn)
    told, other = cnn.predict(held.images), dnn.predict(held.images).argmax(1)
    assert len(rows) == (told.argmax(1) != held.labels).sum() > 0
    for row in rows:
        number = int(row["row"])
        assert row["label"] == cnn.classes[held.labels[number]] != row["predicted"]
        assert row["predicted"] == cnn.classes[told[number].argmax()]
        assert float(row["probability"]) == round(float(told[number].max()), 4)
        assert row["dnn"] == cnn.classes[other[number]]
    sure = [float(row["probability"]) for row in rows]
    assert sure == sorted(sure, reverse=True)


class Asked(Exception):
    """What material.gather was asked for."""


@pytest.mark.parametrize(
    ("own", "words", "source", "folder", "epochs"),
    [
        (False, (), "sample", "sample", flags.SAMPLE_EPOCHS),
        (False, ("--epochs", 3, "--seed", 5), "sample", "sample", 3),
        (True, (), "fer2013", "fer2013", None),
        (True, ("--train",), "fer2013", "report", 60),
        (True, ("--models", "models/mine"), "fer2013", "mine", None),
    ],
)
def test_a_report_finds_faces_models_and_folders_by_itself(
    own, words, source, folder, epochs, call, drawn_csv, alone, monkeypatch
):
    Path("data").mkdir()
    for name in ("sample", "sample_test", *(("fer2013", "test") if own else ())):
        shutil.copy(drawn_csv, f"data/{name}.csv")
    trained = []
    monkeypatch.setattr(run_, "train_coursework", lambda *it: trained.append(it))

    def gather(*asked, **more):
        raise Asked(*asked, more)

    monkeypatch.setattr(material, "gather", gather)
    with pytest.raises(Asked) as found:
        call(report, *words)
    source, folder = data.Source.of(f"data/{source}.csv"), Path(f"models/{folder}")
    test = Path("data/test.csv" if own else "data/sample_test.csv")
    out = Path("figures/report" if own else "figures/sample")
    seed = 5 if "--seed" in words else 0
    more = {"test": test, "out": out, "seed": seed, "most": 24}
    more["command"] = shlex.join(["python", "report.py", *map(str, words)])
    assert found.value.args == (source, folder, more)
    assert trained == ([(source, folder, epochs, seed)] if epochs else [])


def test_the_page_has_every_section_in_order_and_loads_nothing(reported):
    page = (reported / "report.html").read_text()
    places = [page.index(f"<h2>{heading}</h2>") for heading in sections.ALL]
    assert places == sorted(places)
    assert page.count(' src="') == page.count(' src="data:image/webp;base64,') > 0
    assert "default-src 'none'" in page
    assert "http:" not in page and "https:" not in page
    assert page.count("95% CI") >= 4
    # CNN and DNN; that one is augmented is what sets the CNNs apart.
    assert page.count("They also differ in augment.") == 1


def test_the_same_inputs_give_the_same_page(reported, tmp_path, monkeypatch):
    again = tmp_path / "page"
    page = (reported / "report.html").read_text()
    command = html.unescape(re.search("page made by</dt><dd>(.*?)</dd>", page)[1])
    words = [word.replace(str(reported), str(again)) for word in shlex.split(command)]
    monkeypatch.setattr("sys.argv", words[1:])
    monkeypatch.setattr(flags, "STEPS", 2)
    report.main()
    names = sorted(path.name for path in reported.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    for name in names:
        made = (again / name).read_bytes()
        # But for its own name in the command.
        made = made.replace(bytes(again), bytes(reported))
        assert made == (reported / name).read_bytes(), name


def test_a_page_to_share_shows_no_face(trained, drawn_csv, tmp_path, monkeypatch):
    monkeypatch.setattr(flags, "STEPS", 2)
    asked = {"test": None, "out": tmp_path, "seed": 0, "most": 0, "command": ""}
    gathered = material.gather(drawn_csv, trained, **asked)
    parts = {
        heading: list(section(gathered)) for heading, section in sections.ALL.items()
    }
    text = page.page("Title", parts)
    # What is left are filters, images of classes, weights and mean maps: of no face.
    assert text.count(" src=") == len(flags.LAYERS) + 4
    assert "--faces none" in text and 'id="viewer"' not in text
    assert len(text) < 1_500_000
    assert not list(tmp_path.glob("*saliency*")) + list(tmp_path.glob("*_responses*"))


def test_a_second_report_into_the_same_folder_is_refused(
    call, trained, drawn_csv, tmp_path
):
    words = ("--data", drawn_csv, "--models", trained, "--out", tmp_path / "page")
    with (
        files.locked(tmp_path / "page" / ".report.lock"),
        pytest.raises(BadInput, match="held by another run"),
    ):
        call(report, *words)
    assert not list((tmp_path / "page").glob("*.*"))


def test_the_seed_is_of_what_the_report_draws_at_random(
    trained, drawn_csv, tmp_path, monkeypatch
):
    monkeypatch.setattr(flags, "STEPS", 1)
    gathered = material_of(drawn_csv, trained, out=tmp_path)
    network = gathered.models[material.CNN].network
    [layer] = explain.pick_layers(network, ["1"])
    drawn = []
    for seed in (0, 0, 1):
        of_seed = dataclasses.replace(gathered, seed=seed)
        assert list(features.of_layer(of_seed, network, layer))
        drawn.append((tmp_path / "conv1_filters.png").read_bytes())
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_report_of_a_cnn_without_convolutions_is_refused(
    trained, drawn_csv, tmp_path
):
    for name in ("cnn", "cnn_plain", "dnn"):
        copied(trained / "dnn.keras", tmp_path / f"{name}.keras")
        shutil.copy(trained / "dnn.csv", tmp_path / f"{name}.csv")
    with pytest.raises(BadInput, match=r"cnn\.keras has too few convolutions"):
        material_of(drawn_csv, tmp_path, out=tmp_path)
