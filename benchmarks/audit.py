"""How much of what is planted does the audit find, and how much that is not there?

python -m benchmarks.audit --data data/fer2013.csv > benchmarks/results/audit.txt

Copies: of random faces, changed in one of the ways of KINDS, among as many others as
--faces says; recall is the share of copies that are paired with their faces. A pair of
drawn faces is false, since each is drawn anew; of photographs, pairs that were not
planted are counted, and may be near copies that the data hold. Labels: a tenth of the
PublicTest rows gets another label; precision and recall of suspected ones, by the
audit and by cleanlab, with the probabilities of --model.
"""

import io
import statistics
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import harness
from fer import data, models
from fer.data import audit, near, sample

NOISE = 0.1  # of the labels


def grey(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def brightened(face, rng):
    return grey(face + rng.choice([-1, 1]) * rng.uniform(15, 40))


def contrast(face, rng):
    mean = face.mean()
    return grey((face - mean) * rng.choice([0.5, 0.7, 1.3, 1.6]) + mean)


def shifted(face, rng, mode="edge"):
    down, right = rng.choice([-4, -3, -2, -1, 1, 2, 3, 4], 2)
    padded = np.pad(face, 4, mode)
    return padded[4 + down : 52 + down, 4 + right : 52 + right]


def recompressed(face, rng):
    stream = io.BytesIO()
    Image.fromarray(face).save(stream, "JPEG", quality=int(rng.integers(30, 91)))
    return np.array(Image.open(stream))


def cropped(face, rng):
    size = rng.integers(40, 47)
    top, left = rng.integers(0, 49 - size, 2)
    part = Image.fromarray(face[top : top + size, left : left + size])
    return np.array(part.resize((48, 48), Image.Resampling.BICUBIC))


KINDS = {
    "mirrored": lambda face, rng: face[:, ::-1],
    "brightened or darkened, 15 to 40 levels": brightened,
    "contrast, 0.5 to 1.6 times": contrast,
    "shifted 1 to 4 pixels, edge repeated": shifted,
    "shifted 1 to 4 pixels, black border": lambda face, rng: shifted(
        face, rng, "constant"
    ),
    "recompressed, JPEG quality 30 to 90": recompressed,
    "cropped to 40 to 46 pixels, enlarged": cropped,
    "mirrored, cropped, recompressed": lambda face, rng: recompressed(
        cropped(face[:, ::-1], rng), rng
    ),
}


def distinct(faces, count, rng):
    """`count` random faces with contrast, no two the same."""
    first, _ = data.exact_groups(faces)
    first = first[near.deviation(faces[first]) >= near.FLAT]
    return faces[rng.choice(first, min(count, len(first)), replace=False)]


def copies(faces, each, rng):
    """Recall of each kind, pairs that were not planted, and seconds."""
    chosen = rng.choice(len(faces), (len(KINDS), each), replace=False)
    made = zip(KINDS.values(), chosen, strict=True)
    new = [alter(faces[row], rng) for alter, rows in made for row in rows]
    start = time.perf_counter()
    pairs = near.pairs(np.concatenate([faces, new]))
    seconds = time.perf_counter() - start
    found = set(map(tuple, pairs.tolist()))
    planted = enumerate(chosen.ravel().tolist(), len(faces))
    hits = np.array([(face, copy) in found for copy, face in planted])
    hits = hits.reshape(len(KINDS), each)
    others = sum(second < len(faces) for _, second in found)
    return dict(zip(KINDS, hits.mean(1).tolist(), strict=True)), others, seconds


def labels(source, path, rng):
    """Precision and recall of suspected labels: {method: (precision, recall)}."""
    from cleanlab.filter import find_label_issues

    model = models.load(path)
    held = model.validation(data.load(source))
    told, given = model.predict(held.images), held.labels.astype(int)
    wrong = rng.random(len(held)) < NOISE
    given[wrong] = (given[wrong] + rng.integers(1, 7, wrong.sum())) % 7
    ours = np.zeros(len(held), bool)
    ours[audit.suspected(given, told)[0]] = True
    found = {"audit.py": ours}
    for method in ("prune_by_noise_rate", "both", "confident_learning"):
        found[f"cleanlab, {method}"] = find_label_issues(
            given, told, filter_by=method, n_jobs=1
        )
    return {
        name: (float(wrong[each].mean()), float(each[wrong].mean()))
        for name, each in found.items()
    }


def show_copies(rounds, args):
    """Print recall by kind, and pairs that were not planted; rounds: as of copies."""
    recalls, others, seconds = zip(*rounds, strict=True)
    for kind in KINDS:
        mean = statistics.mean(recall[kind] for recall in recalls)
        print(f"{kind:44}recall {mean:.4f} of {args.rounds * args.each:,}")
    every = statistics.mean(rate for recall in recalls for rate in recall.values())
    print(f"{'all':44}recall {every:.4f}")
    taken = harness.spread(seconds, 1)
    print(f"{args.faces:,} photographs: {taken} s; pairs not planted: {others}")
    false = len(near.pairs(sample.faces(args.drawn)[1]))
    print(f"{args.drawn:,} drawn faces: {false} pairs, all of them false\n")


def show_labels(rounds):
    """Print precision and recall of suspected labels; rounds: as of labels."""
    for name in rounds[0]:
        both = zip(*(each[name] for each in rounds), strict=True)
        precision, recall = (harness.spread(values, 3) for values in both)
        print(f"{name:44}precision {precision}, recall {recall}")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=models.SHIPPED)
    parser.add_argument("--faces", type=int, default=30_000)
    parser.add_argument("--drawn", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=250, help="copies of each kind")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(f"planted copies and labels, {args.rounds} rounds")
    print(f"{harness.where()}\n")
    photographs, found, suspects = data.load(args.data).images, [], []
    for seed in range(args.rounds):
        rng = np.random.default_rng(seed)
        faces = distinct(photographs, args.faces, rng)
        found.append(copies(faces, args.each, rng))
        suspects.append(labels(args.data, args.model, rng))
    show_copies(found, args)
    show_labels(suspects)


if __name__ == "__main__":
    main()
