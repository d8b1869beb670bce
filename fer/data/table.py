"""Tables of faces in every dialect of CSV: each malformed row is named by its line.

FER2013's own dialect is read by csv_reader.py, many times as fast. Here are others'
separators, encodings, headers or none, labels by name, pixels in lists or in columns.
"""

import csv
import io
import itertools
import math
import re

from fer import BadInput
from fer.data import classes, csv_reader, squares
from fer.data.csv_reader import NotPlain
from fer.data.gather import BLOCK, split_code

# What columns are called, without capitals, spaces and marks.
NAMES = {
    "images": "pixels pixel feature features image images face faces pixelvalues",
    "labels": "emotion emotions label labels class expression target category "
    "emotionlabel classname expressionlabel sentiment emotionname",
    "usage": "usage split set subset partition",
    "ids": "id ids imageid rowid imagename",
    "index": "index unnamed0",
}
KINDS = {name: kind for kind, names in NAMES.items() for name in names.split()}
PATHS = {
    *[
        "path",
        "paths",
        "filename",
        "filenames",
        "file",
        "files",
        "filepath",
        "imagepath",
        "imagefile",
    ],
    *["img", "name", "image", "images", "face", "imagename", "id", "imageid"],
}
SEPARATORS = (",", ";", "\t", "|")
SAMPLE = 20  # lines that tell a table's layout
LONGEST_LINE = 1 << 20
MOST_BLANK = 100  # lines in all
LONGEST_ID, LONGEST_LABEL = 260, 40
NUMBER = re.compile(r"[0-9]{1,3}(\.0*)?")
ID = re.compile(r"0|[1-9][0-9]{0,17}")
TEXT_BETWEEN_PIXELS = re.compile(r"[\s,;|\[\]()]+")
FORMULA = ("=", "+", "-", "@")


def plain_name(text):
    """A column's name without capitals, spaces and marks."""
    return re.sub("[^a-z0-9]", "", text.lower())


def encoding_of(head):
    """Of a file that begins so; text without a mark is UTF-8."""
    for mark, name in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if head.startswith(mark):
            return name
    # Without a mark, digits and commas show whose zeros are where.
    half, other = head[1:40:2], head[0:40:2]
    if half and not any(half) and any(other):
        return "utf-16-le"
    if other and not any(other) and any(half):
        return "utf-16-be"
    return "utf-8-sig"


def rows(stream, path):
    """Yield (line, fields) of each row that is not blank, from the first; the separator
    comes first of all, alone.

    Raises BadInput for a line that is too long, or blank among others, or misquoted.
    """
    head = stream.peek(64)[:64]
    text = io.TextIOWrapper(
        stream, encoding_of(head), errors="surrogateescape", newline=""
    )
    lines = _lines(text, path)
    sample = list(itertools.islice(lines, SAMPLE))
    separator = _separator(sample)
    yield separator
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(
        itertools.chain(sample, lines),
        delimiter=separator,
        skipinitialspace=True,
        strict=True,
    )
    blank, blanks, begun = 0, 0, False
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise BadInput(f"{path}, line {line}: {error}: is a quote open?") from error
        if not any(field.strip() for field in fields):
            blank = blank or (line if begun else 0)
            blanks += 1
            if blanks <= MOST_BLANK:
                continue
        if blank or blanks > MOST_BLANK:
            blank = blank or 1
            raise BadInput(f"{path}, line {blank} is blank: delete it")
        begun = True
        yield line, fields
    text.detach()


def _lines(text, path):
    for number in itertools.count(1):
        try:
            line = text.readline(LONGEST_LINE)
        except UnicodeError as error:
            raise BadInput(
                f"{path}, line {number} is no text ({error!s:.80}): save it as UTF-8"
            ) from error
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise BadInput(
                f"{path}, line {number} is longer than any face: is this a FER CSV?"
            )
        if "[" in line and '"' not in line:
            line = re.sub(r"\[[^\]]*\]?", lambda cell: cell[0].replace(",", " "), line)
        yield line


def _separator(lines):
    """The separator with which the first line is a header or a row of a face."""
    first = next((line for line in lines if line.strip()), "")
    for separator in SEPARATORS:
        fields = _split(first, separator)
        if _kinds(fields) or is_votes(fields) or path_column(fields) is not None:
            return separator
        if _is_row(fields):
            return separator
    return SEPARATORS[0]


def _split(line, separator):
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return []


def is_votes(fields):
    """Whether a header is that of FER+."""
    return {"neutral", "happiness", "contempt", "nf"} <= {*map(plain_name, fields)}


def path_column(fields):
    """The place of a header's column of paths beside one of labels, or None."""
    names = [plain_name(field) for field in fields]
    if any(KINDS.get(name) == "images" and name not in PATHS for name in names):
        return None
    labels = any(KINDS.get(name) == "labels" for name in names)
    places = [place for place, name in enumerate(names) if name in PATHS]
    return places[0] if labels and places else None


