"""Work done ahead by threads, in order."""

from __future__ import annotations

import collections
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

AHEAD = 4  # items that wait until they are asked for


def in_order(
    function: Callable[[Any], Any],
    items: Iterable[Any],
    threads: int = 2,
    ahead: int = AHEAD,
) -> Iterator[Any]:
    """Yield function(item) of each item, in order, worked out ahead by threads.

    ahead: how many results are held at most, beside the one that is yielded.
    """
    with ThreadPoolExecutor(threads) as pool:
        waiting: collections.deque = collections.deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
