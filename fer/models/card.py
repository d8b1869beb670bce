"""A model's card: a JSON file that says how it was made and what it scored."""

import json
import os
import platform
from pathlib import Path

from fer import BadInput, data, files, machine, networks, scores
from fer.models.predict import predict

MOST_BYTES = 1 << 20  # of a card; the shipped ones have 3 kB
NOT_FOR = "to judge what anyone feels, thinks or intends, or to decide about anyone"


def describe(network, faces, source, options, best_epoch, seconds, command):
    """All that is known of a training, ready for JSON."""
    fitted, held = data.parts(faces, options["seed"])
    return {
        "network": network.name,
        "parameters": network.count_params(),
        "flops": networks.flops(network),
        "classes": list(networks.CLASSES),
        "command": command,
        "data": {
            "file": data.Source.of(source).name,
            "digest": data.digest(faces),
            **data.counts(faces),
            "fitted": len(fitted),
            "validated": len(held),
            "validation digest": data.unordered_digest(held),
        },
        "validation": "PublicTest"
        if data.has_public_test(faces)
        else f"a tenth, seed {options['seed']}",
        "options": options,
        "best_epoch": best_epoch,
        "scores": _scores(network, held, ~data.copies(held, fitted)),
        "must not be used": NOT_FOR,
        "seconds": round(seconds, 1),
        "machine": ", ".join([machine.processor(), *machine.graphics()]),
        "versions": {"python": platform.python_version()} | machine.versions(),
    }


def _scores(network, held, unseen):
    """What a card tells of the faces that validate; unseen: which are no copies."""
    labels, images = held.labels, held.images
    predicted = predict(network, images).argmax(1)

    def scored(**views):
        return scores.accuracy(labels, predict(network, images, **views).argmax(1))

    return {
        "validation": scores.accuracy(labels, predicted),
        "with the mirrored face": scored(mirror=True),
        "mirrored and turned": scored(mirror=True, turn=True),
        "without copies of fitted faces": scores.accuracy(
            labels[unseen], predicted[unseen]
        ),
        "classes": scores.per_class(labels, predicted, networks.CLASSES),
    }


def read_own(path):
    """The card of the very file `path`."""
    about = read(path)
    with files.reading(path):
        same = about["sha256"] == files.sha256(path)
    if not same:
        raise BadInput(
            f"{path.with_suffix('.json')} is not the card of {path}: copy both together"
        )
    return about


def is_beside(path):
    """Whether the model `path` has a card, of whatever kind."""
    return os.path.lexists(Path(path).with_suffix(".json"))


def read(path):
    """The card beside `path`; raises BadInput for what is none of this suite."""
    beside = path.with_suffix(".json")
    mend = "; a model needs its card, the .json file, beside it"
    content = files.content(beside, MOST_BYTES, mend)
    try:
        about = json.loads(content)
        fine = (
            about["classes"] == list(networks.CLASSES)
            and isinstance(about["network"], str)
            and isinstance(about["parameters"], int)
            and isinstance(about["validation"], str)
            and isinstance(about["options"]["epochs"], int)
            and isinstance(about["options"]["seed"], int)
            and about["options"]["seed"] >= 0
            and isinstance(about["data"]["digest"], str)
            and isinstance(about["data"]["validation digest"], str)
            and isinstance(about["data"]["file"], str)
            and isinstance(about["sha256"], str)
            and 0.01 <= about.get("temperature", 1) <= 100
        )
        if not fine:
            raise ValueError("what it says of classes, options or data is off")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"{beside} is no card of this suite, or an old one: {error!r:.160}; train "
            "the model anew, or move it away if it is of another program"
        ) from error
    return about
