"""What several processes that train one network share: keras.distribution on JAX.

Each holds all weights and sees its part of each batch; JAX sums the gradients over all.
Where there is one process alone, nothing here changes what it does.
"""

import contextlib
import functools
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fer import BadInput
from fer.types import Network

WAITING = 7 * 24 * 3600  # seconds for process 0 to do what the others wait for
_meetings = itertools.count()


def count() -> int:
    """How many processes train together."""
    jax = sys.modules.get("jax")
    return jax.process_count() if jax and jax.distributed.is_initialized() else 1


def number() -> int:
    """The number of this process, from 0."""
    return sys.modules["jax"].process_index() if count() > 1 else 0


def is_first() -> bool:
    """Whether this process prints and writes."""
    return number() == 0


def told(make: Callable[[], Any]) -> Any:
    """What make() returns in process 0, told to all; it must be fit for JSON."""
    if count() == 1:
        return make()
    key = f"fer/{next(_meetings)}"
    if is_first():
        value = json.dumps(make())
        _client().key_value_set(key, value)
    return json.loads(_client().blocking_key_value_get(key, WAITING * 1000))


def in_turn(work: Callable[[], Any]) -> Any:
    """What work() returns, done first by process 0: others find what it leaves."""
    if is_first():
        done = work()
        told(lambda: None)
        return done
    told(lambda: None)
    return work()


def meet() -> None:
    """Wait for all processes: collectives give up on who is half a minute late."""
    if count() > 1:
        _client().wait_at_barrier(f"fer/{next(_meetings)}", WAITING * 1000)


def _client():
    # JAX has no public name for its store of keys and values.
    from jax._src import distributed

    return distributed.global_state.client


def must_agree(about: dict[str, Any]) -> None:
    """Raise BadInput where `about`, what a run is of, differs from process 0's."""
    mine = json.loads(json.dumps(about))
    for name, value in told(lambda: mine).items():
        if mine[name] != value:
            raise BadInput(
                f"process {number()} has {name} {mine[name]!s:.80}, and process 0 "
                f"{value!s:.80}: give all of them the same"
            )


def broadcast(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Process 0's arrays; those of the others have their shapes."""
    if count() == 1:
        return arrays
    from jax.experimental import multihost_utils

    meet()
    return multihost_utils.broadcast_one_to_all(arrays)


def means(values: list[float], weight: float) -> list[float]:
    """The mean of each of the values over all processes, each with its weight."""
    if count() == 1:
        return values
    key = f"fer/{next(_meetings)}"
    _client().key_value_set(f"{key}/{number()}", json.dumps([weight, *values]))
    keys = (f"{key}/{each}" for each in range(count()))
    texts = [_client().blocking_key_value_get(key, WAITING * 1000) for key in keys]
    weights, *columns = zip(*map(json.loads, texts), strict=True)
    return [float(np.average(column, weights=weights)) for column in columns]


def any_of(mine: bool) -> bool:
    """Whether it is so in any process."""
    return means([float(mine)], 1)[0] > 0


def share(rows: np.ndarray) -> np.ndarray:
    """This process's part of each batch of rows (steps, batch), in their order."""
    part = rows.shape[1] // count()
    return rows[:, number() * part : (number() + 1) * part]


def part(rows: int) -> slice:
    """This process's part of so many rows."""
    return slice(rows * number() // count(), rows * (number() + 1) // count())


def must_share_out(batch: int, held: int) -> None:
    """Raise BadInput where not each process gets as many faces of a batch, or none."""
    import keras

    parts = len(keras.distribution.list_devices()) if count() > 1 else 1
    if batch % parts or held < parts:
        raise BadInput(
            f"batches of {batch} faces and {held} to validate on do not suit {parts} "
            "processes: name another --batch-size or number of processes"
        )


@contextlib.contextmanager
def distributed() -> Iterator[None]:
    """Within the block, what Keras builds is spread over all processes."""
    if count() == 1:
        yield
        return
    import keras

    devices = keras.distribution.list_devices()
    parallel = keras.distribution.DataParallel(
        devices=devices, auto_shard_dataset=False
    )
    with parallel.scope():
        yield


def predictor(network: Network) -> Callable[[np.ndarray], np.ndarray]:
    """A function of faces to probabilities, computed by this process alone."""
    if count() == 1:
        return network.predict_on_batch
    parts = network.trainable_variables, network.non_trainable_variables
    mine = [[it.value.addressable_data(0) for it in part] for part in parts]
    return lambda faces: np.asarray(_alone(network)(*mine, faces))


@functools.lru_cache(maxsize=1)
def _alone(network):
    import jax

    return jax.jit(
        lambda trainable, others, faces: network.stateless_call(
            trainable, others, faces
        )[0]
    )
