"""Turns pins at the times that patterns say; time is passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ecgd.alerts.patterns import Channel, Pattern, edges

NEVER_S = float("inf")

RETRY_S = 1.0
"""A pin that did not turn is tried again after this, or with the next edge of any."""


@dataclass(slots=True)
class _Track:
    """One channel that plays: its remaining edges, the next of them due at ``due_s``."""

    pattern: Pattern
    began_s: float
    remaining: Iterator[tuple[float, bool]] = field(init=False)
    due_s: float = field(init=False)
    next_on: bool = field(init=False)

    def __post_init__(self) -> None:
        self.remaining = edges(self.pattern)
        self._advance()

    def state_at(self, now_s: float) -> bool | None:
        """Return the state of the newest edge due by now, None if none is; skips late pulses."""
        state = None
        while self.due_s <= now_s:
            state = self.next_on
            self._advance()
        return state

    def _advance(self) -> None:
        offset_s, self.next_on = next(self.remaining, (NEVER_S, False))
        self.due_s = self.began_s + offset_s


class Player:
    """Plays one pattern a channel.

    ``write(channel, on)`` sets a pin and returns the monotonic time of the edge, None if that did
    not work: then it is tried again, for a steady light has no next edge, and a pin that was to be
    switched off has no pattern any more.
    """

    def __init__(self, write: Callable[[Channel, bool], float | None]) -> None:
        self._write = write
        self._tracks: dict[Channel, _Track] = {}
        self._lit: set[Channel] = set()
        self._owed: dict[Channel, bool] = {}

    @property
    def playing(self) -> dict[Channel, Pattern]:
        return {channel: track.pattern for channel, track in self._tracks.items()}

    def retune(self, wanted: Mapping[Channel, Pattern], now_s: float) -> None:
        """Stop channels that play something else now, start those that are new, leave the rest."""
        for channel in [c for c, t in self._tracks.items() if wanted.get(c) != t.pattern]:
            del self._tracks[channel]
            if channel not in wanted:
                self._turn(channel, on=False)
        for channel, pattern in wanted.items():
            if channel not in self._tracks:
                self._tracks[channel] = _Track(pattern, now_s)

    def turn_due(self, now_s: float, lit: Callable[[float], None] | None = None) -> float:
        """Turn the pins whose edges are due; return when the next one is, infinity if none.

        ``lit`` is called with the time of each edge that switched a pin on.
        """
        due = dict(self._owed)
        for channel, track in self._tracks.items():
            state = track.state_at(now_s)
            if state is not None:
                due[channel] = state
        for channel, state in due.items():
            edge_s = self._turn(channel, on=state)
            if state and edge_s is not None and lit is not None:
                lit(edge_s)
        next_s = min((track.due_s for track in self._tracks.values()), default=NEVER_S)
        return min(next_s, now_s + RETRY_S) if self._owed else next_s

    def _turn(self, channel: Channel, *, on: bool) -> float | None:
        self._owed.pop(channel, None)
        if (channel in self._lit) == on:
            return None
        edge_s = self._write(channel, on)
        if edge_s is None:
            self._owed[channel] = on
        else:
            self._lit.symmetric_difference_update({channel})
        return edge_s
