"""predict.py by its command line: pictures, folders, submissions."""

import pytest
from PIL import Image

import predict
from fer import models


def test_predict_prints_what_the_model_makes_of_a_photo(
    call, trained, drawn, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(drawn.images[3]).save(tmp_path / "me.png")
    words = ("--photo", "me.png", "--model", trained / "cnn.keras")
    call(predict, *words, "--mirror", "--turn")
    out = capsys.readouterr().out
    model = models.load(trained / "cnn.keras")
    [told] = model.predict(drawn.images[3:4], mirror=True, turn=True)
    rows = [line.split() for line in out.splitlines()]
    assert [name for _, name in rows] == [
        model.classes[i] for i in told.argsort()[::-1]
    ]
    assert [float(said) for said, _ in rows] == pytest.approx(
        sorted(told)[::-1], abs=1e-3
    )
    assert [path.name for path in tmp_path.iterdir()] == ["me.png"]
