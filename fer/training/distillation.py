"""Teachers: trained models whose answers on the fitted faces a network learns from.

What a teacher makes of each face is kept beside it, as NAME.answers.npz. So it looks at
them once, however many networks it teaches, and can teach where its weights are not,
unless it is to watch each batch. What is kept is an input like the model itself:
without it, another precision or backend answers in other bits.
"""

import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer import BadInput, augment, data, files, models, networks

VIEWS = 4  # of each face, to a teacher
MOST_BYTES = 1 << 28  # of kept answers, unpacked


@dataclass(frozen=True)
class Teacher:
    """A trained model, or the card and the kept answers of one that is not here."""

    path: Path
    model: models.Model

    def must_suit(self, fitted, held):
        """Raise BadInput if it may know the faces that validate, or cannot teach.

        One without weights can teach those faces only that it was shown.
        """
        if not self.model.was_validated_by(held):
            raise BadInput(
                f"--teachers {self.path} was fitted on another file or split: it may "
                "know the rows that validate here, so train it on this file with this "
                "--seed"
            )
        if not (self.model.network or self._kept(fitted.images)):
            raise BadInput(
                f"{self.path} is not here, and {_beside(self.path)} does not tell what "
                "that model makes of each of these faces: train it by the command in "
                "its card, or leave it out of --teachers"
            )

    def answers(self, images, precision):
        """What it makes of faces (N, 48, 48) uint8: (N, classes) float32.

        It sees augmented views of them: of a face itself, it tells too much of what it
        learned by heart. precision: a Keras dtype policy, for faces that it was not
        asked about before.
        """
        kept = self._kept(images) or self._asked(images, precision)
        told = [kept[face] for face in data.short_digests(images)]
        return np.array(told, np.float32)

    def _kept(self, images):
        """The kept answers, by short digest, if they tell of all of these faces."""
        kept = _read(_beside(self.path), self.model.card["sha256"])
        return kept if set(data.short_digests(images)) <= kept.keys() else {}

    def _asked(self, images, precision):
        """The answers, by short digest; they are kept beside those on other faces."""
        print(f"first the teacher {self.path} looks at each face", flush=True)
        judge = networks.computing_in(precision, self.model.network)

        def views(faces, start):
            return [augment.augment(faces, start + n, "graph") for n in range(VIEWS)]

        told = models.mean_over_views(judge, images, views).astype(np.float16)
        beside, digest = _beside(self.path), self.model.card["sha256"]
        answers = dict(zip(data.short_digests(images), told, strict=True))
        _keep(beside, digest, _read(beside, digest) | answers)
        return answers


def watching(taught_by, precision):
    """A function of faces (N, 48, 48, 1) uint8: what the teachers make of just these.

    On average, (N, classes) float32; any thread may ask. precision: a Keras dtype
    policy. Raises BadInput for a teacher without weights.
    """
    for teacher in taught_by:
        if not teacher.model.network:
            raise BadInput(
                f"{teacher.path} is not here, and with --consistent a teacher is asked "
                "about faces that are new to it: train it by the command in its card, "
                "or leave --consistent out"
            )
    judges = [
        networks.computing_in(precision, teacher.model.network) for teacher in taught_by
    ]
    # On JAX, a network is without its weights while it answers.
    one_at_a_time = threading.Lock()

    def answers(images):
        with one_at_a_time:
            return np.mean([judge.predict_on_batch(images) for judge in judges], axis=0)

    return answers


def load(path):
    """The teacher at `path`; raises BadInput for what is none."""
    path = Path(path)
    ours = path.suffix == ".keras" and not path.exists()
    if ours and _beside(path).exists():
        return Teacher(path, models.without_network(path))
    return Teacher(path, models.load(path))


def _beside(path):
    return path.with_suffix(".answers.npz")


def _read(path, sha256):
    """Kept answers of the model with that digest: {short digest: (classes,) float16}.

    Empty where there are none; raises BadInput for a file that is not ours.
    """
    if not path.exists():
        return {}
    with files.understood(path, "file of a teacher's answers", "delete it"):
        owner, answers = _unpacked(path)
    return answers if owner == sha256 else {}


def _unpacked(path):
    """Whose answers a file holds, a model's digest, and the answers as of `_read`."""
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
            raise ValueError("it unpacks to too much")
    with np.load(path, allow_pickle=False) as kept:
        owner, faces, answers = str(kept["sha256"]), kept["faces"], kept["answers"]
    shape = len(faces), len(networks.CLASSES)
    probable = answers.min() >= 0 and np.abs(answers.sum(1) - 1).max() < 0.01
    if faces.dtype != np.uint64 or answers.shape != shape or not probable:
        raise ValueError("these are no probabilities of faces")
    return owner, dict(zip(faces, answers, strict=True))


def _keep(path, sha256, answers):
    """Write the answers; where that cannot be, say so and go on."""
    arrays = {"faces": list(answers), "answers": list(answers.values())}
    try:
        with files.whole(path) as temporary:
            np.savez_compressed(temporary, sha256=np.array(sha256), **arrays)
    except BadInput as error:
        print(f"its answers are not kept: {error}", flush=True)
    else:
        print(f"its answers are kept in {path}", flush=True)
