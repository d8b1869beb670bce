"""No broken CSV gets past the loader: it is read exactly, or refused with its line."""

import gzip
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks import plain_csv, readers, valid
from fer.data import csv_reader, squares

SEEDS = valid.seeds()
# What tends to hurt readers of CSV, put where a mutation inserts something.
NASTY = [b"", b",", b"\n", b"\r\n", b'"', b" ", b"\0", b"\xff", b"-", b"256", b"0" * 99]
NASTY += [
    b"\xef\xbb\xbf",
    b"\n\n",
    b",,",
    b"Training",
    b"7",
    b"\x1f\x8b",
    b"1 2 3",
    b"1" * 19,
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file to write to, while faces are 4 x 4 and blocks 64 bytes long."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in readers.SMALL.items():
            patch.setattr(csv_reader, name, value)
        patch.setattr(squares, "LEAST_SIDE", readers.SMALLEST)
        yield tmp_path_factory.mktemp("fuzz") / "faces.csv"


def mutated(content, rng):
    """`content` with a piece of it deleted, doubled, flipped or replaced."""
    if rng.random() < 0.3:
        cells = re.split(rb"([,\n])", content)
        cells[2 * rng.integers(len(cells) // 2 + 1)] = NASTY[rng.integers(len(NASTY))]
        return b"".join(cells)
    start, end = sorted(rng.integers(0, len(content) + 1, 2))
    if rng.random() < 0.7:
        end = min(end, start + int(rng.integers(1, 4)))
    piece, other = content[start:end], SEEDS[rng.integers(len(SEEDS))]
    flipped = (
        bytes(byte ^ (1 << int(rng.integers(8))) for byte in piece[:4]) + piece[4:]
    )
    pieces = [b"", piece * 2, flipped, NASTY[rng.integers(len(NASTY))]]
    pieces += [NASTY[rng.integers(len(NASTY))] + piece, other[start:end]]
    return content[:start] + pieces[rng.integers(len(pieces))] + content[end:]


@pytest.mark.parametrize("content", SEEDS)
def test_the_files_to_mutate_are_good_ones(path, content):
    assert plain_csv.plain_parse(content)
    assert readers.check_load(path, content)
    assert readers.check_load(path, gzip.compress(content))


def test_a_mutated_file_is_read_exactly_or_refused_with_its_line(path):
    rng = np.random.default_rng(0)
    for run in range(1500):
        content = SEEDS[run % len(SEEDS)]
        for _ in range(rng.integers(1, 4)):
            content = mutated(content, rng)
        readers.check_load(path, gzip.compress(content, 1) if run % 4 == 0 else content)


def test_a_mutated_gzip_file_is_read_exactly_or_refused(path):
    rng = np.random.default_rng(1)
    for run in range(500):
        packed = gzip.compress(SEEDS[run % len(SEEDS)], 1)
        readers.check_load(path, mutated(packed, rng))


FACES = st.lists(
    st.sampled_from(["0", "7", "42", "255", "255", "007", "256", "", "-1"]),
    min_size=15,
    max_size=17,
).map(" ".join)
CELLS = FACES | st.sampled_from(
    ["0", "6", "7", "Training", '"3"', " 3 ", '"', "1" * 18]
)
GOOD = st.lists(st.integers(0, 255), min_size=16, max_size=16).map(
    lambda face: " ".join(map(str, face))
)
ROWS = st.tuples(st.sampled_from("0123456"), GOOD) | st.lists(CELLS, max_size=3)
QUICK = settings(max_examples=300, derandomize=True, deadline=None, database=None)


@QUICK
@given(
    header=st.sampled_from(
        ["label,feature", "id,feature", "emotion, pixels", "feature"]
    ),
    rows=st.lists(ROWS, max_size=6),
    newline=st.sampled_from(["\n", "\r\n"]),
    final=st.booleans(),
)
def test_drawn_rows_are_read_exactly_or_refused_with_their_line(
    path, header, rows, newline, final
):
    text = newline.join([header, *map(",".join, rows)]) + newline * final
    readers.check_load(path, text.encode())


@QUICK
@given(st.binary(max_size=300))
@example(b"")
@example(b"\x1f\x8b")
@example(b"id,feature\n" + b"\n" * 9)
def test_bytes_of_any_kind_are_read_exactly_or_refused(path, content):
    readers.check_load(path, content)


def test_a_mutated_file_of_another_form_is_read_or_refused(tmp_path):
    good, rng = valid.small_forms(), np.random.default_rng(3)
    # The last two have no picture beside them, and no face.
    assert sum(readers.check_form(tmp_path / "a.bin", each) for each in good) == 7
    for run in range(200):
        readers.check_form(tmp_path / "a.bin", mutated(good[run % len(good)], rng))


@pytest.mark.parametrize("target", readers.TARGETS[2:])
def test_any_other_mutated_file_is_read_or_refused(tmp_path, target):
    check, good, _ = readers.targets()[target]
    assert all(check(tmp_path / "model.keras", content) for content in good)
    rng = np.random.default_rng(2)
    for run in range(200):
        check(tmp_path / "model.keras", mutated(good[run % len(good)], rng))
