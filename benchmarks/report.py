"""How long does report.py take with the shipped models, the CSV read anew each time?

python -m benchmarks.report
python -m benchmarks.report --csv data/fer2013.csv
"""

import tempfile
from pathlib import Path

from benchmarks import rounds
from fer import models, sample


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--csv", help="labelled faces (default: drawn ones)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    shipped = models.SHIPPED.parent
    with tempfile.TemporaryDirectory() as folder:
        source, test = Path(folder) / "faces.csv", Path(folder) / "faces_test.csv"
        sample.write(source, test)
        words = ("--models", shipped, "--out", Path(folder) / "figures")
        words += ("--csv", args.csv) if args.csv else ("--csv", source, "--test", test)
        seconds = rounds.race(
            {
                "report.py": rounds.command("report.py", *words, **rounds.COLD),
                "import tensorflow": rounds.command("-c", "import tensorflow"),
            },
            args.rounds,
        )
    rounds.show("report", seconds, "report.py", ("keras", "tensorflow", "matplotlib"))


if __name__ == "__main__":
    main()
