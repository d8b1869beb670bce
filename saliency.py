"""Draw a face, what a model looks at to name its class, and the face masked by that.

python saliency.py --data data/fer2013.csv
python saliency.py --image 9 --threshold 0.4 --out figures/saliency_9.png
python saliency.py --method gradient integrated occlusion --class true
python saliency.py --photo me.jpg --class happy --against surprise

Without --image: the first face of fear that the model gets right.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import BadInput, cli, flags, selection


def main() -> None:
    own = ("method", "class", "against", "layer", "samples", "threshold", "seed")
    named = (*flags.DATA, "photo", *flags.MODEL, *flags.JUDGED, "image", *own)
    args = cli.parser(__doc__, *named, out=Path("figures/saliency.png")).parse_args()
    import numpy as np

    from fer import explain, files
    from fer.report import figures, wording

    model, image, label, name = selection.face_to_explain(args, args.out)
    methods = args.method or [explain.best(model.network)]
    options = _options_of(args, methods)
    [told] = model.predict(image[None])
    asked = selection.classes_to_explain(args, model, int(told.argmax()), label)
    classes: list[Any] = [it if it is None else np.array([it]) for it in asked]
    heats = {}
    for method in methods:
        explained = model.network, image[None], *classes
        maps = explain.METHODS[method](*explained, **options[method])
        [heats[method]] = heat = explain.heat(method, maps)
        print(f"{name}: {method}: {wording.saliency(heat[0], args.threshold)}")
        if method == "integrated":
            print(wording.completeness(*explain.completeness(maps, *explained)))
        curves = explain.against_chance(
            model.network, image[None], heat, classes[0], args.seed
        )
        print(wording.faithfulness(*curves))
        if method in flags.WEAK:
            print(f"Such maps {flags.WARNING}.")
    title = wording.explained(name, model.classes, label, told, *asked)
    print(title)
    drawn = figures.saliency(image, heats, title, args.threshold)
    files.write_figure(args.out, drawn)
    print(f"wrote {args.out}")


def _options_of(args, methods):
    """What each method is asked beyond the rest; a flag of no chosen one is refused."""
    layer, samples = {"layer": args.layer}, {"samples": args.samples}
    of = {"gradcam": layer, "hirescam": layer, "smoothgrad": samples}
    for flag, takes in (("layer", "gradcam or hirescam"), ("samples", "smoothgrad")):
        if getattr(args, flag) and not {*takes.split(" or ")} & {*methods}:
            raise BadInput(f"--{flag} is of --method {takes}, and it is not chosen")
    given = {
        method: {name: value for name, value in options.items() if value is not None}
        for method, options in of.items()
    }
    given.setdefault("smoothgrad", {})["seed"] = args.seed
    return {method: given.get(method, {}) for method in methods}


if __name__ == "__main__":
    cli.run(main)
