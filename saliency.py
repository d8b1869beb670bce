"""Draw a face, the saliency map of its class, and the face masked by the map.

python saliency.py --data data/fer2013.csv
python saliency.py --image 9 --threshold 0.4 --out figures/saliency_9.png
python saliency.py --samples 32 --out figures/smoothgrad.png

Without --image: the first face of fear that the model gets right.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import cli, defaults


def main():
    default = Path("figures/saliency.png")
    flags = (
        *cli.DATA,
        *cli.MODEL,
        *cli.JUDGED,
        "image",
        "threshold",
        "samples",
        "seed",
    )
    args = cli.parser(__doc__, *flags, out=default).parse_args()
    from fer import explain, files
    from fer.report import figures, wording

    judged = defaults.models_and_faces(args, args.out)
    model, faces = judged.model, judged.faces
    if args.image is None:
        predicted = model.predict(faces.images).argmax(1)
        known = cli.SHOWN in model.classes
        wanted = model.classes.index(cli.SHOWN) if known else -1
        row = explain.first_right(faces.labels, predicted, wanted)
    else:
        row = defaults.row(args.image, faces, judged.source)
    image, label = faces.images[row], faces.labels[row]
    asked = model.network, image[None], [label]
    if args.samples:
        smooth = explain.smoothgrad.maps(*asked, None, args.samples, seed=args.seed)
        [heat] = explain.unit(abs(smooth))
    else:
        [heat] = explain.saliency(*asked)
    measured = explain.against_chance(
        model.network, image[None], heat[None], [label], args.seed
    )
    masked = explain.mask(image, heat, args.threshold)
    drawn = figures.saliency(image, heat, masked, model.classes[label], args.threshold)
    files.write_figure(args.out, drawn)
    print(f"image {row}: {wording.saliency(heat, args.threshold)}")
    print(wording.faithfulness(*measured))
    print(f"wrote {args.out}")


if __name__ == "__main__":
    cli.run(main)
