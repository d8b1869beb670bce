"""Do two hosts end together when the network of one is cut in the middle of an epoch?

sudo python -m benchmarks.hosts --data data/fer2013.csv

Two network namespaces, joined by a virtual cable, stand for the hosts (Linux, root).
The DNN is trained across them; after the first epoch the cable is cut. Prints when each
ended and what it said, mends the cable, and goes on with --resume.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import harness

HOSTS = {"fer_a": "10.97.0.1", "fer_b": "10.97.0.2"}
PORT = 7_531


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def connect():
    """Two namespaces, each with an end of a cable."""
    first, second = HOSTS
    for name in HOSTS:
        ip("netns", "add", name)
    peer = "peer", "name", second, "netns", second
    ip("-n", first, "link", "add", first, "type", "veth", *peer)
    for name, address in HOSTS.items():
        # What `ip netns exec` lays over /etc: the host's name leads to its address.
        own = Path("/etc/netns", name)
        own.mkdir(parents=True)
        (own / "hosts").write_text(f"{address} {socket.gethostname()}\n")
        ip("-n", name, "address", "add", f"{address}/24", "dev", name)
        ip("-n", name, "link", "set", name, "up")
        ip("-n", name, "link", "set", "lo", "up")


def started(folder, words):
    """The two processes of a training, on their way."""
    [coordinator, _] = HOSTS.values()
    together = ["--coordinator", f"{coordinator}:{PORT}", "--processes", "2"]
    running = []
    for number, name in enumerate(HOSTS):
        command = ["ip", "netns", "exec", name, sys.executable, "train_dnn.py", *words]
        command += ["--out", folder / name / "m.keras", *together]
        running.append(
            subprocess.Popen(
                [*map(str, command), "--process", str(number)],
                env=os.environ | {"KERAS_BACKEND": "jax"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    return running


def tell(running, since):
    """Print when each ended, and its last line."""
    for name, each in zip(HOSTS, running, strict=True):
        last = each.communicate()[0].strip().splitlines()[-1:]
        after = time.monotonic() - since
        print(f"{name}: status {each.returncode} after {after:.0f} s: {last}")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--data", default="data/fer2013.csv")
    parser.add_argument("--epochs", default="6")
    args = parser.parse_args()
    words = ["--data", args.data, "--epochs", args.epochs, "--augment", "mirror"]
    words += ["--precision", "float32"]
    with tempfile.TemporaryDirectory() as folder:
        connect()
        try:
            running, second = started(Path(folder), words), [*HOSTS][1]
            while not (Path(folder) / "fer_a/m.checkpoint.npz").exists():
                assert running[0].poll() is None, running[0].stdout.read()
                time.sleep(0.1)
            ip("-n", second, "link", "set", second, "down")
            print("cut", flush=True)
            tell(running, time.monotonic())
            ip("-n", second, "link", "set", second, "up")
            again = time.monotonic()
            tell(started(Path(folder), [*words, "--resume"]), again)
        finally:
            for name in HOSTS:
                ip("netns", "del", name)
                shutil.rmtree(Path("/etc/netns", name))


if __name__ == "__main__":
    main()
