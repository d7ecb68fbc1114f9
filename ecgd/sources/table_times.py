"""The times of a table's rows: the sampling rate they tell, and where rows are missing."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.signal import BoolArray, FloatArray, IntArray

_TIME_NAMES: Final = (
    re.compile(
        r"(elapsed |rel\w* )?(time|zeit|t)( ?stamp| ?stempel)?|(milli|micro)?seconds?|m?sec|[mu]?s"
    ),
    re.compile(r"timestamps?|zeitstempel|date ?time|(system|record\w*|device|utc) ?time|uhrzeit"),
    re.compile(r"date( and |[/& ]+)?(time)?|datum( und |[/& ]+)?(zeit|uhrzeit)?"),
)
_S_PER_UNIT: Final = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "ms": 1e-3,
    "msec": 1e-3,
    "millisecond": 1e-3,
    "milliseconds": 1e-3,
    "us": 1e-6,
    "microsecond": 1e-6,
    "microseconds": 1e-6,
    "ns": 1e-9,
}
_GUESSED_HZ: Final = (100.0, 1000.0)
_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d+):(\d\d(?:[.,]\d+)?)")
_DAY_FIRST: Final = re.compile(r"(\d\d?)[./](\d\d?)[./](\d{4})(?:[ T]+(.*))?")
_DAY_S: Final = 86400.0
_MISSED: Final = 1.5
"""A step longer than so many usual ones is one where rows are missing."""

_AROUND: Final = 9
"""So many rows on either side of a long step tell whether rows are missing in it."""

_TIME_MAX: Final = 1e20
"""No count of seconds, down to nanoseconds since 1970, is as large."""

_LASTING_MAX_S: Final = 1e8
_UNEVEN_MAX: Final = 0.05
_COARSE_MIN: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where the rows lie: ``index`` counts samples from the first row, shape (row,).

    ``follows_times`` False: the times are too coarse, and the rows are counted.
    """

    fs_hz: float
    index: IntArray
    follows_times: bool = True

    @property
    def missing(self) -> int:
        return int(self.index[-1]) + 1 - self.index.size


def time_rank(name: str) -> int | None:
    """Return how much a column's name says that it holds the time, 0 most; None: it does not."""
    bare = re.sub(r"[\s_.]+", " ", name.lower()).strip()
    for rank, pattern in enumerate(_TIME_NAMES):
        if pattern.fullmatch(bare):
            return rank
    return None


def seconds_of_texts(path: Path, texts: Sequence[str], lines: IntArray) -> FloatArray:
    """Return dates or clock times as seconds after the first one. Raises RecordingError."""
    times_s = _from_iso(texts)
    if times_s is None:
        times_s = np.empty(len(texts))
        for row, text in enumerate(texts):
            moment_s = _seconds(text)
            if moment_s is None:
                raise RecordingError(
                    f"{path}, line {lines[row]}: {text[:40]!r} is no time",
                    "Write seconds, or times such as 2024-05-01T10:00:00.004.",
                )
            times_s[row] = moment_s
    # Clock times begin anew at midnight.
    days = np.cumsum(np.concatenate(([0.0], np.diff(times_s) < -_DAY_S / 2)))
    result: FloatArray = times_s - times_s[0] + days * _DAY_S
    return result


def seconds_of_numbers(
    path: Path, numbers: FloatArray, unit: str, lines: IntArray, fs_hz: float | None
) -> FloatArray:
    """Return times as seconds after the first one.

    Where ``unit`` is none of time, the usual step tells it: 0.004 can only be seconds at 250 Hz,
    4 only milliseconds. A step of 1 counts samples at ``fs_hz``. Raises RecordingError.
    """
    missing = np.flatnonzero(~(np.abs(numbers) < _TIME_MAX))
    if missing.size:
        raise RecordingError(
            f"{path}, line {lines[missing[0]]}: the row has no time", "Remove the row."
        )
    since_first: FloatArray = numbers - numbers[0]
    known = _S_PER_UNIT.get(unit.strip().lower().replace("µ", "u").replace("μ", "u"))
    return since_first * (known or _guess_unit_s(path, since_first, fs_hz))


