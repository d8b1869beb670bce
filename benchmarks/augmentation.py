"""What augmentation costs a training step: none, the generator, in the graph.

python -m benchmarks.augmentation
"""

from benchmarks import harness, throughput

WAYS = ("none", "generator", "graph")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--worker")
    args = parser.parse_args()
    if args.worker:
        return harness.serve(lambda: throughput.suite(args.batch_size, args.worker))
    words = ("--batch-size", args.batch_size)
    workers = {way: harness.worker(__spec__.name, way, *words) for way in WAYS}
    harness.show(
        f"{throughput.STEPS} steps of {args.batch_size} faces, by augmentation",
        harness.race(workers, args.rounds),
        "none",
        ("keras", "tensorflow"),
    )


if __name__ == "__main__":
    main()
