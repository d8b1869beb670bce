"""Where the scripts run: without POSIX, from another folder, in a notebook."""

import os
import shutil
from pathlib import Path

import pytest
from by_command import ROOT, environment, python, run, write_unlabelled
from model_files import copied

import confusion
import predict
from fer import BadInput, defaults, models

HIDDEN = """
import runpy, sys, warnings
warnings.simplefilter("ignore")  # filelock tells that it has no better lock
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None  # as where there is none
sys.argv[:] = ["predict.py", *sys.argv[1:]]
runpy.run_path("predict.py", run_name="__main__")
"""


def test_scripts_run_where_python_has_no_modules_of_posix(tmp_path, rng, good):
    faces = rng.integers(0, 256, (3, 48, 48), dtype="uint8")
    write_unlabelled(tmp_path / "t.csv", range(3), faces)
    words = ("--csv", tmp_path / "t.csv", "--model", good, "--out", tmp_path / "s.csv")
    done = python("-c", HIDDEN, *map(str, words))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "s.csv").read_text().startswith("id,label\n0,")
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "s.csv"}


FOREIGN = "raise ImportError('another project')"


@pytest.mark.parametrize("safe", ["", "1"])
def test_projects_of_the_same_names_elsewhere_do_not_matter(tmp_path, safe):
    for name in ("fer", "saliency"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(FOREIGN)
    more = {"PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": safe}
    for script in ("predict.py", "saliency.py", "train_cnn.py"):
        out = run(script, "--help", folder=tmp_path, **more)
        assert f"python {script} --data" in out


def test_a_script_may_be_called_by_a_link(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/predict").symlink_to(ROOT / "predict.py")
    done = python(tmp_path / "bin/predict", "--help", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A folder as if the scripts were there; the user is in another one, `here`."""
    suite, here = tmp_path / "suite", tmp_path / "here"
    for folder in (suite / "data", suite / "models", here):
        folder.mkdir(parents=True)
    monkeypatch.setattr(defaults, "ROOT", suite)
    monkeypatch.chdir(here)
    return suite


def test_models_and_faces_beside_the_scripts_are_found_from_elsewhere(
    call, beside, trained, drawn, capsys
):
    shipped = beside / models.BEST
    shipped.parent.mkdir()
    copied(trained / "dnn.keras", shipped)
    write_unlabelled(beside / "data/test.csv", range(9), drawn.images[:9])
    call(predict)
    out = capsys.readouterr().out
    assert f"reading {beside}/data/test.csv\nusing {shipped}\n" in out
    assert os.listdir() == ["submission.csv"]


def test_what_is_where_the_user_is_comes_first(beside):
    for folder in (beside, Path()):
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data/fer2013.csv.gz").touch()
    (beside / "data/fer2013.csv").touch()
    assert defaults.default_csv() == Path("data/fer2013.csv.gz")
    assert defaults.found(Path("data/none")) is None


@pytest.fixture
def sample_csv(beside, drawn_csv):
    """The drawn sample, of few faces, beside the scripts."""
    return shutil.copy(drawn_csv, beside / "data/sample.csv")


def test_drawn_faces_never_meet_a_model_of_others(call, sample_csv, trained, beside):
    shipped = beside / models.SHIPPED
    shipped.parent.mkdir()
    for path in (shipped, models.OWN):
        path.parent.mkdir(exist_ok=True)
        copied(trained / "dnn.keras", path)
    with pytest.raises(BadInput, match=r"there is no models/sample/cnn.keras: .*rep"):
        call(confusion)
    with pytest.raises(BadInput, match="was not trained on the drawn sample, and no"):
        call(confusion, "--model", shipped)
    assert os.listdir() == ["models"]


def test_drawn_faces_meet_the_model_that_learned_from_them(
    call, sample_csv, trained, beside, capsys
):
    model = beside / defaults.SAMPLE_MODEL
    model.parent.mkdir()
    copied(trained / "dnn.keras", model)
    card = model.with_suffix(".json")
    card.write_text(card.read_text().replace('"faces.csv"', '"sample.csv"'))
    call(confusion)
    assert f"using {model}\n" in capsys.readouterr().out
    call(confusion, "--model", model)
    call(confusion, "--data", sample_csv, "--model", trained / "dnn.keras")


KERNEL = """
import os, signal, sys
def state():
    streams = sys.stdout, sys.stderr, os.fstat(2).st_ino, list(sys.path)
    return dict(os.environ), streams, signal.getsignal(signal.SIGTERM)
before = state()
"""


def test_a_notebook_runs_scripts_and_stays_as_it_was(
    tmp_path, trained, drawn, monkeypatch
):
    import nbclient
    import nbformat

    write_unlabelled(tmp_path / "t.csv", range(9), drawn.images[:9])
    words = f"t.csv --model {trained / 'dnn.keras'}"
    cells = [
        KERNEL,
        f"%run {ROOT}/predict.py --help",
        f"%run {ROOT}/predict.py {words}",
        f"%run {ROOT}/predict.py missing.csv --model {trained / 'dnn.keras'}",
        "assert state() == before, (before, state())",
        "import matplotlib; print(matplotlib.get_backend())",
    ]
    book = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
    for name in os.environ.keys() - environment().keys():
        monkeypatch.delenv(name)
    with monkeypatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        where = {"metadata": {"path": str(tmp_path)}}
        nbclient.NotebookClient(book, timeout=120, resources=where).execute()
    streams = [[(it.name, it.text) for it in cell.outputs] for cell in book.cells]
    [(name, helped)] = streams[1]
    assert name == "stdout" and "usage: predict.py" in helped
    assert streams[2] == [("stdout", "wrote submission.csv: 9 faces of t.csv\n")]
    told = "predict.py: missing.csv cannot be read: No such file or directory\n"
    assert streams[3] == [("stderr", told)]
    assert streams[4] == [] and "inline" in streams[5][0][1]
