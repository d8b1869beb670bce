"""Faces out, block by block: as FER2013's CSV, as Parquet, as a folder of pictures."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from pathlib import Path

from fer import files, refusals
from fer.data.faces import CLASSES, USAGES, Faces
from fer.data.gather import BLOCK
from fer.types import Images

SPLITS = ("train", "validation", "test")  # of USAGES, in their order


def table(path: Path, faces: Faces) -> None:
    """Write a CSV as FER2013's; classes other than its seven are written as names.

    Raises BadInput where it cannot be written, as `parquet` does.
    """
    plain = faces.classes == CLASSES
    shown = [str(n) for n in range(len(CLASSES))] if plain else faces.classes
    columns = {"id": faces.ids, "emotion": faces.labels, "Usage": faces.usage}
    header = [name for name in ("id", "emotion") if columns[name] is not None]
    header += ["pixels", *(["Usage"] if faces.usage is not None else [])]
    with files.whole(path) as temporary, open(temporary, "w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for start in range(0, len(faces), BLOCK):
            block = faces.take(slice(start, start + BLOCK))
            pixels = block.images.reshape(len(block), -1).tolist()
            cells = {"pixels": [" ".join(map(str, face)) for face in pixels]}
            if block.ids is not None:
                cells["id"] = block.ids.tolist()
            if block.labels is not None:
                cells["emotion"] = [shown[label] for label in block.labels]
            if block.usage is not None:
                cells["Usage"] = [USAGES[code] for code in block.usage]
            writer.writerows(zip(*(cells[name] for name in header), strict=True))


def parquet(path: Path, faces: Faces) -> None:
    """Write Parquet as Hugging Face reads it: PNG in "image", names with "label"."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    schema = _schema(faces)
    with (
        files.whole(path) as temporary,
        ParquetWriter(temporary, schema) as writer,
    ):
        for start in range(0, len(faces), BLOCK):
            block = faces.take(slice(start, start + BLOCK))
            columns: dict[str, list] = {
                "image": [{"bytes": png(face)} for face in block.images]
            }
            if block.labels is not None:
                columns["label"] = block.labels.tolist()
            if block.usage is not None:
                columns["split"] = [SPLITS[code] for code in block.usage]
            if block.ids is not None:
                columns["id"] = list(map(str, block.ids.tolist()))
            writer.write_table(pyarrow.table(columns, schema))


def _schema(faces):
    """The columns that the faces have, and in the metadata the names of classes."""
    import pyarrow

    picture = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    fields = [("image", picture)]
    fields += [("label", pyarrow.int64())] if faces.labels is not None else []
    fields += [("split", pyarrow.string())] if faces.usage is not None else []
    fields += [("id", pyarrow.string())] if faces.ids is not None else []
    label = {"names": list(faces.classes), "_type": "ClassLabel"}
    features = {"image": {"_type": "Image"}, "label": label}
    about = json.dumps({"info": {"features": features}})
    return pyarrow.schema(fields, {"huggingface": about})


def folder(path: Path, faces: Faces) -> None:
    """Write a PNG a face, named by its row, below its split and its class.

    The folder gets its name once all is written. Raises BadInput where it cannot.
    """
    path = Path(path).absolute()
    digits = len(str(len(faces) - 1))
    with refusals.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        with refusals.writing(path):
            for row in range(len(faces)):
                below = temporary
                if faces.usage is not None:
                    below /= SPLITS[faces.usage[row]]
                if faces.labels is not None:
                    below /= faces.classes[faces.labels[row]]
                below.mkdir(parents=True, exist_ok=True)
                (below / f"{row:0{digits}}.png").write_bytes(png(faces.images[row]))
            temporary.chmod(0o755)
            os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def png(face: Images) -> bytes:
    """A face (48, 48) uint8 as a PNG picture: bytes."""
    from PIL import Image

    memory = io.BytesIO()
    Image.fromarray(face).save(memory, "PNG")
    return memory.getvalue()


WRITERS = {".csv": table, ".parquet": parquet}
