"""Draw what a layer's filters look for, and what they make of a face.

python filters.py --csv data/fer2013.csv
python filters.py --layers 3 4 --image 0 --steps 200 --out figures/deep
"""

from pathlib import Path

from fer import cli


def main():
    flags = ("csv", "model", "layers", "steps", "seed")
    args = cli.parser(
        __doc__, *flags, image=cli.IMAGE, out=Path("figures")
    ).parse_args()
    from fer import explain, figures, files, progress

    files.writable(args.out / "filters.png")
    model, faces = cli.model_and_faces(args)
    layers = explain.pick_layers(model.network, args.layers)
    image = faces.images[cli.row(args.image, faces)]
    for layer in layers:
        found, _, dead = explain.ascend(
            model.network,
            layer,
            args.steps,
            args.seed,
            progress.steps(layer.name, args.steps),
        )
        maps = explain.responses(model.network, layer, image)
        for name, drawn, _ in figures.filter_pictures(
            layer.name, found, dead, args.steps, maps, args.image
        ):
            files.write_bytes(args.out / name, figures.png(drawn))
            print(f"wrote {args.out / name}")


if __name__ == "__main__":
    cli.run(main)
