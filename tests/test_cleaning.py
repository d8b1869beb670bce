"""Lists of what audit.py found: faces without it, and refusals."""

import csv

import leaky_faces
import numpy as np
import pytest
from by_command import write_labelled
from small_networks import tiny

import confusion
from fer import BadInput, data
from fer.data import audit, cleaning


@pytest.fixture(scope="module")
def drawn():
    return leaky_faces.drawn()


@pytest.fixture
def listed(drawn, tmp_path):
    """Faces at fault, and the list of what is found of them."""
    wrong = leaky_faces.at_fault(drawn)
    everything, names = audit.joined(wrong)
    path = tmp_path / "audit.csv"
    cleaning.save(path, wrong, audit.findings(everything, names=names), names)
    return wrong, path


def test_cleaned_faces_lack_what_was_found_and_keep_one_of_each_copy(listed):
    faces, path = listed
    rest, left = data.cleaned(faces, path)
    assert left == {"leak": 1, "contradicting label": 2, "blank": 1, "copy": 19}
    assert len(rest) == 120 - 23
    gone = [5, 52, 60, *range(20, 40)]
    assert np.array_equal(rest.images, np.delete(faces.images, gone, 0))


def test_findings_deleted_from_the_list_are_not_left_out(listed):
    faces, path = listed
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "copy" not in line))
    assert data.cleaned(faces, path)[1] == {
        "leak": 1,
        "contradicting label": 2,
        "blank": 1,
    }


def test_a_list_of_other_faces_is_refused(listed):
    faces, path = listed
    with pytest.raises(BadInput, match="lists other faces than these"):
        data.cleaned(
            leaky_faces.changed(faces, labels={0: (faces.labels[0] + 1) % 7}), path
        )


def test_faces_are_judged_without_leaks(listed, tmp_path, call, capsys):
    faces, path = listed
    assert data.leaks(faces, path).tolist() == [60, 110]
    csv_path = write_labelled(tmp_path / "faces.csv", faces)
    tiny().save(tmp_path / "m.keras")
    words = ("--data", csv_path, "--model", tmp_path / "m.keras", "--drop-leaks", path)
    words = (*words, "--out", tmp_path / "c.png", "--usage")
    call(confusion, *words, "PublicTest")
    assert f"1 of 20 faces left out: leaks in {path}" in capsys.readouterr().out
    lines = path.read_text()
    leaks = "".join(f"{row},leak,9,\n" for row in range(100, 120))
    path.write_text(lines + leaks)
    with pytest.raises(BadInput, match="calls all of these faces leaks"):
        call(confusion, *words, "PublicTest")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no list of audit.py"),
        ("a,b\n1,2\n", "is no list of audit.py"),
        ("{}x,copy,1,2\n", "line 3: 'x,copy,1,2' is no finding"),
        ("{}1,ugly,1,2\n", "line 3: '1,ugly,1,2' is no finding"),
        ("{}1,copy\n", "line 3: '1,copy' is no finding"),
        ('{}"1,copy\n', "is no list of findings"),
    ],
)
def test_a_malformed_list_is_refused_with_its_line(listed, text, why):
    faces, path = listed
    start = "".join(path.read_text().splitlines(keepends=True)[:2])
    path.write_text(text.format(start))
    with pytest.raises(BadInput, match=why):
        data.cleaned(faces, path)


def told_csv(path, rows):
    """Write a CSV of probabilities, with a column of no class."""
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("file", *data.CLASSES), *rows])
    return path


def test_probabilities_are_read_by_the_names_of_their_columns(drawn, tmp_path):
    rows = [("x.png", *row) for row in np.eye(7)[drawn.labels]]
    rows[3] = ("x.png", *[""] * 7)
    told = cleaning.probabilities(told_csv(tmp_path / "p.csv", rows), drawn)
    assert np.isnan(told[3]).all()
    assert np.array_equal(told[4:].argmax(1), drawn.labels[4:])


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("x", *[0.5] * 6, 1.5), "line 2: neutral is no number of 0 to 1"),
        (("x", "much", *[0.5] * 6), "line 2: angry is no number of 0 to 1"),
        (None, "has 119 rows, not one for each of 120 faces"),
    ],
)
def test_what_is_no_probability_is_refused(drawn, tmp_path, row, why):
    rows = [("x", *[0.1] * 7)] * 119 + [row] * (row is not None)
    with pytest.raises(BadInput, match=why):
        cleaning.probabilities(told_csv(tmp_path / "p.csv", rows[::-1]), drawn)


def test_probabilities_without_a_class_are_refused(drawn, tmp_path):
    (tmp_path / "p.csv").write_text("angry,fear\n0.5,0.5\n")
    with pytest.raises(BadInput, match="has no column disgust"):
        cleaning.probabilities(tmp_path / "p.csv", drawn)
