"""What audit.py finds, planted here; and faces without what it found."""

import csv

import leaky_faces
import numpy as np
import pytest
from by_command import write_labelled
from leaky_faces import changed
from scipy.ndimage import affine_transform, zoom

import audit as script
from fer import data
from fer.data import audit, near, sample

CLASSES = data.CLASSES


@pytest.fixture(scope="module")
def drawn():
    return leaky_faces.drawn()


def kinds(found):
    """{finding: the rows that have it}"""
    return {
        kind: [each.row for each in found if each.finding == kind]
        for kind in {each.finding for each in found}
    }


def relit(image):
    return np.clip(image * 0.8 + 30, 0, 255)


def shifted(image):
    """Moved by 2 and 3 pixels; the edge is repeated."""
    return np.pad(image, 3, "edge")[1:49, 6:54]


def cropped(image):
    return affine_transform(image, (0.9, 0.9), (1, 4), order=1)


ALTERED = {
    "mirrored": np.fliplr,
    "brighter": lambda image: np.clip(image + 25.0, 0, 255),
    "of less contrast": lambda image: image * 0.6 + 50,
    "shifted": shifted,
    "cropped": cropped,
    "all at once": lambda image: relit(cropped(np.fliplr(image))),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_near_copies_are_paired_with_their_faces_and_nothing_else_is(alter):
    _, images = sample.faces(60, seed=3)
    copies = np.stack([alter(image) for image in images[:10]]).astype(np.uint8)
    pairs = near.pairs(np.concatenate([images, copies]))
    assert sorted(map(tuple, pairs)) == [(row, 60 + row) for row in range(10)]


def test_faces_without_contrast_have_no_near_copies():
    blank = np.zeros((3, 48, 48), np.uint8)
    assert near.pairs(blank).shape == (0, 2)
    assert near.pairs(blank[:0]).shape == (0, 2)
    one = np.concatenate([blank, sample.faces(1)[1]])
    assert near.pairs(one).shape == (0, 2)


def test_exact_copies_are_found_in_groups(drawn):
    found = [each for each in audit.findings(drawn) if each.finding == "copy"]
    assert sorted(each.row for each in found) == list(range(40))
    assert len({each.group for each in found}) == 20
    assert {each.row: each.about for each in found}[3] == "23"


def test_copies_with_other_labels_contradict(drawn):
    other = (drawn.labels[3] + 1) % 7
    found = audit.findings(changed(drawn, labels={23: other}))
    assert kinds(found)["contradicting label"] == [3, 23]
    [about] = {each.about for each in found if each.finding == "contradicting label"}
    assert sorted(about.split(", ")) == sorted(
        f"{CLASSES[label]} 1" for label in (drawn.labels[3], other)
    )


def test_an_unlabelled_copy_contradicts_nothing(drawn):
    everything, _ = audit.joined(drawn, data.Faces(drawn.images[:5]))
    assert "contradicting label" not in kinds(audit.findings(everything))


def test_test_faces_that_copy_training_faces_leak(drawn):
    mirrored = np.fliplr(drawn.images[70])
    leaking = changed(drawn, images={110: drawn.images[60], 111: mirrored})
    found = kinds(audit.findings(leaking))
    assert sorted(found["leak"]) == [60, 70, 110, 111]
    assert sorted(found["near copy"]) == [70, 111]
    assert "leak" not in kinds(audit.findings(drawn))


def test_faces_that_show_little_are_found(drawn):
    small = drawn.images[50].reshape(12, 4, 12, 4).mean((1, 3))
    large = zoom(small, 4, order=1, mode="nearest")
    faint = 100 + (drawn.images[51] > 128)
    found = audit.findings(changed(drawn, images={50: large, 51: faint, 52: 7}))
    rows = kinds(found)
    assert (rows["tiny"], rows["flat"], rows["blank"]) == ([50], [51], [52])


def test_wrong_labels_are_suspected_and_the_least_likely_comes_first(rng):
    labels = np.arange(300) % 3
    probabilities = rng.uniform(0, 0.1, (300, 3))
    probabilities[np.arange(300), labels] = 0.8
    given = labels.copy()
    given[:10] = (labels[:10] + 1) % 3
    rows, likely = audit.suspected(given, probabilities)
    assert sorted(rows) == list(range(10))
    assert np.array_equal(likely[:10], labels[:10])
    own = probabilities[rows, given[rows]]
    assert (np.diff(own) >= 0).all()


def test_faces_without_probabilities_are_not_suspected(drawn):
    told = np.full((120, 7), np.nan)
    told[:110] = np.eye(7)[drawn.labels[:110]]
    wrong = changed(drawn, labels={5: (drawn.labels[5] + 1) % 7, 25: drawn.labels[5]})
    found = kinds(audit.findings(wrong, told))
    assert found["suspected label"] == [5]


def test_audit_prints_writes_and_draws_what_it_found(
    drawn, tmp_path, call, capsys, monkeypatch
):
    faces = leaky_faces.at_fault(drawn)
    monkeypatch.chdir(tmp_path)
    path = write_labelled(tmp_path / "faces.csv", faces)
    test = "".join(
        f"{i}," + " ".join(map(str, faces.images[i].ravel())) + "\n" for i in (7, 80)
    )
    (tmp_path / "test.csv").write_text("id,feature\n" + test)
    call(script, "--data", path, "--test", "test.csv", "--out", "found.csv")
    said = capsys.readouterr().out
    assert "contradicting label" in said and "PublicTest" in said
    rows = list(csv.reader((tmp_path / "found.csv").open()))
    assert rows[0] == ["row", "finding", "group", "with"]
    leaks = {row[0]: row[3] for row in rows if row[1] == "leak"}
    assert leaks["test 1"] == "80" and leaks["60"] == "110"
    assert leaks["7"] == leaks["27"] == "test 0"
    assert (tmp_path / "figures" / "audit.png").stat().st_size > 10_000
    assert data.cleaned(data.load(path), "found.csv")[1]["leak"] == 4


def test_strict_ends_in_status_1_when_test_faces_leak(
    drawn, tmp_path, call, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    call(script, "--data", write_labelled(tmp_path / "clean.csv", drawn), "--strict")
    leaking = write_labelled(tmp_path / "leak.csv", leaky_faces.at_fault(drawn))
    with pytest.raises(SystemExit) as end:
        call(script, "--data", leaking, "--strict")
    assert end.value.code == 1 and (tmp_path / "audit.csv").exists()


def test_noise_has_detail_and_a_smooth_ramp_has_none():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (1, 48, 48), dtype=np.uint8)
    ramp = np.linspace(0, 255, 48).astype(np.uint8) * np.ones((1, 48, 1), np.uint8)
    fine, coarse = audit.detail(np.concatenate([noise, ramp]))
    assert fine > 0.5 and coarse < audit.DETAIL


def test_the_balance_counts_each_class_in_each_usage():
    labels, usage = np.array([0, 0, 3, -1], np.int8), np.array([0, 2, 0, 2], np.int8)
    some = data.Faces(np.zeros((4, 48, 48), np.uint8), labels, usage)
    lines = [line.split() for line in audit.text(audit.balance(some)).splitlines()]
    assert lines[0] == ["class", "Training", "PrivateTest"]
    assert ["angry", "1", "50.0%", "1", "50.0%"] in lines
    assert ["happy", "1", "50.0%", "0", "0.0%"] in lines
    assert ["unlabelled", "0", "0.0%", "1", "50.0%"] in lines


def test_the_largest_groups_of_each_finding_come_first():
    found = [audit.Finding(row, "copy", row // 5, "") for row in range(7)]
    found += [audit.Finding(9, "blank", None, "")]
    assert audit.largest(found, 1) == {"copy, group 0": [0, 1, 2, 3, 4]}
