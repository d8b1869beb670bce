"""How long does report.py take with the shipped models, the CSV read anew each time?

python -m benchmarks.report
python -m benchmarks.report --csv data/fer2013.csv
"""

import tempfile
from pathlib import Path

from benchmarks import harness
from fer import models
from fer.data import sample


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", help="labelled faces (default: drawn ones)")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    shipped = models.SHIPPED.parent
    with tempfile.TemporaryDirectory() as folder:
        source, test = Path(folder) / "faces.csv", Path(folder) / "faces_test.csv"
        sample.write(source, test)
        words = ("--models", shipped, "--out", Path(folder) / "figures")
        words += ("--csv", args.csv) if args.csv else ("--csv", source, "--test", test)
        seconds = harness.race(
            {
                "report.py": harness.command("report.py", *words, **harness.COLD),
                "import tensorflow": harness.command("-c", "import tensorflow"),
            },
            args.rounds,
        )
    harness.show("report", seconds, "report.py", ("keras", "tensorflow", "matplotlib"))


if __name__ == "__main__":
    main()
