"""Full collections of garbage are rare and short."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from ecgd.service.collector import RARELY, collect_rarely, spare_what_stays


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Link:
    """One end of a cycle."""

    other: Link


def garbage() -> weakref.ref[Link]:
    one, two = Link(), Link()
    one.other, two.other = two, one
    return weakref.ref(one)


def test_only_full_collections_become_rare() -> None:
    young, middle, _ = gc.get_threshold()
    collect_rarely()
    assert gc.get_threshold() == (young, middle, RARELY)


def test_what_stays_is_looked_through_no_more() -> None:
    looked_at = len(gc.get_objects())
    asyncio.run(spare_what_stays(0.0))
    assert gc.get_freeze_count() > 0
    assert len(gc.get_objects()) < looked_at / 2


def test_later_garbage_is_still_collected() -> None:
    collect_rarely()
    asyncio.run(spare_what_stays(0.0))
    left = garbage()
    gc.collect(0)
    assert left() is None
