"""Faces are found in photos, and cut as FER2013's are."""

import numpy as np
import pytest

from fer import BadInput
from fer.data import detect


@pytest.fixture(scope="module")
def astronaut():
    """A photo of a face, (512, 512, 3) uint8; NASA's, in the public domain."""
    data = pytest.importorskip("skimage.data")
    return data.astronaut()


def test_the_face_of_a_photo_is_found(astronaut):
    [(left, top, width, height)] = detect.squares(astronaut)
    # Her eyes and her mouth.
    for x, y in ((205, 109), (242, 106), (228, 143)):
        assert left < x < left + width and top < y < top + height
    assert width == height and 80 < width < 150


def test_faces_are_found_the_largest_first_whatever_the_photos_size(astronaut):
    from PIL import Image

    photo = np.full((1600, 2600, 3), 120, np.uint8)
    photo[:512, :512] = astronaut
    large = Image.fromarray(astronaut).resize((1500, 1500))
    photo[:1500, 1000:2500] = large
    first, second = detect.squares(photo)[:2]
    assert first[2] > 2 * second[2]
    assert first[0] > 1000 and second[0] < 512


def test_where_there_is_no_face_none_is_found(rng):
    for picture in (
        np.full((100, 120, 3), 90, np.uint8),
        rng.integers(0, 256, (64, 64, 3), np.uint8),
        np.zeros((9, 400, 3), np.uint8),
    ):
        assert detect.squares(picture).shape == (0, 4)


def test_a_square_lies_about_the_middle_of_its_box():
    left, top, width, height = detect.square((10, 20, 30, 40))
    assert (left + width / 2, top + height / 2) == (25, 40)
    assert width == height == 40 * detect.MARGIN


def test_a_cut_shows_the_square_and_goes_on_beyond_the_edge(rng):
    picture = rng.integers(0, 256, (60, 70), np.uint8)
    assert np.array_equal(detect.cut(picture, (5, 7, 48, 48)), picture[7:55, 5:53])
    beyond = detect.cut(picture, (-10, 40, 48, 48))
    assert np.array_equal(beyond[:20, 10:], picture[40:, :38])
    assert (beyond[20:] == beyond[19]).all()
    assert (beyond[:, :10] == beyond[:, 10:11]).all()


def test_faces_are_not_looked_for_on_jax(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    detect.detector.cache_clear()
    with pytest.raises(BadInput, match=r"with TensorFlow only: .*--whole"):
        detect.squares(np.zeros((50, 50, 3), np.uint8))


def test_weights_are_the_packages_own_wherever_a_script_starts(tmp_path, monkeypatch):
    # They are pickles; the package would look for them in the current folder first.
    for name in ("pnet", "rnet", "onet"):
        (tmp_path / f"{name}.lz4").write_bytes(b"a stranger's")
    monkeypatch.chdir(tmp_path)
    detect.detector.cache_clear()
    assert len(detect.detector().stages) == 3
