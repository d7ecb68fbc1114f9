"""How long after a device's return the line is open again: the daemon's own state machine."""

from __future__ import annotations

import random

from ecgd.sources.reconnect import Backoff, Line, LineAction, LineEvent
from ecgd.sources.serial_line import CABLE_BACKOFF

RADIO_BACKOFF = Backoff()


def worst_return_s(backoff: Backoff, absences: int, seed: int, longest_s: float = 600.0) -> float:
    """Return the longest time from a device's return to the line's opening, over so many absences.

    A try while the device is away fails at once; how long an attempt takes is not counted here.
    """
    rng = random.Random(seed)
    worst_s, now_s = 0.0, 0.0
    line, _ = Line().step(LineEvent.START, now_s, 0.5, backoff)
    for _ in range(absences):
        line, _ = line.step(LineEvent.OPENED, now_s, 0.5, backoff)
        line, _ = line.step(LineEvent.DATA, now_s, 0.5, backoff)
        now_s += rng.uniform(0.0, 30.0)
        back_s = now_s + rng.choice((1.0, 10.0, longest_s)) * rng.random()
        line, _ = line.step(LineEvent.LOST, now_s, rng.random(), backoff)
        while True:
            assert line.due_s is not None
            now_s = line.due_s
            line, actions = line.step(LineEvent.DUE, now_s, rng.random(), backoff)
            assert actions == (LineAction.TRY,)
            if now_s >= back_s:
                break
            line, _ = line.step(LineEvent.FAILED, now_s, rng.random(), backoff)
        worst_s = max(worst_s, now_s - back_s)
    return worst_s


LINES = {"bluetooth": RADIO_BACKOFF, "cable": CABLE_BACKOFF}
