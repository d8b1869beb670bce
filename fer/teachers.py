"""Teachers: trained models whose answers on the fitted faces a network learns from.

What a teacher makes of each face is kept beside it, as NAME.answers.npz. So it looks at
them once, however many networks it teaches, and can teach where its weights are not.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer import BadInput, augment, data, files, models, networks

VIEWS = 4  # of each face, to a teacher


@dataclass(frozen=True)
class Teacher:
    """A trained model, or the card and the kept answers of one that is not here."""

    path: Path
    model: models.Model

    def must_not_know(self, faces):
        """Raise BadInput if the teacher may have been fitted on some of these faces."""
        if not self.model.was_validated_by(faces):
            raise BadInput(
                f"--teachers {self.path} was fitted on another file or split: it may "
                "know the rows that validate here, so train it on this file with this "
                "--seed"
            )

    def answers(self, images, precision):
        """What it makes of faces (N, 48, 48) uint8: (N, classes) float32.

        It sees augmented views of them: of a face itself, it tells too much of what it
        learned by heart. precision: a Keras dtype policy. Raises BadInput for a face
        that a teacher without weights was never shown.
        """
        faces = data.short_digests(images)
        kept = _read(self.path, self.model.card["sha256"])
        if not np.isin(faces, list(kept)).all():
            kept = dict(zip(faces, self._asked(images, precision), strict=True))
            _keep(self.path, self.model.card["sha256"], kept)
        return np.array([kept[face] for face in faces], np.float32)

    def _asked(self, images, precision):
        if not self.model.network:
            raise BadInput(
                f"{self.path} is not here, and {_beside(self.path)} does not tell what "
                "it makes of each of these faces: train it by the command in its card, "
                "or leave it out of --teachers"
            )
        print(f"first the teacher {self.path} looks at each face", flush=True)
        judge = networks.computing_in(precision, self.model.network)

        def views(faces, start):
            return [augment.augment(faces, start + n, "graph") for n in range(VIEWS)]

        return models.mean_over_views(judge, images, views).astype(np.float16)


def load(path):
    """The teacher at `path`; raises BadInput for what is none."""
    path = Path(path)
    only_answers = _beside(path).exists() and not path.exists()
    model = models.without_network(path) if only_answers else models.load(path)
    return Teacher(path, model)


def _beside(path):
    return path.with_suffix(".answers.npz")


def _read(path, sha256):
    """Kept answers of the model with that digest: {short digest: (classes,) float16}.

    Empty where there are none; raises BadInput for a file that is not ours.
    """
    path = _beside(path)
    if not path.exists():
        return {}
    try:
        with np.load(path, allow_pickle=False) as kept:
            faces, answers = kept["faces"], kept["answers"]
            current = str(kept["sha256"]) == sha256
        probable = np.abs(answers.sum(1) - 1).max() < 0.01
        if faces.dtype != np.uint64 or not probable:
            raise ValueError("these are no probabilities of faces")
        found = dict(zip(faces, answers, strict=True))
    except Exception as error:
        # Whatever numpy, zipfile and zlib raise for bytes that are not theirs.
        raise BadInput(
            f"{path} holds no answers of a teacher ({error!r:.120}): delete it"
        ) from error
    return found if current else {}


def _keep(path, sha256, answers):
    """Write the answers beside the teacher; where that cannot be, say so and go on."""
    path = _beside(path)
    arrays = {"faces": list(answers), "answers": list(answers.values())}
    try:
        with files.whole(path) as temporary:
            np.savez_compressed(temporary, sha256=np.array(sha256), **arrays)
    except BadInput as error:
        print(f"its answers are not kept: {error}", flush=True)
    else:
        print(f"its answers are kept in {path}", flush=True)
