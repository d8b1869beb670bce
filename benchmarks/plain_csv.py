"""A reader of FER2013's own CSV as plain as can be, to compare the fast one with."""

import re

from fer import data
from fer.data import csv_reader


class Refused(Exception):
    """The plain parser's complaint; its argument is the line number."""


def plain_parse(content):
    """The rows of a CSV, each a dict, read line by line with no NumPy."""
    header, *lines = content.split(b"\n")
    names = header.decode("utf-8-sig", "replace").strip().split(",")
    columns = [csv_reader.COLUMNS.get(name.strip(' "')) for name in names]
    repeated = len(set(columns)) < len(columns)
    if None in columns or repeated or "images" not in columns:
        raise Refused(1)
    if lines and not lines[-1]:
        lines.pop()
    rows = [_plain_row(columns, line, i) for i, line in enumerate(lines, start=2)]
    to_be_labelled = "ids" in columns and "labels" not in columns
    ids = [row["ids"] for row in rows] if to_be_labelled else []
    for place, number in enumerate(ids):
        if number in ids[:place]:
            raise Refused(place + 2)
    return rows


def _plain_row(columns, line, number):
    cells = [_unquoted(cell) for cell in line.removesuffix(b"\r").split(b",")]
    if len(cells) != len(columns):
        raise Refused(number)
    row = {}
    for name, cell in zip(columns, cells, strict=True):
        cell = cell.removeprefix(b" ").removesuffix(b" ")
        if name == "images":
            row[name] = [_plain_number(pixel, 3, number) for pixel in cell.split(b" ")]
            if len(row[name]) != csv_reader.PIXELS or max(row[name]) > 255:
                raise Refused(number)
        elif name == "ids":
            row[name] = _plain_number(cell.strip(b" "), 18, number)
            if str(row[name]).encode() != cell.strip(b" "):
                raise Refused(number)
        else:
            known = data.USAGES if name == "usage" else tuple("0123456")
            cell = cell.strip(b" ").decode("latin-1")
            if cell not in known:
                raise Refused(number)
            row[name] = known.index(cell)
    return row


def _unquoted(cell):
    quoted = len(cell) > 1 and cell.startswith(b'"') and cell.endswith(b'"')
    return cell[1:-1] if quoted else cell


def _plain_number(text, digits, number):
    if not re.fullmatch(rb"[0-9]{1,%d}" % digits, text):
        raise Refused(number)
    return int(text)
