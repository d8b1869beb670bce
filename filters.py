"""Draw what a layer's filters look for, and what they make of a face.

python filters.py --data data/fer2013.csv
python filters.py --layers 3 4 --image 0 --steps 200 --out figures/deep

Without --image: validation row 9, or the last.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import cli, defaults


def main():
    flags = (
        *cli.DATA,
        *cli.MODEL,
        *cli.JUDGED,
        "layers",
        "steps",
        "seed",
        "image",
    )
    args = cli.parser(__doc__, *flags, out=Path("figures")).parse_args()
    from fer import explain, files, models, progress
    from fer.report import figures

    # What the layers, and so the files, are called is known once the model is.
    judged = defaults.models_and_faces(args, args.out / "filters.png")
    model, faces = judged.model, judged.faces
    layers = explain.pick_layers(model.network, args.layers)
    for layer in layers:
        for name in figures.filter_names(layer.name):
            files.free_to_write(
                args.out / name, *judged.source.paths, *models.files_of(judged.paths[0])
            )
    last = len(faces) - 1
    row = min(cli.IMAGE, last)
    if args.image is not None:
        row = defaults.row(args.image, faces, judged.source)
    for layer in layers:
        found, _, dead = explain.ascend(
            model.network,
            layer,
            args.steps,
            args.seed,
            progress.steps(layer.name, args.steps),
        )
        maps = explain.responses(model.network, layer, faces.images[row])
        for name, drawn, _ in figures.filter_pictures(
            layer.name, found, dead, args.steps, maps, row
        ):
            files.write_figure(args.out / name, drawn)
            print(f"wrote {args.out / name}")


if __name__ == "__main__":
    cli.run(main)