def find_grid(path: Path, times_s: FloatArray, lines: IntArray, fs_hz: float | None) -> Grid:
    """Find the rate, unless it is given, and each row's place. Raises RecordingError."""
    steps_s = np.diff(times_s)
    if steps_s.size == 0:
        return Grid(fs_hz or 0.0, np.arange(times_s.size), follows_times=False)
    if np.mean(steps_s == 0) > _COARSE_MIN:
        if fs_hz is None:
            raise RecordingError(
                f"{path}: its times are too coarse to tell the sampling rate", "Give --fs."
            )
        return Grid(fs_hz, np.arange(times_s.size), follows_times=False)
    _check_rising(path, steps_s, lines)
    if float(times_s[-1]) > _LASTING_MAX_S:
        row = int(np.argmax(steps_s)) + 1
        raise RecordingError(
            f"{path}, line {lines[row]}: the time leaps by {steps_s[row - 1]:.3g} s",
            "Correct it; two recordings go into two files.",
        )
    usual_s = float(np.median(steps_s))
    even = steps_s < _MISSED * usual_s
    found_hz = float(even.sum() / steps_s[even].sum())
    if fs_hz is not None and abs(fs_hz / found_hz - 1.0) > 0.01:
        raise RecordingError(
            f"{path}: its times say {found_hz:.6g} Hz, not {fs_hz:g} Hz", "Leave out --fs."
        )
    rate_hz = fs_hz or _rounded(found_hz, times_s, steps_s, even)
    uneven = float(np.mean(~even | (steps_s < usual_s / 2)))
    if uneven > _UNEVEN_MAX:
        raise RecordingError(
            f"{path}: {uneven:.0%} of its times are uneven: rows cannot be placed by them",
            "Leave the column of times out, and give --fs.",
        )
    advance = np.ones(steps_s.size, dtype=np.int64)
    long = np.flatnonzero(~even)
    advance[long] += _rows_missing(times_s * rate_hz, long)
    return Grid(rate_hz, np.concatenate(([0], np.cumsum(advance))))


def _rows_missing(times: FloatArray, long: IntArray) -> IntArray:
    """Return how many rows are missing in each long step; ``times`` are in samples.

    A row that is only late leaves those after it where they were; missing ones shift them all.
    """
    shift = times - np.arange(times.size)
    bounds = np.concatenate(([-1], long, [times.size - 1]))
    missing = np.empty(long.size, dtype=np.int64)
    for place, step in enumerate(long):
        before = shift[max(bounds[place] + 1, step + 1 - _AROUND) : step + 1]
        after = shift[step + 1 : min(bounds[place + 2], step + _AROUND) + 1]
        missing[place] = max(0, round(float(np.median(after) - np.median(before))))
    return missing


def _check_rising(path: Path, steps_s: FloatArray, lines: IntArray) -> None:
    back = np.flatnonzero(steps_s <= 0)
    if back.size:
        row = int(back[0]) + 1
        word = "repeats itself" if steps_s[row - 1] == 0 else "runs backwards"
        raise RecordingError(
            f"{path}, line {lines[row]}: the time {word}",
            "Put the rows in order of time, each once; two recordings go into two files.",
        )


def _rounded(found_hz: float, times_s: FloatArray, steps_s: FloatArray, even: BoolArray) -> float:
    """Return the whole number that the times may mean, as exactly as they are written.

    Times of 3, 6, 8, 11 ms are those of 360 Hz: over some seconds their rounding says so.
    """
    scatter_s = float(np.abs(steps_s[even] - 1.0 / found_hz).max())
    lasting_s = float(steps_s[even].sum())
    whole_hz = round(found_hz)
    tolerance = 2.0 * scatter_s / lasting_s + 1e-5
    near = whole_hz > 0 and abs(found_hz / whole_hz - 1.0) <= tolerance
    return float(whole_hz) if near else round(found_hz, 6)


def _guess_unit_s(path: Path, since_first: FloatArray, fs_hz: float | None) -> float:
    step = float(np.median(np.diff(since_first))) if since_first.size > 1 else 0.0
    if step == 1.0:
        if fs_hz is None:
            raise RecordingError(
                f"{path}: its times count by one: milliseconds, or samples",
                "Give --fs, or put the unit into the heading, as in time [ms].",
            )
        return 1.0 / fs_hz
    low_hz, high_hz = _GUESSED_HZ
    for unit_s in (1.0, 1e-3, 1e-6, 1e-9):
        if step > 0 and low_hz * 0.99 <= 1.0 / (step * unit_s) <= high_hz * 1.01:
            return unit_s
    return 1.0


def _from_iso(texts: Sequence[str]) -> FloatArray | None:
    """Return ISO times in seconds after the first, at numpy's pace; None for any other form."""
    if not texts or "-" not in texts[0][1:]:
        return None
    bare = [text.removesuffix("Z").replace(",", ".") for text in texts]
    try:
        with warnings.catch_warnings():
            # numpy only warns of a time zone, which it does not read as it should.
            warnings.simplefilter("error")
            moments = np.array(bare, dtype="datetime64[ns]")
    except (ValueError, Warning):
        return None
    if np.isnat(moments).any():
        return None
    result: FloatArray = (moments - moments[0]).astype(np.int64) / 1e9
    return result


def _seconds(text: str) -> float | None:
    bare = text.strip().replace(",", ".")
    if (clock := _CLOCK.fullmatch(bare)) is not None:
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    if (day_first := _DAY_FIRST.fullmatch(bare)) is not None:
        day, month, year, rest = day_first.groups()
        bare = f"{year}-{int(month):02}-{int(day):02}T{rest or '00:00'}"
    try:
        moment = datetime.fromisoformat(bare)
    except ValueError:
        return None
    naive_s = (moment.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
    offset = moment.utcoffset()
    seconds = naive_s - (offset.total_seconds() if offset else 0.0)
    return seconds if math.isfinite(seconds) else None
