"""What augmentation costs a training step: none, the generator, in the graph.

python -m benchmarks.augmentation
"""

from benchmarks import rounds, throughput

WAYS = ("none", "generator", "graph")


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--worker")
    args = parser.parse_args()
    if args.worker:
        return rounds.serve(lambda: throughput.suite(args.batch_size, args.worker))
    words = ("--batch-size", args.batch_size)
    workers = {way: rounds.worker(__spec__.name, way, *words) for way in WAYS}
    rounds.show(
        f"{throughput.STEPS} steps of {args.batch_size} faces, by augmentation",
        rounds.race(workers, args.rounds),
        "none",
        ("keras", "tensorflow"),
    )


if __name__ == "__main__":
    main()
