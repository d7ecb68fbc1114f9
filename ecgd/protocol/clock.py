"""Device counter to host monotonic time, by a robust line under the arrivals."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import Final

WINDOW_S: Final = 60.0
"""Arrivals older than this are forgotten: the longest a step of the rate lingers."""

MIN_SPAN_S: Final = 10.0
"""Shortest stretch of arrivals that gives a rate."""

MIN_SECONDS_HEARD: Final = 5
"""Fewest seconds with an arrival in either half of that stretch, as a few may all be late."""

MAX_PPM: Final = 10_000.0
"""A rate further off is no oscillator's: twice the tolerance of a ceramic resonator."""

EARLY_S: Final = 0.05
"""An arrival this much ahead of the line shows that the earlier ones had waited in a buffer."""

LOOSE_S: Final = 0.02
"""The line has lost the device when for ``LOOSE_POINTS`` seconds nothing came so near to it."""

LOOSE_POINTS: Final = 12

_MAX_POINTS: Final = 256

_Point = tuple[int, float]


class DeviceClock:
    """Follows a device's oscillator from when its samples arrive.

    A packet can be late, never early, so the line that tells the device's time lies under all
    arrivals: of each second of samples the earliest arrival is kept, and the line is the edge of
    their lower convex hull under the centroid, which is the linear programme of Moon, Skelly and
    Towsley ("Estimation and removal of clock skew from network delay measurements", 1999) in the
    form of Zhang, Liu and Xia (2002). Late arrivals do not move it; when all have been late for
    ``LOOSE_POINTS`` seconds the oscillator has stepped, and what was before is forgotten. Arrival
    times are monotonic; wall time plays no part. Memory is bounded by ``WINDOW_S``.
    """

    def __init__(self, fs_hz: float = 250.0) -> None:
        self._fs_hz = fs_hz
        self._period_s = 1.0 / fs_hz
        self._measured = False
        self._points: deque[_Point] = deque(maxlen=_MAX_POINTS)
        self._zero_s = 0.0

    @property
    def ppm(self) -> float | None:
        """How much faster than nominal the device samples; None until 10 s were seen."""
        return self._ppm_of(self._period_s) if self._measured else None

    def observe(self, index: int, arrived_s: float) -> None:
        """Note that the samples before ``index`` had arrived at ``arrived_s`` (monotonic)."""
        points = self._points
        if points and index < points[-1][0]:
            return
        if points and self._above(index, arrived_s) < -EARLY_S:
            points.clear()
        bucket = round(self._fs_hz)
        if points and index // bucket == points[-1][0] // bucket:
            if self._zero_of(index, arrived_s) < self._zero_of(*points[-1]):
                points[-1] = (index, arrived_s)
                self._zero_s = min(self._zero_s, self._zero_of(index, arrived_s))
            return
        points.append((index, arrived_s))
        self._fit(arrived_s)

    def restart(self) -> None:
        """Forget where the counter stood, as after a device reset; its rate is kept."""
        self._points.clear()

    def time_s(self, index: float) -> float | None:
        """Monotonic time at which the sample before ``index`` was complete, plus the least delay
        of the line; None before anything arrived."""
        return self._at(index) if self._points else None

    def index_at(self, time_s: float) -> float | None:
        """Index that the device had reached at a monotonic time; the inverse of ``time_s``."""
        return (time_s - self._zero_s) / self._period_s if self._points else None

    def _at(self, index: float) -> float:
        return self._zero_s + index * self._period_s

    def _zero_of(self, index: int, arrived_s: float) -> float:
        return arrived_s - index * self._period_s

    def _ppm_of(self, period_s: float) -> float:
        return (1.0 / (period_s * self._fs_hz) - 1.0) * 1e6

    def _fit(self, now_s: float) -> None:
        points = self._points
        while points[0][1] < now_s - WINDOW_S:
            points.popleft()
        self._lay_line()
        latest = list(points)[-LOOSE_POINTS:]
        if len(points) > len(latest) and min(self._above(*point) for point in latest) > LOOSE_S:
            points.clear()
            points.extend(latest)
            self._lay_line()

    def _lay_line(self) -> None:
        points = self._points
        if self._tells_rate():
            period_s = _slope_under_centroid(list(points))
            if abs(self._ppm_of(period_s)) <= MAX_PPM:
                self._period_s = period_s
                self._measured = True
        self._zero_s = min(self._zero_of(*point) for point in points)

    def _tells_rate(self) -> bool:
        first_s, last_s = self._points[0][1], self._points[-1][1]
        early = sum(arrived_s - first_s < last_s - arrived_s for _, arrived_s in self._points)
        fewest = min(early, len(self._points) - early)
        return last_s - first_s >= MIN_SPAN_S and fewest >= MIN_SECONDS_HEARD

    def _above(self, index: int, arrived_s: float) -> float:
        return arrived_s - self._at(index)


def _slope_under_centroid(points: list[_Point]) -> float:
    """Slope of the edge of the lower convex hull that spans the mean index."""
    centroid = sum(index for index, _ in points) / len(points)
    edges = pairwise(_lower_hull(points))
    (index, time_s), (next_index, next_s) = next(e for e in edges if e[1][0] >= centroid)
    return (next_s - time_s) / (next_index - index)


def _lower_hull(points: list[_Point]) -> list[_Point]:
    """Lower convex hull of points in ascending order of index (Andrew's monotone chain)."""
    hull: list[_Point] = []
    for point in points:
        while len(hull) > 1 and not _turns_up(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _turns_up(first: _Point, middle: _Point, last: _Point) -> bool:
    rise = (middle[1] - first[1]) * (last[0] - first[0])
    return rise < (last[1] - first[1]) * (middle[0] - first[0])
