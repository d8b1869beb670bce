"""How several processes come together: started here, on many hosts, or by a cluster.

JAX's coordination service, in the process with the number 0, ends all when one no
longer answers; that process alone prints and writes.
"""

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterator

from fer import BadInput, machine, process

SILENCE = 25  # seconds without a sign of life, after which a process is lost
GATHERING = 300  # seconds until all must have come
PATIENCE = 3 * SILENCE  # seconds in which it is known who was lost
WAITING = 7 * 24 * 3600  # seconds that process 0 may be busy at the end
LOCAL = "127.0.0.1"
AUTO = "auto"


@contextlib.contextmanager
def joined(args: Namespace) -> Iterator[None]:
    """Within the block, this process is one of those that the flags ask for.

    args: of --processes, --coordinator and --process. Alone, nothing changes. Raises
    BadInput for flags that do not go together, and where not all processes come.
    """
    must_be_whole(args)
    if args.processes in (None, 1) and not args.coordinator:
        yield
        return
    if os.environ.get("KERAS_BACKEND") != "jax":
        raise BadInput("several processes need JAX: set KERAS_BACKEND=jax")
    over = threading.Event()
    children = [] if args.coordinator else _started(args, over)
    try:
        _join(args)
        _shake_hands()
        with _silent_unless_first(), _named_when_lost():
            yield
        _part()
        for child in children:
            child.wait()
    except BaseException as error:
        # Not as an interpreter ends: JAX would wait for the others there.
        atexit.register(os._exit, 130 if isinstance(error, KeyboardInterrupt) else 2)
        raise
    finally:
        over.set()
        for child in children:
            child.kill()


def must_be_whole(args: Namespace) -> None:
    """Raise BadInput for flags about processes that do not go together."""
    alone = args.process is not None and args.coordinator is None
    if alone:
        raise BadInput("--process needs --coordinator HOST:PORT, where process 0 is")
    if args.coordinator not in (None, AUTO):
        if args.processes is None or args.process is None:
            raise BadInput("--coordinator needs --processes N and --process I, too")
        if args.process >= args.processes:
            raise BadInput(
                f"--process {args.process} is none of 0 to {args.processes - 1}"
            )


def _started(args, over):
    """Start the other processes on this machine; fills in what this one's flags lack.

    They end when this one does, and this one ends when one of them fails.
    """
    with socket.socket() as free:
        free.bind((LOCAL, 0))
        args.coordinator, args.process = f"{LOCAL}:{free.getsockname()[1]}", 0
    share = max(1, machine.processors() // args.processes)
    os.environ.setdefault("NPROC", str(share))  # XLA's threads
    words = [sys.executable, *sys.argv, "--coordinator", args.coordinator]
    children = []
    for number in range(1, args.processes):
        child = subprocess.Popen(
            [*words, "--process", str(number)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for this process, which tells them.
        )
        children.append(child)
        told = number, args.processes, child, over
        threading.Thread(target=_watch, args=told, daemon=True).start()
    return children


def _watch(number, count, child, over):
    """End this process with one line once the child has failed, if it is not over."""
    said = child.communicate()[1].decode(errors="replace").strip()
    status = child.returncode
    if status < 0:
        said = f"killed by {signal.Signals(-status).name}"
    if status and not over.is_set():
        process.end(f"process {number} of {count} ended: {said or status}")


def _join(args):
    import jax

    # It would take SIGTERM for itself.
    jax.config.update("jax_enable_preemption_service", False)
    where = {}
    if args.coordinator != AUTO:
        where = {
            "coordinator_address": args.coordinator,
            "num_processes": args.processes,
            "process_id": args.process,
            "cluster_detection_method": "deactivate",
        }
        if args.coordinator.startswith(LOCAL):
            where["local_device_ids"] = [args.process]  # one GPU each
    try:
        jax.distributed.initialize(
            **where,
            initialization_timeout=GATHERING,
            heartbeat_timeout_seconds=SILENCE,
            shutdown_timeout_seconds=WAITING,
        )
    except (RuntimeError, ValueError) as error:
        raise BadInput(
            f"the processes did not come together at {args.coordinator} "
            f"({error!s:.120}): start all of them, and name an address that all reach"
        ) from error


def _shake_hands():
    """Open the connections between all; Gloo says so on stdout, past Python."""
    from jax.experimental import multihost_utils

    kept = os.dup(1)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        multihost_utils.sync_global_devices("fer")
    except RuntimeError as error:
        why = str(error).split("[type.")[0]
        raise BadInput(
            f"the processes do not reach one another ({why[-120:]!r}): each host's "
            "name must lead to an address that the others reach"
        ) from error
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _part():
    """Wait for all others to be done, and part."""
    import jax

    jax.distributed.shutdown()


@contextlib.contextmanager
def _silent_unless_first():
    from fer.training import processes

    if processes.is_first():
        yield
        return
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


@contextlib.contextmanager
def _named_when_lost():
    """Let an error that a lost process causes wait for the line that names it."""
    try:
        yield
    except (RuntimeError, ValueError):  # by either, JAX says that Gloo has failed
        time.sleep(PATIENCE)
        raise
