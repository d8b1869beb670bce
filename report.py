"""Run the whole chain: train or load, score, explain, draw, label; write report.html.

python report.py
python report.py --data data/fer2013.csv --models models/fer2013
python report.py --data data/fer2013.csv --train

Drawn faces: new models in models/sample, the page in figures/sample. Your own: the
shipped models, with --train new ones in models/report; the page in figures/report.
"""

import shlex
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import BadInput, cli, defaults, flags


def main() -> None:
    named = (*flags.DATA, "models", "train", "epochs", "seed", "test", "faces")
    args = cli.parser(__doc__, *named).parse_args()
    source = defaults.source(args)
    sample = defaults.is_sample(source)
    fresh = args.train or (sample and not args.models)
    own = "sample" if sample else "report"
    shipped = defaults.found(Path("models/fer2013")) or Path("models/fer2013")
    folder = args.models or (Path("models", own) if fresh else shipped)
    out = args.out or Path("figures", own)
    test = args.test or defaults.test_csv(source)
    from fer import data, files
    from fer.report import material
    from fer.training import run

    if args.epochs and not fresh:
        raise BadInput("--epochs is of a training, and none is asked for: add --train")
    # What is wrong with them is better known before hours of training than after.
    read = [*source.paths, test] if test else source.paths
    for name in ("report.html", "submission.csv", "mistakes.csv"):
        files.free_to_write(out / name, *read)
    if test:
        data.load(test, data.USAGES)
    if fresh:
        for name in material.FILES.values():
            run.must_be_free(folder / name, *read)
        few = defaults.for_sample(source).get("epochs", flags.EPOCHS)
        run.train_coursework(source, folder, args.epochs or few, args.seed)
    asked = {"test": test, "out": out, "seed": args.seed, "most": args.faces}
    asked["command"] = shlex.join(["python", "report.py", *sys.argv[1:]])
    # Two runs into one folder would mix page and pictures.
    gathered = material.gather(source, folder, **asked)
    with files.locked(out / ".report.lock"):
        made = _write(gathered)
    print(f"wrote {made}, and its pictures beside it")


def _write(gathered):
    """Write the page and its pictures, telling what each section takes."""
    from fer import files
    from fer.report import page, sections

    parts = {}
    for heading, section in sections.ALL.items():
        start = time.perf_counter()
        parts[heading] = list(section(gathered))
        print(f"{time.perf_counter() - start:6.1f} s  {heading}", flush=True)
    path = gathered.out / "report.html"
    files.write_text(path, page.page("Facial expressions", parts))
    return path


if __name__ == "__main__":
    cli.run(main)
