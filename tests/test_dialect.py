"""How a table's encoding and columns are told."""

import codecs

import pytest

from fer.data import dialect, squares

PIXELS = " ".join(["7"] * squares.LEAST_SIDE**2)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_wide_encodings_are_told_by_their_mark_or_by_their_zeros(encoding):
    head = "emotion,pixels,Usage\n".encode(encoding)
    assert codecs.lookup(dialect.encoding_of(head)) == codecs.lookup(encoding)


def test_text_without_wide_characters_is_utf_8():
    assert dialect.encoding_of(b"emotion,pixels\n") == "utf-8-sig"


def test_columns_are_the_same_whatever_their_capitals_spaces_and_marks():
    assert dialect.plain_name(' "Image_Name" ') == "imagename"


def test_a_header_tells_kinds_and_extra_columns():
    fields = ["", "Emotion", "pixels", "Usage", "comment"]
    assert dialect.kinds_of(fields) == ["index", "labels", "images", "usage", ""]


def test_a_header_without_pixels_tells_no_kinds():
    assert dialect.kinds_of(["emotion", "age"]) == []


def test_a_column_a_pixel_is_wide():
    fields = ["label", *(f"pixel{n}" for n in range(squares.LEAST_SIDE**2))]
    assert dialect.kinds_of(fields) == ["labels", *["wide"] * (len(fields) - 1)]


def test_without_header_the_cells_tell_kinds():
    fields = ["3", PIXELS, "Training"]
    assert dialect.kinds_without_header(fields) == ["labels", "images", "usage"]


@pytest.mark.parametrize(("first", "last"), [("3", "255"), ("255", "3")])
def test_without_header_a_label_is_first_or_last_of_the_numbers(first, last):
    between = ["7"] * (squares.LEAST_SIDE**2 - 1)
    kinds = dialect.kinds_without_header([first, *between, last])
    assert kinds.index("labels") == (0 if first == "3" else len(between) + 1)


def test_the_votes_of_fer_plus_are_told_by_their_names():
    header = [
        "Usage",
        "Image name",
        "neutral",
        "happiness",
        "surprise",
        "contempt",
        "NF",
    ]
    assert dialect.is_votes(header)
    assert not dialect.is_votes(["emotion", "pixels", "Usage"])


def test_paths_stand_in_a_column_of_that_name_beside_labels():
    assert dialect.path_column(["label", "file_path"]) == 1
    assert dialect.path_column(["file_path", "age"]) is None
    assert dialect.path_column(["label", "pixels"]) is None


def test_a_table_lists_paths_only_where_its_first_row_has_one():
    assert dialect.is_paths(["label", "image"], ["happy", "a/1.PNG"])
    assert not dialect.is_paths(["label", "image"], ["happy", PIXELS])
    assert not dialect.is_paths(["label", "image"], ["happy"])


@pytest.mark.parametrize("cell", ["[1, 2, 30]", "1;2;30", " 1  2 30 ", "1.0 2. 30.00"])
def test_pixels_in_any_brackets_and_separators_are_numbers_with_a_space(cell):
    assert dialect.pixel_text(cell) == "1 2 30"


def test_a_column_with_an_endless_name_is_told_at_once():
    assert dialect.kinds_of(["pixels", "0" * 10**6 + "a"]) == ["images", ""]
