"""Work done ahead by threads, in order."""

import collections
from concurrent.futures import ThreadPoolExecutor

AHEAD = 4  # items that wait until they are asked for


def in_order(function, items, threads=2):
    """Yield function(item) of each item, in order, worked out ahead by threads."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = collections.deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
