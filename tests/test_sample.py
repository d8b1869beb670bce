"""The drawn sample is a FER2013 file, the same for the same seed."""

import numpy as np
import pytest

from fer import BadInput, data, defaults, files
from fer.data import drawing, sample


def test_the_sample_has_all_usages_and_classes(tmp_path):
    path, test = tmp_path / "sample.csv", tmp_path / "test.csv"
    sample.write(path, test)
    faces = data.load(path, data.USAGES)
    assert data.counts(faces) == sample.ROWS
    assert min(np.bincount(faces.labels)) == sum(sample.ROWS.values()) // 7
    private = data.load(path, ("PrivateTest",))
    unlabelled = data.load(test)
    assert unlabelled.labels is None
    assert (unlabelled.images == private.images).all()
    assert unlabelled.ids.tolist() == list(range(350))


def test_a_seed_draws_the_same_bytes_again(tmp_path, monkeypatch):
    rows = {"Training": 30, "PublicTest": 5, "PrivateTest": 5}
    monkeypatch.setattr(sample, "ROWS", rows)
    path, test = tmp_path / "sample.csv", tmp_path / "test.csv"
    drawn = []
    for seed in (0, 0, 1):
        sample.write(path, test, seed)
        drawn.append((files.sha256(path), files.sha256(test)))
    assert drawn[0] == drawn[1]
    assert not set(drawn[0]) & set(drawn[2])


def test_drawn_faces_fill_the_range_of_pixels():
    _, images = sample.faces(70)
    assert images.shape == (70, 48, 48)
    assert images.dtype == np.uint8
    assert images.std(axis=(1, 2)).min() > 10
    assert images.min() == 0 and images.max() == 255


def test_own_faces_may_be_gzipped(alone):
    folder = defaults.SAMPLE_CSV.parent
    folder.mkdir()
    for name in ("fer2013.csv.gz", "test.csv.gz"):
        (folder / name).touch()
    assert defaults.default_csv() == folder / "fer2013.csv.gz"
    assert defaults.test_csv(defaults.default_csv()) == folder / "test.csv.gz"


def test_a_lost_test_sample_is_told_how_to_be_drawn_again(alone):
    defaults.SAMPLE_CSV.parent.mkdir()
    defaults.SAMPLE_CSV.touch()
    with pytest.raises(BadInput, match=r"sample_test.csv is missing: delete data/samp"):
        defaults.own_or_sample_test_csv()


def test_each_pixel_of_a_drawn_face_is_in_one_known_region():
    regions = sample.regions(140)
    assert set(regions) == set(drawing.REGIONS)
    masks = np.array(list(regions.values()))
    assert masks.shape == (7, 140, 48, 48) and masks.dtype == bool
    assert (masks.sum(axis=0) == 1).all()
    assert all(mask.any(axis=(1, 2)).mean() > 0.95 for mask in masks)


def test_the_regions_are_those_of_the_faces_of_the_same_seed():
    """Eyes hold the darkest and the lightest pixels of a face: pupil and white."""
    _, images = sample.faces(140, seed=5)
    regions = sample.regions(140, seed=5)
    contrast = {
        name: np.mean(
            [
                face[mask].std()
                for face, mask in zip(images, masks, strict=True)
                if mask.any()
            ]
        )
        for name, masks in regions.items()
    }
    assert contrast["eyes"] > 1.5 * max(contrast["cheeks"], contrast["forehead"])


@pytest.mark.parametrize("trait", sample.TRAITS)
def test_a_pair_differs_in_one_trait_and_in_nothing_else(trait):
    first, second, changed = sample.pairs(350, trait, seed=3)
    assert first.shape == second.shape == changed.shape == (350, 48, 48)
    assert first.dtype == second.dtype == np.uint8
    assert ((first != second) == changed).all()
    assert changed.any(axis=(1, 2)).all()
    assert 0.003 < changed.mean() < 0.08


@pytest.mark.parametrize(
    ("trait", "name"), [("eye", "eyes"), ("brow", "brows"), ("corners", "mouth")]
)
def test_what_a_trait_changes_lies_in_its_region(rng, trait, name):
    traits = drawing.neutral(70, rng)
    before, region = drawing.draw(traits)
    after, moved = drawing.draw(traits | {trait: np.full((70, 1, 1), 0.05)})
    index = drawing.REGIONS.index(name)
    inside = (region == index) | (moved == index)
    assert inside[before != after].mean() > 0.9
