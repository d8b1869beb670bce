"""A saved model and its card: write, find, load safely, predict.

The card is a JSON file beside the model: what it was trained on and how, its classes, which rows
validate it, and what it scored.
"""

import json
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer import BadInput, data, files, scores

BATCH = 512


@dataclass(frozen=True)
class Model:
    """A network and its card."""

    network: object
    card: dict

    @property
    def classes(self):
        """Names of the classes, in the order of the network's outputs."""
        return tuple(self.card["classes"])

    def predict(self, images):
        """Probabilities (N, classes) float32 of faces (N, 48, 48) uint8."""
        return predict(self.network, images)


def predict(network, images):
    """Probabilities (N, classes) float32 of faces (N, 48, 48) uint8."""
    # Not network.predict: its input pipeline sleeps up to as long again before it returns.
    parts = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    return np.concatenate([network.predict_on_batch(part[..., None]) for part in parts])


def card(network, classes, faces, source, options, history, best_epoch, seconds, command):
    """All that is known of a training, ready for JSON."""
    import keras
    import tensorflow as tf

    rows, held = data.split(faces, options["seed"])
    unseen = ~data.copies(faces.take(held), faces.take(rows))
    labels = faces.labels[held]
    predicted = predict(network, faces.images[held]).argmax(1)
    by_usage = faces.usage is not None and set(faces.usage[held]) == {1}
    return {
        "network": network.name,
        "parameters": network.count_params(),
        "classes": list(classes),
        "command": command,
        "data": {
            "file": Path(source).name,
            "digest": data.digest(faces),
            **data.counts(faces),
            "fitted": len(rows),
            "validated": len(held),
        },
        "validation": "PublicTest" if by_usage else f"a tenth, seed {options['seed']}",
        "options": options,
        "best_epoch": best_epoch,
        "scores": {
            "validation": scores.accuracy(labels, predicted),
            "validation without copies of training faces": scores.accuracy(
                labels[unseen], predicted[unseen]
            ),
        },
        "seconds": round(seconds, 1),
        "machine": _processor(),
        "versions": {
            "python": platform.python_version(),
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
        },
    }


def save(network, about, path):
    """Write the network as `path` (.keras, no optimizer) and its card as `path` with .json."""
    with files.whole(path) as temporary:
        network.save(temporary, include_optimizer=False)
    files.write_json(Path(path).with_suffix(".json"), about | {"sha256": files.sha256(path)})


def _processor():
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(named)} x {named[0]}" if named else platform.processor()
