"""How to cut a found face so that a network of FER2013 tells its expression best.

FER_DATA=folder python -m benchmarks.cropping
python -m benchmarks.cropping --rows 100

PublicTest faces are drawn into larger grey pictures, in several sizes, somewhere; the
faces are found again, cut by each rule, and the accuracies compared with that of the
faces as they are. A face that is not found counts as wrong.
"""

import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import harness
from fer import data, models
from fer.data import detect

# Sides of the face and of the picture, in pixels.
SIZES = ((16, 64), (24, 96), (48, 96), (48, 192), (96, 192))
TOGETHER = 32  # pictures in which faces are looked for at a time


def drawn(face, side, width, rng):
    """A grey picture (width, width) uint8 with the face in it, and its square."""
    left, top = map(int, rng.integers(0, width - side, 2, endpoint=True))
    picture = np.full((width, width), face.mean(), np.uint8)
    resized = Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC)
    picture[top : top + side, left : left + side] = resized
    return picture, (left, top, side, side)


def by_box(side):
    """A rule: the square about the box's middle, its side a function of the box."""

    def rule(face):
        left, top, width, height = face["box"]
        return left + width / 2, top + height / 2, side(width, height), 0

    return rule


def by_eyes_and_mouth(share, level):
    """A rule: the square about eyes and mouth, whose distance is a share of its side.

    level: turned so that the eyes lie on a level.
    """

    def rule(face):
        points = {name: np.array(at) for name, at in face["keypoints"].items()}
        eyes = (points["left_eye"] + points["right_eye"]) / 2
        mouth = (points["mouth_left"] + points["mouth_right"]) / 2
        across = points["right_eye"] - points["left_eye"]
        turn = np.degrees(np.arctan2(across[1], across[0])) if level else 0
        # In the middle of FER2013's faces, half way from the eyes to the mouth.
        return *((eyes + mouth) / 2), np.linalg.norm(mouth - eyes) / share, turn

    return rule


def rules():
    """The ways to cut a face that was found: {name: rule}."""
    found = {}
    for share in (0.9, 1.0, 1.1, 1.2):
        found[f"{share:g} of the height"] = by_box(lambda w, h, s=share: s * h)
    for share in (1.15, 1.25, 1.35, 1.5):
        found[f"{share:g} of the width"] = by_box(lambda w, h, s=share: s * w)
    for share in (0.3, 0.35, 0.4):
        found[f"eyes to mouth, {share:g} of it"] = by_eyes_and_mouth(share, False)
    found["eyes to mouth, 0.35 of it, level"] = by_eyes_and_mouth(0.35, True)
    return found


RULES = rules()


def cut(picture, rule, face):
    """The face cut by the rule: (48, 48) uint8."""
    x, y, side, turn = rule(face)
    if turn:
        turned = Image.fromarray(picture).rotate(
            turn, Image.Resampling.BICUBIC, center=(x, y), fillcolor=int(picture[0, 0])
        )
        picture = np.asarray(turned)
    square = np.rint([x - side / 2, y - side / 2, side, side]).astype(int)
    return detect.cut(picture, square)


def measure(faces, model, side, width, seed=0):
    """{way to cut: share of right faces}, and the share that was found."""
    rng = np.random.default_rng(seed)
    images, found = {}, []
    for start in range(0, len(faces), TOGETHER):
        block = faces.images[start : start + TOGETHER]
        placed = [drawn(face, side, width, rng) for face in block]
        seen = detect.find([np.repeat(it[..., None], 3, 2) for it, _ in placed])
        for face, (picture, square), boxes in zip(block, placed, seen, strict=True):
            found.append(bool(boxes))
            for name, image in ways(face, picture, square, boxes).items():
                images.setdefault(name, []).append(image)
    found = np.array(found)
    right = {
        name: model.predict(np.array(each)).argmax(1) == faces.labels
        for name, each in images.items()
    }
    shares = {n: (it & found if n in RULES else it).mean() for n, it in right.items()}
    itself = right["the face itself"][found].mean()
    return shares | {"the face itself, where found": itself, "found": found.mean()}


def ways(face, picture, square, found):
    """The face as it is and as each way cuts it: {name: (48, 48) uint8}."""
    width = len(picture)
    images = {
        "the face itself": face,
        "the whole picture": detect.cut(picture, (0, 0, width, width)),
        "where it was drawn": detect.cut(picture, square),
    }
    for name, rule in RULES.items():
        images[name] = cut(picture, rule, found[0]) if found else np.zeros_like(face)
    return images


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--model", default=models.SHIPPED)
    parser.add_argument("--rows", type=int, default=400)
    args = parser.parse_args()
    source = Path(os.environ["FER_DATA"]) / "fer2013.csv.gz"
    faces = data.load(source, ("PublicTest",))
    rows = np.random.default_rng(0).permutation(len(faces))[: args.rows]
    faces, model = faces.take(np.sort(rows)), models.load(args.model)
    table = {}
    for side, width in SIZES:
        table[f"{side} in {width}"] = measure(faces, model, side, width)
        print(f"  {side} in {width} pixels done", file=sys.stderr, flush=True)
    print(f"{args.model}, {len(faces):,} PublicTest faces, pixels of face in picture")
    print(harness.where())
    print(f"{'':34}" + "".join(f"{name:>12}" for name in (*table, "mean")))
    for way in next(iter(table.values())):
        shares = [column[way] for column in table.values()]
        print(f"{way:34}" + "".join(f"{it:12.3f}" for it in (*shares, np.mean(shares))))


if __name__ == "__main__":
    main()
