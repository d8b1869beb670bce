"""The loader reads every FER layout exactly."""

import csv
import gzip
import io
import os
from pathlib import Path

import numpy as np
import pytest
from csv_files import (
    FACE,
    FER2013,
    IMAGES,
    LABELS,
    LAYOUTS,
    ROW,
    first_pixel,
    put,
    table,
)

from fer import BadInput, data
from fer.data import csv_reader


def plain_parse(content):
    """What the csv module and int make of the file: a dict for each row."""
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    rows = []
    for row in csv.DictReader(text, skipinitialspace=True):
        row = {csv_reader.COLUMNS[name]: cell for name, cell in row.items()}
        row["images"] = [int(pixel) for pixel in row["images"].split()]
        rows.append(row)
    return rows


def agrees(faces, rows):
    """Whether `faces` holds exactly those rows, in that order."""
    same = faces.images.reshape(len(faces), -1).tolist() == [r["images"] for r in rows]
    reads = {"labels": int, "usage": data.USAGES.index, "ids": int}
    for name, read in reads.items():
        column = getattr(faces, name)
        if column is None:
            same &= name not in rows[0]
        else:
            same &= column.tolist() == [read(row[name]) for row in rows]
    return same


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read_as_the_csv_module_reads_it(lay, layout, packed):
    content = LAYOUTS[layout]
    faces = data.load(lay(content, packed), data.USAGES)
    assert faces.images.dtype == np.uint8
    assert agrees(faces, plain_parse(content))


def test_the_faces_are_the_ones_written(lay):
    faces = data.load(lay(LAYOUTS["fer2013"]), data.USAGES)
    assert (faces.images == IMAGES).all()
    assert (faces.labels == LABELS).all()


def test_a_gzip_of_several_members_is_read_to_its_end(lay):
    content = LAYOUTS["labelled"]
    path = lay(
        b"".join(
            gzip.compress(content[i : i + 5000]) for i in range(0, len(content), 5000)
        )
    )
    assert agrees(data.load(path), plain_parse(content))


@pytest.mark.parametrize("size", [1 << 12, 9973, 1 << 14])
def test_rows_are_the_same_wherever_a_block_ends(lay, monkeypatch, size):
    monkeypatch.setattr(csv_reader, "BLOCK", size)
    for layout in ("fer2013", "windows lines", "no final newline, pixels last"):
        faces = data.load(lay(LAYOUTS[layout]), data.USAGES)
        assert agrees(faces, plain_parse(LAYOUTS[layout]))


def test_pixels_may_have_leading_zeros_and_a_space_at_each_end(lay):
    rest = FACE.split(b" ", 1)[1]
    path = lay(b"label,feature\n0, 007 " + rest + b" \n")
    assert data.load(path).images[0].ravel().tolist() == [7, *map(int, rest.split())]


def test_private_test_rows_are_left_out_unless_asked_by_name(lay):
    path = lay(LAYOUTS["fer2013"])
    assert data.counts(data.load(path)) == {"Training": 7, "PublicTest": 3}
    assert data.counts(data.load(path, data.USAGES))["PrivateTest"] == 2
    private = data.load(path, ("PrivateTest",))
    assert (private.images == IMAGES[10:]).all()
    assert data.counts(data.load(lay(LAYOUTS["labelled"]))) == {"rows": 12}


def test_a_file_of_private_test_rows_alone_says_that_none_may_be_used(lay):
    path = lay(FER2013 + ROW.replace(b"Training", b"PrivateTest"))
    with pytest.raises(BadInput, match="no rows of Training or PublicTest"):
        data.load(path)


def test_left_out_rows_are_checked_all_the_same(lay):
    path = lay(FER2013 + ROW + b"9," + FACE + b",PrivateTest\n")
    with pytest.raises(BadInput, match="line 3: the label is '9'"):
        data.load(path)


def test_the_files_own_public_test_rows_validate(lay):
    fitted, held = data.split(data.load(lay(LAYOUTS["fer2013"])))
    assert fitted.tolist() == list(range(7))
    assert held.tolist() == [7, 8, 9]


def test_the_digest_is_the_same_for_every_packing(lay):
    digest = data.digest(data.load(lay(LAYOUTS["fer2013"])))
    for layout in ("quoted", "windows lines", "usage first", "byte order mark"):
        for packed in (False, True):
            faces = data.load(lay(LAYOUTS[layout], packed))
            assert data.digest(faces) == digest


def test_the_digest_differs_with_any_pixel_label_or_usage(lay):
    digests = {
        data.digest(data.load(lay(content)))
        for content in (
            *(put(0, b"3"), put(0, b"4"), put(2, b"PublicTest")),
            *(first_pixel(b"0"), first_pixel(b"1"), table("label", "feature")),
        )
    }
    assert len(digests) == 6


def test_taken_rows_keep_their_labels_usages_and_ids(lay):
    content = LAYOUTS["everything"]
    faces = data.load(lay(content), data.USAGES)
    assert agrees(faces.take([5, 2]), [plain_parse(content)[row] for row in (5, 2)])
    assert np.shares_memory(faces.take(slice(3)).images, faces.images)


@pytest.mark.skipif("FER_DATA" not in os.environ, reason="FER_DATA names no folder")
def test_fer2013_has_its_known_rows():
    folder = Path(os.environ["FER_DATA"])
    faces = data.load(folder / "fer2013.csv.gz", data.USAGES)
    assert data.counts(faces) == {"Training": 28_709, "PublicTest": 3_589}
    test = data.load(folder / "test.csv.gz")
    assert test.ids.tolist() == list(range(3_589))
    assert test.labels is None
    with gzip.open(folder / "test.csv.gz") as file:
        head = b"".join(file.readline() for _ in range(101))
    assert agrees(test.take(slice(100)), plain_parse(head))
