"""Draw what a layer's filters look for, and what they make of a face.

python filters.py --data data/fer2013.csv
python filters.py --layers 3 4 --image 0 --steps 200 --out figures/deep
python filters.py --natural --class-images
python filters.py --model models/fer2013/dnn.keras
python filters.py --photo me.jpg

Without --image: validation row 9, or the last. A model without convolutions: the
weights of its first layer. A filter that none of 500 faces activates is crossed out.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import BadInput, cli, defaults, flags, selection


def main() -> None:
    own = ("layers", "steps", "seed", "image", "natural", "class-images")
    named = (*flags.DATA, "photo", *flags.MODEL, *flags.JUDGED, *own)
    args = cli.parser(__doc__, *named, out=Path("figures")).parse_args()
    from fer import explain, files
    from fer.report import figures

    judged = selection.models_and_faces(args, args.out / "filters.png")
    model, faces = judged.model, judged.faces
    image, name = selection.face_to_answer(args, judged)
    weights = explain.first_weights(model.network)
    layers = explain.convolutions(model.network)[: len(flags.LAYERS)]
    if args.layers:
        layers = explain.pick_layers(model.network, args.layers)
    if not layers and weights is None and not args.class_images:
        raise BadInput(
            "this model has no convolution, and its first layer weighs no pixels: "
            "--class-images draws what its classes look for"
        )
    # What the layers, and so the files, are called is known once the model is.
    names = [it for layer in layers for it in figures.filter_names(layer.name)]
    for out in (*names, "weights.png", "classes.png"):
        read = [*judged.source.paths, *filter(None, [args.photo])]
        defaults.must_be_free(args.out / out, read, judged.paths)
    drawn = []
    for layer in layers:
        moving = faces.images[: flags.MOVING]
        drawn += _of_layer(args, model, layer, moving, image, name)
    if weights is not None:
        drawn.append(("weights.png", figures.weights(weights), None))
    if args.class_images:
        asked = args.steps, args.seed, lambda step: None, args.natural
        found, _, _ = explain.ascend_classes(model.network, *asked)
        title = f"The model's idea of {', '.join(model.classes)}"
        drawn.append(("classes.png", figures.tiles(found, title), None))
    for out, figure, _ in drawn:
        files.write_figure(args.out / out, figure)
        print(f"wrote {args.out / out}")


def _of_layer(args, model, layer, faces, image, name):
    """The two pictures of a layer; prints what its filters reached."""
    from fer import explain, progress
    from fer.report import figures, wording

    show = progress.steps(layer.name, args.steps)
    asked = model.network, layer
    found, *reached = explain.ascend(*asked, args.steps, args.seed, show, args.natural)
    dead = ~explain.moved(*asked, faces)
    maps = explain.responses(*asked, image)
    print(wording.filters(layer.name, *reached, dead, len(faces), maps))
    return figures.filter_pictures(layer.name, found, dead, args.steps, maps, name)


if __name__ == "__main__":
    cli.run(main)
