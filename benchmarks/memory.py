"""Make the report again and again in one process; does it leak?

python -m benchmarks.memory --reports 50

After a `make report` that drew faces. Each report loads the sample and its models,
scores, explains, draws and writes figures/sample. Prints resident memory and open files
after each, and at the end the slope of both over the second half, where a program that
does not leak is flat.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

from benchmarks import harness
from fer import machine


def resident_megabytes():
    """Memory that the process holds, of this machine's."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--reports", type=int, default=50)
    reports = parser.parse_args().reports
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    machine.use_onednn()
    import report

    sys.argv = ["report.py", "--csv", "data/sample.csv"]
    rows = []
    for number in range(1, reports + 1):
        report.main()
        rows.append((resident_megabytes(), len(os.listdir("/proc/self/fd"))))
        print(f"report {number}: {rows[-1][0]:.0f} MB, {rows[-1][1]} files", flush=True)
    late = np.array(rows[len(rows) // 2 :])
    memory, opened = np.polyfit(np.arange(len(late)), late, 1)[0]
    result = {"reports": reports, "MB a report": memory, "open files a report": opened}
    print(json.dumps({name: round(value, 3) for name, value in result.items()}))


if __name__ == "__main__":
    main()
