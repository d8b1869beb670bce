"""How far do trainings drift apart where the arithmetic rounds differently?

python -m benchmarks.machines

Trains the DNN and the CNN for six epochs on drawn faces with the same seed: twice as
this machine does it, with one thread, and as processors without AVX-512 would. Prints,
against the first, the largest difference of a weight, and the validation accuracies.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import harness
from benchmarks.resume import contents, start

EPOCHS = 6
VARIANTS = {
    "as it is": {},
    "again": {},
    "one thread": {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"},
    "AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
}


def main():
    harness.parser(__doc__).parse_args()
    for network in ("dnn", "cnn"):
        first = None
        for name, environment in VARIANTS.items():
            os.environ.update(environment)
            with tempfile.TemporaryDirectory() as folder:
                checkpoint = Path(folder) / "run.npz"
                if start(network, "generator", checkpoint, EPOCHS).wait():
                    sys.exit(f"the training of {network}, {name}, failed")
                saved = contents(checkpoint)
            for variable in environment:
                del os.environ[variable]
            first = first or saved
            drift = max(
                float(np.abs(saved["arrays"][key] - array).max())
                for key, array in first["arrays"].items()
                if key.startswith("best")
            )
            accuracy = round(saved["history"][-1]["val_accuracy"], 4)
            row = {"network": network, "variant": name, "largest difference": drift}
            print(json.dumps(row | {"accuracy": accuracy}), flush=True)


if __name__ == "__main__":
    main()
