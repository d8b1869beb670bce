"""Turn faces of any form into another: CSV, Parquet, pictures, or mapped columns.

python convert.py --data photos/ --out faces.csv
python convert.py --data fer2013.tar.gz --out faces.parquet
python convert.py --data data/fer2013.csv --out faces/
python convert.py --data part1.csv part2.csv --out all.faces

The ending of --out tells the form. A folder has train, validation and test in it where
the faces have a split, and in each a folder a class, of 48 x 48 grey PNG: no pixel is
lost. CSV and Parquet keep text ids; columns alone keep votes of FER+.

A folder that ends in .faces holds columns that are mapped, not read, for faces past
memory. It is made file by file; after a stop the same command goes on. Where there is
no split, one labelled face in ten validates, copies on the same side.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import BadInput, cli, defaults, flags


def main() -> None:
    args = cli.parser(__doc__, *flags.DATA).parse_args()
    if not args.out:
        raise BadInput("name what to write: --out x.csv, x.parquet, x.faces or x/")
    from fer import data, files
    from fer.data import mapped, writing

    source = defaults.source(args)
    write = writing.WRITERS.get(args.out.suffix.lower(), writing.folder)
    if write is not writing.folder:
        files.free_to_write(args.out, *source.paths)
    elif args.out.exists() and any(Path(args.out).iterdir()):
        raise BadInput(f"{args.out} is not empty: name a new folder")
    if args.out.suffix == mapped.ENDING:
        rows = mapped.write(args.out, source, lambda it: data.load(it, data.USAGES))
    else:
        faces = defaults.load(source, data.USAGES)
        write(args.out, faces)
        rows = len(faces)
    print(f"wrote {args.out}: {rows:,} faces of {source}")


if __name__ == "__main__":
    cli.run(main)
