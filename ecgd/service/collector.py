"""Python's collection of garbage, kept out of the way of alarms.

A full collection holds every thread: with two hundred thousand objects, most of them modules, it
takes a tenth of a second on a desktop and seven times as long on a Raspberry Pi 4, and by itself it
comes every twenty seconds. Cycles that live shortly, nearly all, are collected as before.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

RARELY: Final = 300
"""Collections of the middle generation, about one a second, between full ones."""

SETTLED_S: Final = 20.0
"""After this everything is loaded that a daemon needs, networks included."""


def collect_rarely() -> None:
    """Let full collections come every few minutes."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, RARELY)


async def spare_what_stays(settled_s: float = SETTLED_S) -> None:
    """Leave what there is once all has been loaded out of every later collection."""
    await asyncio.sleep(settled_s)
    gc.freeze()
