"""Items worked on by several threads come back in their order."""

import time

import pytest

from fer import threads


def test_in_order_keeps_the_order_though_later_items_finish_first():
    def late(item):
        time.sleep(0.002 * (item % 3))
        return item

    assert list(threads.in_order(late, range(20))) == list(range(20))


def test_in_order_passes_on_the_first_exception():
    def fragile(item):
        if item >= 3:
            raise ValueError(item)
        return item

    done = []
    with pytest.raises(ValueError, match="3"):
        done.extend(threads.in_order(fragile, range(9)))
    results = threads.in_order(fragile, range(9))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
