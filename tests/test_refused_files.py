"""A malformed or damaged file is refused, with its name and the line that is off."""

import gzip
import tracemalloc

import pytest
from csv_files import FACE, FER2013, LAYOUTS, ROW, first_pixel, put

from fer import BadInput, data
from fer.data import csv_reader, unpack

COLUMNS_ARE = "line 1: the columns are "
BAD_PIXEL = "line 3: a pixel is not a whole number of 0 to 255"
TOO_HIGH = "line 3: a pixel is over 255"
QUOTE = "line 3: unexpected end of data: is a quote open?"
BLANK = "line 3 is blank: delete it"
MALFORMED = {
    "empty file": (b"", COLUMNS_ARE),
    "header only": (FER2013, "has no rows below its header"),
    "header without newline": (FER2013[:-1], "has no rows below its header"),
    "unknown column": (b"mood,pixels\n" + ROW, "line 2: 3 fields, the header names 2"),
    "no pixels": (b"emotion,Usage\n3,Training\n", COLUMNS_ARE),
    "the same column twice": (b"emotion,label,pixels\n", COLUMNS_ARE),
    "markup in the header": (b"<script>,p\n" + ROW, COLUMNS_ARE + "'<script>,p'"),
    "short row": (put(1, FACE[: FACE.rfind(b" ")]), "line 3: 2303 pixels"),
    "long row": (put(1, FACE + b" 0"), "line 3: 2305 pixels"),
    "no pixels in a row": (put(1, b""), "line 3: 0 pixels"),
    "missing field": (FER2013 + ROW + b"3," + FACE + b"\n" + ROW, "line 3: 2 fields"),
    "extra field": (put(2, b"Training,"), "line 3: 4 fields"),
    "only short rows": (FER2013 + b"3,1 2 3,Training\n" * 9, "line 2: 3 pixels"),
    "only blank lines": (FER2013 + b"\n\n\n\n", "no rows below its header"),
    "blank line": (FER2013 + ROW + b"\n" + ROW, BLANK),
    "line of spaces": (FER2013 + ROW + b"   \n" + ROW, BLANK),
    "pixel of 256": (first_pixel(b"256"), TOO_HIGH),
    "pixel of 999": (first_pixel(b"999"), TOO_HIGH),
    "pixel of 65536": (first_pixel(b"65536"), BAD_PIXEL),
    "pixel of 4294967296": (first_pixel(b"4294967296"), BAD_PIXEL),
    "four digits": (first_pixel(b"0001"), BAD_PIXEL),
    "negative pixel": (first_pixel(b"-1"), BAD_PIXEL),
    "signed pixel": (first_pixel(b"+1"), BAD_PIXEL),
    "float pixel": (first_pixel(b"0.5"), BAD_PIXEL),
    "exponent": (first_pixel(b"1e2"), BAD_PIXEL),
    "letter": (first_pixel(b"x"), BAD_PIXEL),
    "long pixel": (first_pixel(b"9" * 50_000), BAD_PIXEL),
    "longest pixel": (first_pixel(b"x" * 65_536 + b"7"), BAD_PIXEL),
    "underscore": (first_pixel(b"1_0"), BAD_PIXEL),
    "tab": (first_pixel(b"1\t2"), "line 3: 2305 pixels"),
    "NUL in the pixels": (first_pixel(b"\0"), BAD_PIXEL),
    "not UTF-8": (first_pixel(b"\xff\xfe"), BAD_PIXEL),
    "other digits": (first_pixel("\u0663".encode()), BAD_PIXEL),
    "last pixel": (put(1, FACE[: FACE.rfind(b" ")] + b" 256"), TOO_HIGH),
    "quote inside": (first_pixel(b'"1"'), "line 3: ',' expected after '\"'"),
    "open quote": (put(1, b'"' + FACE), QUOTE),
    "closing quote": (put(1, FACE + b'"'), BAD_PIXEL),
    "open quote before a label": (put(0, b'"3'), QUOTE),
    "carriage return after a label": (put(0, b"3\r"), "line 3: 1 fields"),
    "label of 7": (put(0, b"7"), "line 3: the label is '7', not one of 0 to 6"),
    "empty label": (put(0, b""), "line 3: the label is ''"),
    "negative label": (put(0, b"-1"), "line 3: the label is '-1'"),
    "NUL label": (put(0, b"3\0"), r"line 3: the label is '3\x00'"),
    "unknown usage": (
        put(2, b"<script>"),
        "line 3: Usage is '<script>', not one of Training, PublicTest, PrivateTest",
    ),
    "empty usage": (put(2, b""), "line 3: Usage is ''"),
    "terminal codes": (put(2, b"\x1b[2J"), r"line 3: Usage is '\x1b[2J'"),
    "formula id": (
        b"id,feature\n1," + FACE + b"\n=cmd()," + FACE + b"\n",
        "line 3: the id is '=cmd()', not text that",
    ),
    "the same id twice": (
        b"id,feature\n7," + FACE + b"\n5," + FACE + b"\n7," + FACE + b"\n",
        "line 4: the id 7 is that of an earlier row",
    ),
    "negative id": (b"id,feature\n-1," + FACE, "line 2: the id is '-1'"),
    "two bad rows": (
        FER2013 + ROW + b"3," + FACE + b"x,Training\n9" + ROW + b"\n",
        BAD_PIXEL,
    ),
    "endless line": (FER2013 + ROW + b"7 " * 600_000, "line 3 is longer than any face"),
    "zeros": (bytes(200_000), COLUMNS_ARE),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_refused_with_its_name_and_line(lay, case, packed):
    content, complaint = MALFORMED[case]
    path = lay(content, packed)
    with pytest.raises(BadInput) as refusal:
        data.load(path)
    assert str(path) in str(refusal.value)
    assert complaint in str(refusal.value)
    assert len(str(refusal.value)) < len(str(path)) + 450


PACKED = gzip.compress(LAYOUTS["fer2013"])
DAMAGED = {
    "truncated": PACKED[:-2000],
    "cut in its last bytes": PACKED[:-3],
    "cut in its header": PACKED[:7],
    "magic number alone": PACKED[:2],
    "flipped byte": PACKED[:3000] + bytes([PACKED[3000] ^ 255]) + PACKED[3001:],
    "wrong checksum": PACKED[:-8] + bytes(4) + PACKED[-4:],
    "unknown method": PACKED[:2] + b"\x07" + PACKED[3:],
    "more after the end": PACKED + b"more",
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_gzip_file_is_refused_with_its_name(tmp_path, damage):
    path = tmp_path / "faces.csv.gz"
    path.write_bytes(DAMAGED[damage])
    with pytest.raises(BadInput, match="damaged gzip file") as refusal:
        data.load(path)
    assert str(path) in str(refusal.value)


def test_no_file_and_a_folder_are_refused_with_their_names(tmp_path):
    with pytest.raises(BadInput, match=r"none\.csv cannot be read: No such file"):
        data.load(tmp_path / "none.csv")
    with pytest.raises(BadInput, match=f"{tmp_path} has no faces in it"):
        data.load(tmp_path)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_the_line_number_is_right_beyond_the_first_block(lay, packed):
    good = 200
    assert good * len(ROW) > csv_reader.BLOCK
    path = lay(FER2013 + ROW * good + put(0, b"8")[len(FER2013) :], packed)
    with pytest.raises(BadInput, match=f"line {good + 3}: the label is '8'"):
        data.load(path)


@pytest.mark.parametrize("before", [b"", FER2013, FER2013 + ROW])
@pytest.mark.parametrize("filler", [b"\0", b"0", b"\n"])
def test_a_gzip_that_unpacks_to_a_gigabyte_is_refused_at_its_first_block(
    tmp_path, monkeypatch, before, filler
):
    # tracemalloc counts the room for faces as used, though nothing touches it.
    monkeypatch.setattr(unpack, "MOST_UNPACKED", 1 << 20)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(before) + gzip.compress(filler * 10**6) * 1000)
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=r"line [0-9]+|has no rows|unpacks to"):
            data.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 << 20


def test_a_file_that_unpacks_to_far_more_than_its_size_is_refused(lay, monkeypatch):
    path, size = lay(LAYOUTS["fer2013"], packed=True), len(LAYOUTS["fer2013"])
    monkeypatch.setattr(unpack, "MOST_TIMES", 0)
    monkeypatch.setattr(unpack, "MOST_UNPACKED", size)
    assert len(data.load(path, data.USAGES)) == 12
    monkeypatch.setattr(unpack, "MOST_UNPACKED", size - 1)
    with pytest.raises(BadInput, match="unpacks to more than"):
        data.load(path)
