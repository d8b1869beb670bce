"""Which files are no cards of this suite, or not of the model beside them."""

import json
import os

import pytest
from model_files import CARD, copied, refusal, tiny, with_card

from fer import models


def test_a_model_of_other_classes_than_its_card_names_is_refused(tmp_path):
    models.save(tiny(48, 5), CARD, tmp_path / "m.keras")
    assert "tells 5 classes apart, not 7" in refusal(tmp_path / "m.keras")


@pytest.fixture
def copy(good, tmp_path):
    """A copy of the good model, with its card."""
    return copied(good, tmp_path / good.name)


def test_a_model_needs_its_own_card(copy):
    card = copy.with_suffix(".json")
    with_card(copy, sha256="0" * 64)
    assert "is not the card of" in refusal(copy)
    card.unlink()
    assert "needs its card" in refusal(copy)
    card.mkdir()
    assert "needs its card" in refusal(copy)


def test_a_card_that_is_no_plain_file_of_a_cards_size_is_refused(copy):
    card = copy.with_suffix(".json")
    card.write_bytes(b" " * (2 << 20))
    assert "has over 1,048,576 bytes" in refusal(copy)
    card.unlink()
    card.symlink_to("/dev/zero")
    assert "is no plain file" in refusal(copy)
    card.unlink()
    os.mkfifo(card)
    assert "is a pipe" in refusal(copy)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "[" * 10**5, "\0", "{}"])
def test_a_card_of_something_else_is_refused(copy, text):
    copy.with_suffix(".json").write_text(text)
    assert "is no card of this suite" in refusal(copy)


@pytest.mark.parametrize("lost", CARD)
def test_a_card_that_lacks_a_field_is_refused(copy, lost):
    card = json.loads(copy.with_suffix(".json").read_text())
    del card[lost]
    copy.with_suffix(".json").write_text(json.dumps(card))
    assert lost in refusal(copy)


@pytest.mark.parametrize(
    "change",
    [
        *({"classes": None}, {"classes": [1, 2]}, {"classes": ["a"]}, {"network": 1}),
        *({"recipe": []}, {"recipe": {}}, {"data": {"digest": "0"}}),
        *({"parameters": "1"}, {"sha256": 1}, {"classes": ["a", "a"]}),
        *({"recipe": CARD["recipe"] | {"epochs": value}} for value in ("1", 1.5)),
        {"recipe": CARD["recipe"] | {"seed": "0"}},
        {"data": CARD["data"] | {"digest": 0}},
        {"data": CARD["data"] | {"fitted digests": 0}},
        {"data": CARD["data"] | {"file": 0}},
        *({"temperature": value} for value in (0, [1e308], ["1"], "1", None)),
    ],
)
def test_a_card_whose_field_is_off_is_refused(copy, change):
    assert "is no card of this suite" in refusal(with_card(copy, **change))