def is_paths(header, row):
    """Whether a table with that header and first row lists paths of pictures."""
    place = path_column(header)
    return place is not None and place < len(row) and squares.is_picture(row[place])


def _is_row(fields):
    return bool(_headerless(fields))


def _kinds(fields):
    """The kind of each column by the header, or [] where it names no pixels."""
    names = [plain_name(field) for field in fields]
    kinds = [KINDS.get(name, "" if name else "index") for name in names]
    wide = [re.fullmatch("[a-z]*[0-9]+x?[0-9]*", name) is not None for name in names]
    # A row of pixels may look so, too, but for names that are all different.
    unlike = len(set(names)) == len(names)
    if unlike and sum(wide) >= squares.LEAST_SIDE**2 and "images" not in kinds:
        kinds = _wide(wide, kinds)
    return kinds if {"images", "wide"} & {*kinds} else []


def _wide(places, kinds):
    pairs = zip(places, kinds, strict=True)
    return ["wide" if is_pixel else kind for is_pixel, kind in pairs]


def _headerless(fields):
    """The kind of each column by what a first row holds, or []."""
    kinds = [_kind_of(field) for field in fields]
    if "images" in kinds:
        return kinds if len(set(kinds)) == len(kinds) else []
    numbers = [NUMBER.fullmatch(field.strip()) is not None for field in fields]
    extra = sum(numbers) - math.isqrt(sum(numbers)) ** 2
    if sum(numbers) < squares.LEAST_SIDE**2 or extra > 1:
        return []
    kinds = _wide(numbers, kinds)
    if extra:
        # As MNIST has it, the label is first; last if no label could be first.
        label = 0 if numbers[0] and int(float(fields[0])) < 20 else len(fields) - 1
        kinds[label] = "labels"
    return kinds


def _kind_of(field):
    if _pixel_text(field).count(" ") + 1 >= squares.LEAST_SIDE**2:
        return "images"
    if split_code(field) is not None:
        return "usage"
    if classes.is_known(field) or NUMBER.fullmatch(field.strip()):
        return "labels"
    return "ids"


def _pixel_text(cell):
    """The numbers of a cell with one space between them."""
    text = cell.strip()
    if text[:1] == "[" or not text.replace(" ", "").isdecimal() or "  " in text:
        text = TEXT_BETWEEN_PIXELS.sub(" ", text).strip()
        if "." in text:
            text = re.sub(r"\.0*(?= |$)", "", text)
    return text


def pixels(text, where):
    """The numbers of a cell as a list; raises BadInput that names `where`."""
    cell = _pixel_text(text).encode("utf-8", "replace")
    try:
        return csv_reader.numbers([cell], cell.count(b" ") + 1)[0]
    except NotPlain as off:
        raise BadInput(f"{where}: the pixels are no numbers of 0 to 255") from off


def read(stream, path, about):
    """Yield blocks of the table's faces, as gather.gathered takes them."""
    lines = rows(stream, path)
    separator = next(lines)
    first = next(lines, (1, []))
    kinds, header = _layout(first, lines, path)
    if not header:
        lines = itertools.chain([first], lines)
    about["form"] = _form(first[1] if header else None, kinds, separator)
    parse = _Parser(path, kinds)
    batch = []
    try:
        for line, fields in lines:
            batch.append(parse(line, fields))
            if len(batch) == BLOCK:
                yield parse.block(batch)
                batch = []
    except BadInput:
        parse.block(batch)  # An earlier row may be off, too.
        raise
    if batch:
        yield parse.block(batch)
    about["form"] += parse.notes()


def _layout(first, lines, path):
    """The kind of each column, and whether the first row is a header."""
    line, fields = first
    if kinds := _kinds(fields):
        for kind in {*kinds} - {"wide", "index", ""}:
            places = [place for place, its in enumerate(kinds) if its == kind]
            names = [fields[place] for place in places]
            if len(names) > 1:
                raise BadInput(
                    f"{path}, line {line}: the columns are {_shown(fields)}, of which "
                    f"{' and '.join(names)} say the same: delete one"
                )
        return kinds, True
    if kinds := _headerless(fields):
        return kinds, False
    raise BadInput(
        f"{path}, line {line}: the columns are {_shown(fields)}, not "
        "emotion,pixels,Usage or label,feature or id,feature or pixels"
    )


def _shown(fields):
    return repr(",".join(fields)[:80])


