"""How late this machine wakes a thread now: what a test of times must not blame on the code."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

STEP_S = 0.005


@dataclass
class Yardstick:
    """``late_s`` is the greatest lateness seen."""

    late_s: float = 0.0


@contextmanager
def measuring() -> Iterator[Yardstick]:
    """Yield what a thread of its own measures meanwhile."""
    yardstick, ended = Yardstick(), threading.Event()

    def measure() -> None:
        while not ended.is_set():
            due_s = time.monotonic() + STEP_S
            time.sleep(STEP_S)
            yardstick.late_s = max(yardstick.late_s, time.monotonic() - due_s)

    thread = threading.Thread(target=measure, daemon=True)
    thread.start()
    try:
        yield yardstick
    finally:
        ended.set()
        thread.join()
