"""Augmentation draws within its ranges, the same for the same seed."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fer import augment


@pytest.fixture(scope="module")
def faces(drawn):
    return drawn.images[..., None]


def test_none_leaves_faces_as_they_are(faces):
    assert np.array_equal(augment.augment(faces, 0, "none"), faces)


def test_the_mirror_turns_about_half_of_the_faces_and_does_no_more(faces):
    mirrored = augment.augment(faces, 0, "mirror")
    kept = (mirrored == faces).all(axis=(1, 2, 3))
    turned = (mirrored == faces[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (kept ^ turned).all()
    assert 0.35 < turned.mean() < 0.65


def test_the_generator_moves_faces_and_keeps_their_form(faces):
    moved = augment.augment(faces, 0, "generator")
    assert moved.dtype == np.uint8
    assert moved.shape == faces.shape
    assert (moved != faces).any(axis=(1, 2, 3)).all()
    assert abs(moved.mean() - faces.mean()) < 5


def test_the_graph_moves_faces_as_the_generator_does(faces):
    one, other = (augment.augment(faces, 3, how) for how in ("generator", "graph"))
    assert np.abs(one.astype(int) - other).max() <= 1


def test_faces_are_turned_as_the_generator_turns_them(faces):
    turn = {"theta": 8}
    apply = augment.generator().apply_transform
    expected = [apply(face.astype(np.float32), turn) for face in faces]
    turned = augment.turned(faces, 8)
    assert turned.dtype == np.uint8
    assert np.abs(turned - np.array(expected)).max() <= 1
    assert np.array_equal(augment.turned(faces, 0), faces)


def test_strong_moves_faces_so_too_and_changes_contrast_and_brightness(faces):
    one, other = (augment.augment(faces, 3, how) for how in ("graph", "strong"))
    slopes = [
        np.polyfit(*both, 1)
        for both in zip(
            one[:, :6].reshape(len(one), -1),
            other[:, :6].reshape(len(one), -1),
            strict=True,
        )
    ]
    contrast = np.array(slopes)[:, 0]
    assert 0.65 < np.quantile(contrast, 0.1) < 0.85
    assert 1.15 < np.quantile(contrast, 0.9) < 1.35


def test_strong_makes_faces_brighter_or_darker_about_a_middle_grey(monkeypatch):
    monkeypatch.setattr(augment, "ERASED", 0)
    grey = np.full((400, 48, 48, 1), 127, np.uint8)
    found = augment.augment(grey, 5, "strong").reshape(400, -1)
    assert (found == found[:, :1]).all()  # contrast leaves it alone
    assert 102 <= found.min() < 107 and 147 < found.max() <= 152


def test_strong_paints_a_rectangle_in_one_grey_over_half_of_the_faces(monkeypatch):
    monkeypatch.setattr(augment, "CONTRAST", (1, 1))
    monkeypatch.setattr(augment, "BRIGHTNESS", (0, 0))
    blank = np.full((400, 48, 48, 1), 77, np.uint8)
    painted = augment.augment(blank, 5, "strong")[..., 0] != 77
    erased = painted.any(axis=(1, 2))
    assert 0.4 < erased.mean() < 0.6
    heights, widths = painted.any(axis=2).sum(1), painted.any(axis=1).sum(1)
    assert (painted.sum(axis=(1, 2)) == heights * widths).all()
    for sides in (heights[erased], widths[erased]):
        assert (sides.min(), sides.max()) == augment.SIDES


def test_the_same_seed_moves_alike_whatever_the_number_of_threads(faces):
    alone = [augment.augment(faces[:16], seed, "generator") for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        threaded = list(
            pool.map(lambda s: augment.augment(faces[:16], s, "generator"), range(12))
        )
    assert all((a == b).all() for a, b in zip(alone, threaded, strict=True))
    assert (alone[0] != alone[1]).any()


def test_a_batch_is_drawn_as_keras_draws_face_by_face(faces):
    generator = augment.generator()
    np.random.seed(7)  # noqa: NPY002
    one_by_one = [
        generator.apply_transform(
            face.astype(np.float32), generator.get_random_transform(face.shape)
        )
        for face in faces
    ]
    drawn = augment.augment(faces, 7, "generator")
    assert np.array_equal(drawn, np.clip(np.rint(one_by_one), 0, 255))


def test_transforms_stay_within_the_declared_ranges():
    drawn = augment.draw(300, 0, "generator")
    ranges = augment.RANGES
    assert 0.9 * ranges["rotation_range"] < np.abs(drawn["theta"]).max() <= 18
    for name in ("tx", "ty"):
        assert 0.9 * ranges["width_shift_range"] < np.abs(drawn[name] / 48).max() <= 0.1
    for name in ("zx", "zy"):
        assert 0.85 <= drawn[name].min() < 0.87 and 1.13 < drawn[name].max() <= 1.15
    assert 0.4 < drawn["flip_horizontal"].mean() < 0.6


def moments(images):
    """Weight, middle, extent and slant of each picture (N, 48, 48, 1): (N, 6)."""
    weights = images[..., 0].astype(float) + 1e-9
    total = weights.sum(axis=(1, 2))
    y, x = np.mgrid[:48, :48]

    def mean(values):
        return (weights * values).sum(axis=(1, 2)) / total

    right, down = (mean(axis)[:, None, None] for axis in (x, y))
    spread = mean((x - right) ** 2), mean((y - down) ** 2)
    slant = mean((x - right) * (y - down))
    return np.column_stack([total, mean(x), mean(y), *spread, slant])


def apart(one, other):
    """Largest difference of mean or deviation of two samples, in standard errors."""
    mean, deviation = (
        np.abs(measure(one, axis=0) - measure(other, axis=0))
        for measure in (np.mean, np.std)
    )
    error = one.std(axis=0) / np.sqrt(len(one))
    return max((mean / error).max(), (np.sqrt(2) * deviation / error).max())


def test_generator_and_graph_draw_from_one_distribution(monkeypatch):
    # An upright oval off the middle shows turns, moves, zooms and mirrors apart.
    y, x = np.mgrid[:48, :48]
    oval = 255 * np.exp(-(((x - 17) / 3) ** 2) - ((y - 22) / 9) ** 2)
    many = np.repeat(oval.astype(np.uint8)[None, :, :, None], 1500, axis=0)
    generated = moments(augment.augment(many, 1, "generator"))
    assert apart(generated, moments(augment.augment(many, 2, "graph"))) < 4
    for name, full in augment.RANGES.items():
        monkeypatch.setitem(augment.RANGES, name, type(full)(0))
        assert apart(generated, moments(augment.augment(many, 2, "graph"))) > 4, name
        monkeypatch.undo()


def test_mixup_blends_each_face_with_another_and_its_target_alike(faces, monkeypatch):
    monkeypatch.setattr(augment, "ERASED", 0)
    targets, rows = np.eye(len(faces), dtype=np.float32), np.arange(len(faces))
    drawn = augment.draw(len(faces), 5, "mixup") | {"partner": np.roll(rows, 1)}
    blended = augment.apply(*augment.picked(faces, drawn, rows)).astype(float)
    alone = drawn | {"weight": np.ones_like(drawn["weight"])}
    own = augment.apply(*augment.picked(faces, alone, rows)).astype(float)
    weight = drawn["weight"][:, None, None, None]
    expected = weight * own + (1 - weight) * own[drawn["partner"]]
    assert np.abs(blended - expected).max() <= 1
    mixed = augment.blended(targets, drawn, rows)
    assert np.allclose(mixed[rows, rows], drawn["weight"])
    assert np.allclose(mixed[rows, drawn["partner"]], 1 - drawn["weight"])
