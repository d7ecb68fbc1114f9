"""Whether six measured limb leads agree with each other, and which of them is wrong.

Two leads give the other four, whatever the heart and the electrodes do: I + III = II,
aVR + aVL + aVF = 0, aVL = I - II/2 and so on. Exchanged or loose electrodes keep that. Leads that
break it beyond rounding and noise show a fault of a channel: gain, offset, saturation, delay, or
two channels exchanged.

One channel at fault is told from the others without doubt: five channels leave three equations,
and they hold only without the channel that is wrong. Then it is derived from the other five, and
ST can still be judged. So it is with two channels that fit when they change places. Where neither
explains it, nobody knows which channels are right. A constant offset bends no ST: it is told where
it is one channel's and large, and otherwise no fault.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np

from ecgd.model.finding import ChannelFinding
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.order import median_of
from ecgd.model.signal import BoolArray, FloatArray, Window

ROUNDING_COUNTS: Final = 2.0
NOISE_MV: Final = 0.02
"""What six channels may contradict each other by: rounding, and noise of each amplifier. ST is
accurate to 0.02 mV."""

QUANTILE: Final = 0.98
"""The contradiction that counts is exceeded in 2 % of the samples: a QRS is more, a stray sample
less."""

OFFSET_MV: Final = 0.2
"""Amplifiers differ by less."""

FLAT_SHARE: Final = 0.1
GAIN_ERROR: Final = 0.03
LARGEST_DELAY_S: Final = 0.04
CLIPPED_SHARE: Final = 0.01
LEAST_SAMPLES: Final = 50

_DERIVATION: Final[FloatArray] = np.array([DERIVATION[lead] for lead in LIMB_LEADS])


def _projector(kept: tuple[int, ...]) -> FloatArray:
    """Return the matrix (6, 6) that gives all six leads from the kept ones, by least squares."""
    whole = np.zeros((6, 6))
    whole[:, kept] = _DERIVATION @ np.linalg.pinv(_DERIVATION[list(kept)])
    return whole


_ALL: Final = tuple(range(6))
_WHOLE: Final = _projector(_ALL)
_WITHOUT: Final = tuple(_projector(tuple(k for k in _ALL if k != left)) for left in _ALL)
_PAIRS: Final = tuple(combinations(_ALL, 2))


def check_leads(window: Window) -> tuple[Window, ChannelFinding | None]:
    """Return the window, with a channel at fault derived from the others, and what is wrong.

    A device that measures fewer than six limb leads has nothing to check: None, and the same
    window. Where the fault cannot be told, the window stays as it is and ``derived`` is empty.
    """
    if not set(LIMB_LEADS).issubset(window.device.leads) or window.leads[:6] != LIMB_LEADS:
        return window, None
    if int(window.valid.sum()) < LEAST_SAMPLES:
        return window, None
    six = window.signal_mv[:6]
    seen = six if window.valid.all() else six[:, window.valid]
    limit_mv = _limit_mv(window)
    if _contradiction_mv(seen, _WHOLE) <= limit_mv:
        return _check_offsets(window, median_of(seen - _WHOLE @ seen))
    wrong = [k for k in _ALL if _contradiction_mv(_at_rest(seen, k), _WITHOUT[k]) <= limit_mv]
    if len(wrong) == 1:
        at = wrong[0]
        reason = _name_fault(window, at, seen[at], (_WITHOUT[at] @ seen)[at])
        return _derive(window, wrong), ChannelFinding((LIMB_LEADS[at],), reason, (LIMB_LEADS[at],))
    exchanged = [
        pair for pair in _PAIRS if _contradiction_mv(_exchanged(seen, pair), _WHOLE) <= limit_mv
    ]
    if len(exchanged) == 1:
        names = tuple(LIMB_LEADS[k] for k in exchanged[0])
        reason = f"channels {names[0]} and {names[1]} exchanged"
        return _derive(window, list(exchanged[0])), ChannelFinding(names, reason, names)
    return window, ChannelFinding((), "which channel is wrong cannot be told")


def _limit_mv(window: Window) -> float:
    return NOISE_MV + ROUNDING_COUNTS / window.device.counts_per_mv


def _check_offsets(window: Window, error_mv: FloatArray) -> tuple[Window, ChannelFinding | None]:
    """Return the window, and the one channel whose constant offset contradicts the others.

    ``error_mv`` (6,) is what the leads usually differ by from what they should be by each other.
    """
    if float(np.abs(error_mv).max()) <= OFFSET_MV / len(LIMB_LEADS):
        return window, None
    marks = np.eye(len(LIMB_LEADS)) - _WHOLE
    offsets_mv = (marks @ error_mv) / np.diag(marks)
    left_mv = np.abs(error_mv[:, None] - marks * offsets_mv).max(axis=0)
    at = int(np.argmin(left_mv))
    if left_mv[at] > _limit_mv(window) or abs(offsets_mv[at]) <= OFFSET_MV:
        return window, None
    lead = LIMB_LEADS[at]
    reason = f"channel {lead} is {offsets_mv[at]:+.2f} mV off"
    return _derive(window, [at]), ChannelFinding((lead,), reason, (lead,))


def _contradiction_mv(six: FloatArray, projector: FloatArray) -> float:
    """Return how far the leads move from what they should be by each other, in mV."""
    errors = six - projector @ six
    largest = np.abs(errors - median_of(errors)[:, None]).max(axis=0)
    at = int(QUANTILE * (largest.size - 1))
    return float(np.partition(largest, at)[at])


def _at_rest(six: FloatArray, at: int) -> FloatArray:
    """Return the leads with one of them as the others would have it."""
    resting = six.copy()
    resting[at] = _WITHOUT[at][at] @ six
    return resting


def _exchanged(six: FloatArray, pair: tuple[int, int]) -> FloatArray:
    order = list(_ALL)
    order[pair[0]], order[pair[1]] = pair[1], pair[0]
    return six[order]


def _derive(window: Window, wrong: list[int]) -> Window:
    """Return the window with some limb leads derived from the others."""
    kept = tuple(k for k in _ALL if k not in wrong)
    signal_mv = window.signal_mv.copy()
    signal_mv[wrong] = (_projector(kept) @ window.signal_mv[:6])[wrong]
    saturated = window.saturated
    if saturated is not None and saturated.ndim == 2:
        saturated = saturated.copy()
        saturated[wrong] = saturated[list(kept)].any(axis=0)
    return replace(window, signal_mv=signal_mv, saturated=saturated)


def _name_fault(window: Window, at: int, seen_mv: FloatArray, true_mv: FloatArray) -> str:
    """Say what is wrong with one channel, by what the others say it should show."""
    channel = f"channel {LIMB_LEADS[at]}"
    limit_mv = _limit_mv(window)
    if _is_saturated(window.saturated, at):
        return f"{channel} is at its converter's limit"
    gain, offset_mv = np.polyfit(true_mv, seen_mv, 1).tolist()
    if _is_within(seen_mv - gain * true_mv - offset_mv, limit_mv):
        if abs(gain) < FLAT_SHARE:
            return f"{channel} shows nothing"
        if abs(gain + 1.0) < GAIN_ERROR:
            return f"{channel} is inverted"
        return f"{channel} has {gain:.2f} times the gain of the others"
    delay = _delay(window, seen_mv, true_mv, limit_mv)
    if delay:
        return f"{channel} is {abs(delay) * 1e3:.0f} ms {'late' if delay > 0 else 'early'}"
    return f"{channel} contradicts the others"


def _is_saturated(saturated: BoolArray | None, at: int) -> bool:
    if saturated is None or saturated.ndim != 2:
        return False
    return float(saturated[at].mean()) > CLIPPED_SHARE


def _is_within(error_mv: FloatArray, limit_mv: float) -> bool:
    return float(np.quantile(np.abs(error_mv), QUANTILE)) <= limit_mv


def _delay(window: Window, seen_mv: FloatArray, true_mv: FloatArray, limit_mv: float) -> float:
    """Return by how much a channel is late, in s; 0 where no delay explains it."""
    reach = round(LARGEST_DELAY_S * window.fs_hz)
    middle = slice(reach, true_mv.size - reach)
    for shift in sorted(range(-reach, reach + 1), key=abs):
        if shift and _is_within(np.roll(true_mv, shift)[middle] - seen_mv[middle], limit_mv):
            return shift / window.fs_hz
    return 0.0
