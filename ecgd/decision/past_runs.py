"""Stored verdicts in a row: for how long each held, and runs of the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

_T = TypeVar("_T")


class Run(NamedTuple, Generic[_T]):
    """Windows in a row with one verdict: the first at ``begin_s``, then one each hop."""

    begin_s: float
    windows: int
    verdict: _T


class Held(Generic[_T]):
    """Says for how long each stored verdict held.

    A verdict is stored when it changes, else every few seconds: it holds until the next, but for
    no longer than ``held_s``, after which nothing was judged.
    """

    def __init__(self, hop_s: float, held_s: float, then: Callable[[Run[_T]], None]) -> None:
        self._hop_s = hop_s
        self._held_s = held_s
        self._then = then
        self._before: tuple[float, _T] | None = None

    def add(self, at_s: float, verdict: _T) -> None:
        """Take in the next verdict, in order of arrival."""
        self._settle(at_s)
        self._before = at_s, verdict

    def finish(self) -> None:
        """Say it of the last one, which held for one window."""
        if self._before is not None:
            self._settle(self._before[0] + self._hop_s)
            self._before = None

    def _settle(self, until_s: float) -> None:
        if self._before is not None:
            at_s, verdict = self._before
            windows = max(1, round(min(until_s - at_s, self._held_s) / self._hop_s))
            self._then(Run(at_s, windows, verdict))


class Fan(Generic[_T]):
    """Takes runs of several verdicts side by side, and gives runs of each one to its ``then``.

    Runs of the very same verdict that follow each other are one run.
    """

    def __init__(self, hop_s: float, thens: Sequence[Callable[[Run[_T]], None]]) -> None:
        self._hop_s = hop_s
        self._thens = tuple(thens)
        self._before: Run[tuple[_T, ...]] | None = None
        self._begun_s = [0.0] * len(self._thens)

    def take(self, run: Run[tuple[_T, ...]]) -> None:
        """Take in the next run."""
        before, self._before = self._before, run
        if before is None or not self._goes_on(before, run):
            self._end(before)
            self._begun_s = [run.begin_s] * len(self._thens)
        elif before.verdict is not run.verdict:
            pairs = zip(before.verdict, run.verdict, strict=True)
            for place, (old, new) in enumerate(pairs):
                if old is not new:
                    self._tell(place, before)
                    self._begun_s[place] = run.begin_s

    def finish(self) -> None:
        """End the runs under way."""
        self._end(self._before)
        self._before = None

    def _goes_on(self, before: Run[tuple[_T, ...]], run: Run[tuple[_T, ...]]) -> bool:
        end_s = before.begin_s + before.windows * self._hop_s
        return abs(run.begin_s - end_s) <= 2.0 * self._hop_s

    def _end(self, last: Run[tuple[_T, ...]] | None) -> None:
        if last is not None:
            for place in range(len(self._thens)):
                self._tell(place, last)

    def _tell(self, place: int, last: Run[tuple[_T, ...]]) -> None:
        """Tell of the run of one verdict, whose last part this is."""
        begun_s = self._begun_s[place]
        windows = round((last.begin_s - begun_s) / self._hop_s) + last.windows
        self._thens[place](Run(begun_s, max(1, windows), last.verdict[place]))
