"""Where the faces of a picture are; each is cut as FER2013's faces are."""

from __future__ import annotations

import functools
import importlib.resources
import importlib.util
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from fer import BadInput
from fer.data.faces import SIDE
from fer.types import Array, Images, Ints

# Side of the square of a face, in heights of its box: benchmarks/cropping.py.
MARGIN = 1.1
SURE = 0.9  # MTCNN's; at its 0.8, a patch of cloth becomes a face.
# Pixels a side: of 24, a face as it is has lost 9 points of accuracy, of 16 30.
LEAST = 24
# Pixels a side in which faces are looked for: more take seconds and gigabytes.
LONGEST = 1280


def squares(picture: Images) -> Ints:
    """The square of each face, the largest first: (N, 4) int, left, top, side, side.

    picture: (H, W, 3) uint8. A square may reach beyond the picture. Raises BadInput
    where faces cannot be looked for.
    """
    from PIL import Image

    shrunk = Image.fromarray(picture)
    shrunk.thumbnail((LONGEST, LONGEST))
    scale = max(picture.shape[:2]) / max(shrunk.size)
    if min(shrunk.size) < LEAST:
        return np.empty((0, 4), int)
    [faces] = find([np.asarray(shrunk)])
    found = [square(face["box"]) for face in faces]
    result = np.rint(scale * np.array(found).reshape(-1, 4)).astype(int)
    return result[np.argsort(-result[:, 2], kind="stable")]


def find(pictures: list[Images]) -> list[list[dict[str, Any]]]:
    """The faces in pictures of one size, (H, W, 3) uint8 each: a list a picture.

    Of each face a dict: "box", left, top, width and height, and "keypoints", {name: [x,
    y]}, of eyes, nose and the corners of the mouth.
    """
    return detector().detect_faces(pictures, threshold_onet=SURE)


def square(box: Sequence[float]) -> tuple[float, float, float, float]:
    """The square (left, top, side, side) that shows the face of a box as FER2013 does.

    box: left, top, width, height, in pixels.
    """
    left, top, width, height = box
    side = MARGIN * height
    return left + (width - side) / 2, top + (height - side) / 2, side, side


def cut(picture: Images, square: Sequence[int] | Array) -> Images:
    """What the square shows, as a face: (48, 48) uint8; beyond the edge, edge pixels.

    picture: (H, W) uint8. square: left, top, side, side, int.
    """
    from PIL import Image

    left, top, width, height = square
    rows = np.arange(top, top + height).clip(0, picture.shape[0] - 1)
    columns = np.arange(left, left + width).clip(0, picture.shape[1] - 1)
    shown = Image.fromarray(picture[np.ix_(rows, columns)])
    return np.asarray(shown.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


@functools.cache
def detector() -> Any:
    """MTCNN (Zhang, 2016, arXiv:1604.02878), of the package mtcnn."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        raise BadInput(
            "faces are found with TensorFlow only: unset KERAS_BACKEND, or take "
            "pictures that are faces as they are, with --whole"
        )
    if not importlib.util.find_spec("mtcnn"):
        raise BadInput("to find faces: pip install mtcnn; or --whole")
    from mtcnn import MTCNN
    from mtcnn.stages import StageONet, StagePNet, StageRNet

    # By full paths: by its own, the package would first look, for pickles, in the
    # folder in which the script was started.
    weights = importlib.resources.files("mtcnn.assets.weights")
    stages = {"pnet": StagePNet, "rnet": StageRNet, "onet": StageONet}
    return MTCNN(
        [stage(weights=str(weights / f"{n}.lz4")) for n, stage in stages.items()]
    )