def _form(header, kinds, separator):
    """What is other than FER2013's, in words."""
    words = ["no header"]
    if header:
        named = [name.strip() for name in header[:6]] + ["..."] * (len(header) > 6)
        words = [f"columns {' '.join(filter(None, named))}"]
    if separator != ",":
        words.append(f"separator {separator!r}")
    if "wide" in kinds:
        words.append(f"{kinds.count('wide'):,} columns of pixels")
    extra = [name for place, name in enumerate(header or ()) if not kinds[place]]
    if extra:
        words.append(f"ignored columns: {', '.join(extra)[:200]}")
    return ", ".join(["a CSV", *words])


class _Parser:
    """Rows of a table, checked; it keeps what the rows before have settled."""

    def __init__(self, path, kinds):
        self.path, self.kinds, self.count, self.numbered = path, kinds, None, None
        self.places = {
            kind: [place for place, its in enumerate(kinds) if its == kind]
            for kind in ("images", "wide", "labels", "usage", "ids")
        }

    def __call__(self, line, fields):
        """A row as (line, pixels' bytes, label, usage, id)."""
        if len(fields) != len(self.kinds):
            raise self._off(
                line, f"{len(fields)} fields, the header names {len(self.kinds)}"
            )
        pixels = " ".join(fields[place] for place in self.places["wide"])
        for place in self.places["images"]:
            pixels = fields[place]
        cells = {
            kind: fields[self.places[kind][0]].strip() if self.places[kind] else None
            for kind in ("labels", "usage", "ids")
        }
        face = self._pixels(line, pixels)
        return line, face, *(self._checked(line, *cell) for cell in cells.items())

    def _off(self, line, what):
        return BadInput(f"{self.path}, line {line}: {what}")

    def _pixels(self, line, cell):
        text = _pixel_text(cell).encode("utf-8", "replace")
        found = text.count(b" ") + bool(text)
        side = math.isqrt(found)
        square = side * side == found and side >= squares.LEAST_SIDE
        if self.count is None and square and side <= squares.MOST_SIDE:
            self.count = found
        if found != self.count:
            wanted = self.count or csv_reader.PIXELS
            side = math.isqrt(wanted)
            # What is no number is worse than one too many.
            raise self._off(
                line, f"{found} pixels, a face has {wanted} ({side} x {side})"
            )
        return text

    def _checked(self, line, kind, cell):
        if cell is None:
            return None
        return getattr(self, f"_{kind}")(line, cell)

    def _labels(self, line, cell):
        number = NUMBER.fullmatch(cell) is not None
        if not number and not (cell[:1].isalpha() and cell.isprintable()):
            raise self._off(line, f"the label is {cell[:40]!r}, no number and no name")
        if len(cell) > LONGEST_LABEL:
            raise self._off(line, f"the label {cell[:40]!r}... is too long for a class")
        if self.numbered not in (None, number):
            kinds = ("a number", "a name")
            raise self._off(
                line,
                f"the label is {cell!r}, {kinds[not number]}, and those above are not",
            )
        self.numbered = number
        return str(int(float(cell))) if number else cell

    def _usage(self, line, cell):
        code = split_code(cell)
        if code is None:
            known = ", ".join(csv_reader.USAGES)
            raise self._off(line, f"Usage is {cell[:40]!r}, not one of {known}")
        return code

    def _ids(self, line, cell):
        if not cell or not cell.isprintable() or cell.startswith(FORMULA):
            raise self._off(
                line,
                f"the id is {cell[:40]!r}, not text that may stand in a submission",
            )
        if len(cell) > LONGEST_ID:
            raise self._off(line, f"the id is longer than {LONGEST_ID} characters")
        return cell

    def block(self, batch):
        """Rows as a block for gather.gathered; raises BadInput for a wrong pixel."""
        if not batch:
            return None
        lines, cells, labels, usage, ids = map(list, zip(*batch, strict=True))
        try:
            faces = csv_reader.numbers(cells, self.count)
        except NotPlain:
            for line, cell in zip(lines, cells, strict=True):
                self._must_be_pixels(line, cell)
            raise
        side = math.isqrt(self.count)
        return {
            "images": squares.resized(faces.reshape(-1, side, side)),
            "labels": labels if self.places["labels"] else None,
            "where": [f"{self.path}, line {line}" for line in lines],
            "usage": usage if self.places["usage"] else None,
            "ids": ids if self.places["ids"] else None,
            "lines": lines,
        }

    def _must_be_pixels(self, line, cell):
        try:
            csv_reader.numbers([cell], self.count)
        except NotPlain as off:
            numbers = [number for number in cell.split(b" ") if number]
            high = all(re.fullmatch(b"[0-9]{1,3}", number) for number in numbers)
            what = "is over 255" if high else "is not a whole number of 0 to 255"
            raise self._off(line, f"a pixel {what}") from off

    def notes(self):
        """What was found in the rows, to be told."""
        words = "" if self.numbered is not False else ", labels as names"
        side = math.isqrt(self.count or csv_reader.PIXELS)
        if side != csv_reader.SIDE:
            words += f", faces of {side} x {side} resized"
        return words
