"""Turn a model into a file for another runtime: ONNX, LiteRT, OpenVINO, SavedModel.

python export.py --to onnx --out cnn.onnx
python export.py --model models/cnn.keras --to litert --mirror --out cnn.tflite
python export.py --to openvino --mirror --turn --out cnn.xml

It takes faces (N, 48, 48, 1) of uint8, any number, and returns (N, classes) calibrated
probabilities: rescaling, views and temperature are inside.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where fer is ours

from fer import BadInput, cli, defaults, flags


def main() -> None:
    parser = cli.parser(__doc__, "to", *flags.MODEL, "mirror", "turn")
    args = parser.parse_args()
    if not (args.to and args.out):
        raise BadInput("name a format and a file: --to onnx --out model.onnx")
    from fer import models
    from fer.models import export

    export.must_be_possible(args.to, args.out)
    [path] = defaults.model_paths(args, [])
    defaults.must_be_free(args.out, [], [path])
    model = models.load_any(path, args.pixels, args.outputs)
    export.write(export.graph(model, args.mirror, args.turn), args.to, args.out)
    print(f"wrote {args.out}: {', '.join(model.classes)}")


if __name__ == "__main__":
    cli.run(main)
