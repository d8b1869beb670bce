"""A model comes back as it was saved; what is no model of ours is refused."""

import ast
import pickle

import numpy as np
import pytest
from by_command import ROOT
from model_files import refusal, with_card

from fer import models, networks


def test_a_model_and_its_card_come_back(good):
    model = models.load(good)
    assert model.classes == networks.CLASSES
    assert model.predict(np.zeros((2, 48, 48), np.uint8)).shape == (2, 7)


# Code and names of code.


def test_the_code_of_a_lambda_layer_never_runs(tmp_path):
    import keras

    marker = tmp_path / "ran"
    faces = keras.Input((48, 48, 1))
    code = f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]"
    layer = keras.layers.Lambda(eval(code), output_shape=(48, 48, 1))
    keras.Model(faces, layer(faces)).save(tmp_path / "m.keras")
    # The code bites whoever trusts the file.
    trusting = keras.saving.load_model(tmp_path / "m.keras", safe_mode=False)
    trusting(np.zeros((1, 48, 48, 1), np.float32))
    marker.unlink()
    with_card(tmp_path / "m.keras")
    assert "keras.layers.Lambda" in refusal(tmp_path / "m.keras")
    assert not marker.exists()


def test_what_is_no_keras_file_is_told_with_its_mend(tmp_path):
    path = tmp_path / "m.keras"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert "is a Git LFS pointer to a model: `git lfs pull` gets it" in refusal(path)
    path.write_text("<!DOCTYPE html><html></html>")
    assert "is a web page: download the model itself" in refusal(path)
    path.unlink()
    path.mkdir()
    (path / "saved_model.pb").touch()
    assert "is a SavedModel" in refusal(path)


# Files that are no model.


class Dangerous:
    """What runs code when it is unpickled."""

    def __reduce__(self):
        return print, ("unpickled",)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"a line of text\n" * 50, pickle.dumps(Dangerous()), bytes(10**5)],
)
def test_a_file_of_something_else_is_refused(tmp_path, capsys, content):
    (tmp_path / "m.keras").write_bytes(content)
    assert "is no Keras model" in refusal(with_card(tmp_path / "m.keras"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_model_cut_short_is_refused(good, tmp_path, kept):
    content = good.read_bytes()
    (tmp_path / "m.keras").write_bytes(content[: int(len(content) * kept)])
    assert "is no Keras model" in refusal(with_card(tmp_path / "m.keras"))


def test_a_missing_file_or_a_folder_is_told(tmp_path):
    assert "cannot be read: No such file" in refusal(tmp_path / "m.keras")
    (tmp_path / "m.keras").mkdir()
    assert "cannot be read: Is a directory" in refusal(tmp_path / "m.keras")


# Nothing else reads code from a file.


def test_nothing_in_the_suite_unpickles_or_evaluates():
    sources = [*ROOT.glob("*.py"), *ROOT.rglob("fer/**/*.py")]
    assert len(sources) > 15
    for path in sources:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, (ast.Import, ast.ImportFrom)):
                names = {name.name for name in call.names} | {
                    getattr(call, "module", None)
                }
                assert not names & {"pickle", "joblib", "dill", "marshal", "shelve"}
            if not isinstance(call, ast.Call):
                continue
            name = ast.unparse(call.func)
            assert name not in ("eval", "exec", "compile", "__import__", "os.system")
            options = {word.arg: ast.unparse(word.value) for word in call.keywords}
            if name.endswith("np.load"):
                assert options["allow_pickle"] == "False"
            if name.endswith("load_model"):
                assert options["safe_mode"] == "True"
            assert "shell" not in options
