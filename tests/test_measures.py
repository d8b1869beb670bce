"""Measures of maps, where the right answer is known."""

import numpy as np
import pytest
from small_networks import linear, tiny

from fer.explain import faithfulness, randomised, regions, road, sensitivity


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (4, 48, 48), dtype=np.uint8)


def test_the_regions_of_the_template_are_parted_and_those_of_drawn_faces():
    from fer.data import drawing

    known = regions.template()
    assert set(known) == set(drawing.REGIONS)
    assert (np.sum(list(known.values()), axis=0) == 1).all()


def test_a_map_that_is_even_gives_each_region_its_area(images):
    heat = np.ones((2, 48, 48), np.float32)
    for region in regions.template().values():
        assert np.allclose(regions.shares(heat, region), 1)
        assert np.allclose(regions.shares(0 * heat, region), 1)


def test_a_map_in_a_quarter_of_the_face_is_there_four_times_its_share():
    quarter = np.zeros((48, 48), bool)
    quarter[:24, :24] = True
    heat = np.stack([quarter, ~quarter]).astype(np.float32)
    assert np.allclose(regions.shares(heat, quarter), [4, 0])
    own = np.stack([quarter, ~quarter])
    assert np.allclose(regions.shares(heat, own), [4, 4 / 3])
    found = regions.by_class(heat, np.array([5, 2]), {"quarter": quarter})
    assert found["quarter"].keys() == {2, 5} and np.allclose(found["quarter"][5], 4)


def test_what_a_face_is_filled_with_has_its_grey_and_no_features(images):
    means = images.mean(axis=(1, 2))
    for fill in faithfulness.FILLS:
        filled = faithfulness.filled(images, fill)
        assert filled.dtype == np.uint8 and filled.shape == images.shape
        assert np.abs(filled.mean(axis=(1, 2)) - means).max() < 6
    assert (faithfulness.filled(images, "mean").std(axis=(1, 2)) == 0).all()
    assert faithfulness.filled(images, "blur").std() < images.std() / 5


def test_what_surrounds_a_hole_fills_it():
    down, right = np.mgrid[:48, :48]
    slope = (2 * down + 3 * right).astype(np.uint8)
    gone = np.zeros((48, 48), bool)
    gone[20:30, 15:40] = True
    holed = np.where(gone, 255, slope).astype(np.uint8)
    mended = road.imputed(holed, gone, np.random.default_rng(0)).astype(int)
    assert (mended[~gone] == slope[~gone]).all()
    assert np.abs(mended - slope).max() < 15  # noise of 2.55 grey levels
    alone = np.ones((48, 48), bool)
    alone[0, 0] = False
    assert road.imputed(slope + 7, alone, np.random.default_rng(0)).max() < 30


def corner(images):
    """A network that sees the upper left corner, and a map that knows it."""
    weights = np.zeros((48, 48, 7), np.float32)
    weights[:16, :16, 5] = 1 / 20000
    images[:, :16, :16] = 250
    heat = np.zeros(images.shape, np.float32)
    heat[:, :16, :16] = 1
    return linear(weights.reshape(-1, 7)), heat


def test_a_map_of_what_a_network_sees_is_sensitive_and_another_is_not(images):
    network, heat = corner(images)
    maps = {"true": heat, "even": np.ones_like(heat), "other": heat[:, ::-1, ::-1]}
    found = sensitivity.sensitivity(network, images, maps, [5] * 4, subsets=60)
    assert found["true"].min() > 0.9
    assert (found["even"] == 0).all()
    assert found["other"].max() < 0.3


def test_a_true_map_takes_more_away_by_road_than_another(images):
    network, heat = corner(images)
    true, other = (
        road.road(network, images, it, [5] * 4, shares=(0.15,))
        for it in (heat, heat[:, ::-1, ::-1])
    )
    assert true.shape == (4, 1)
    assert (true < other - 0.05).all()


def test_maps_of_random_weights_are_more_complex_where_learned_ones_are_simple(rng):
    simple, mess = np.zeros((2, 48, 48)), rng.random((2, 48, 48))
    simple[:, :24] = 1
    rise = randomised.rise_of_complexity(simple, mess)
    assert np.allclose(rise, np.log(100) / np.log(2) - 1, atol=0.05)
    assert (randomised.rise_of_complexity(mess, mess) == 0).all()


def test_an_untrained_network_has_the_structure_and_other_weights():
    network = tiny()
    other = randomised.untrained(network, seed=1)
    pairs = list(zip(network.get_weights(), other.get_weights(), strict=True))
    assert all(one.shape == two.shape for one, two in pairs)
    assert any((one != two).any() for one, two in pairs)
