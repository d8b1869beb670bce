"""Turn faces of any form into another: a CSV, Parquet, or a folder of pictures.

python convert.py --data photos/ --out faces.csv
python convert.py --data fer2013.tar.gz --out faces.parquet
python convert.py --data data/fer2013.csv --out faces/

The ending of --out tells the form. A folder has train, validation and test in it where
the faces have a split, and in each a folder a class, of 48 x 48 grey PNG: no pixel is
lost. CSV and Parquet keep text ids; votes of FER+ are lost.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import BadInput, cli, defaults


def main() -> None:
    args = cli.parser(__doc__, *cli.DATA).parse_args()
    if not args.out:
        raise BadInput("name what to write: --out faces.csv, faces.parquet or faces/")
    from fer import data, files
    from fer.data import writing

    source = defaults.source(args)
    write = writing.WRITERS.get(args.out.suffix.lower(), writing.folder)
    if write is not writing.folder:
        files.free_to_write(args.out, *source.paths)
    elif args.out.exists() and any(Path(args.out).iterdir()):
        raise BadInput(f"{args.out} is not empty: name a new folder")
    faces = defaults.load(source, data.USAGES)
    write(args.out, faces)
    print(f"wrote {args.out}: {len(faces):,} faces of {source}")


if __name__ == "__main__":
    cli.run(main)
