"""Signal quality of each lead, and of each second of it: an index, usable or not, and why not.

The index is the probability that the beats found in this lead alone are right: every beat of the
window within 150 ms, and none besides. "flat" means that nothing is seen, which asystole does too:
only ``LOST_SIGNAL`` reasons are positive evidence that the signal itself is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecgd.dsp.derivation import derivation_sources
from ecgd.dsp.prepare import Prepared
from ecgd.model.finding import LeadQuality, SecondQuality
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import BoolArray, FloatArray, Window

StrArray = NDArray[np.str_]

ELECTRODE_OFF: Final = "electrode off"
SATURATED: Final = "saturated"
GAPS: Final = "gaps"
FLAT: Final = "flat"
NOISE: Final = "noise"
WANDER: Final = "wander"

LOST_SIGNAL: Final = frozenset({ELECTRODE_OFF, SATURATED, GAPS})
"""Reasons that may veto asystole; noise and flatness may not."""

WHOLE_LEAD: Final = frozenset({ELECTRODE_OFF, SATURATED, FLAT})
"""Reasons that hold for every second of a window."""

AUGMENTED: Final = ("aVL", "aVF", "aVR")
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "RA": ("I", "II", *AUGMENTED),
    "LA": ("I", "III", *AUGMENTED),
    "LL": ("II", "III", *AUGMENTED),
}
"""Which leads an electrode takes with it; RL, and any electrode for chest leads, takes all."""

FLAT_MV = 0.03
FLAT_SHARE = 0.8
SAME_MV = 1e-6
CLIPPED_SHARE = 0.01
CLIPPED_RUN_S = 0.016
GAP_SHARE = 0.25
"""Limits beyond which a lead is unusable whatever its index."""

USABLE_SQI = 0.5
"""A usable lead rather shows its beats rightly than not. Whether an ST means anything is for its
uncertainty to say."""

LEAST_STEP_MV = 0.2
STEP_WEIGHT = -1.49
JUMP_MV = 2.0
JUMP_WEIGHT = -3.37
PROMINENCE_WEIGHT = 5.75
STEEP_PROMINENCE_WEIGHT = 2.08
UNSURE_WEIGHT = 2.71
OUTLIER_WEIGHT = -4.27
WORST_NOISE_WEIGHT = -2.96
CONSTANT = -2.93
"""Log-odds on common logarithms of the figures. Fitted on 118,000 windows of one lead, of MIT-BIH
(DS1) and raw PTB-XL, clean and with the noises of NSTDB from 24 to -6 dB, on whether the beats of
the window were right; checked patient-wise."""

SECOND_WEIGHT = 0.85
SECOND_NOISE_WEIGHT = -1.93
SECOND_STEP_WEIGHT = -0.82
SECOND_CONSTANT = 1.27
"""Log-odds of one second: on the window's, and on noise and step over those of the window."""

FARTHEST = 8.0

QUIET_NOISE_MV = 0.05
QUIET_STEP_MV = 1.0
"""A lead below both is quiet enough to be measured. Where another lead shows the beats it is
usable, though its own QRS is too small to be told: that is how some hearts lie."""

STILL_MV = 0.2
STILL_NOISE_MV = 0.1
STILL_STEP_MV = 0.4
"""Below all three nothing that beats is hidden: the lead is usable, and may show an asystole."""

STORM = 2.0
"""Noisiness beyond which a lead is unusable whatever its index: where no heart beats, bursts of
muscle noise stand out as a QRS does, and must not hide an asystole."""

NOISE_BLAME = 1.35
RELATIVE_NOISE_BLAME = 0.75
STEP_BLAME = 1.14
TYPICAL_NOISE_MV = 0.01
TYPICAL_RELATIVE_NOISE = 0.02
TYPICAL_STEP_MV = 0.15
"""Which of noise and steps is to blame: the one that is farther above what is usual."""

LEAST_FIGURE = 1e-3
LEAST_SAMPLES = 50

STEP_BLOCK_S = 0.2
CREST_BLOCK_S = 0.25
MUSCLE_REACH_S = 0.006
STEEP_LAG_S = 0.012
NOISE_SCALE = 1.4826 / 1.5**0.5

CREST_QUANTILE = 0.9
UNSURE_QUANTILE = 0.65
QUIET_QUANTILE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class QualityFigures:
    """What quality is judged by, per lead: arrays of shape (lead,), or (lead, second).

    ``noise_mv``: deviation of each sample from the middle of those 6 ms before and after, in the
    usual second; ``step_mv``: largest change of the mean from one fifth of a second to the next;
    ``crest_mv``: usual deflection of a quarter second that holds a QRS, and ``prominence`` that
    over the deflection of a quiet quarter second; ``steep_prominence`` the same of the steepness.
    ``unsure`` and ``outlier`` are the steepness of a quarter second that rarely holds a QRS, and
    the largest, over the usual one's.
    """

    span_mv: FloatArray
    flat_share: FloatArray
    noise_mv: FloatArray
    step_mv: FloatArray
    crest_mv: FloatArray
    prominence: FloatArray
    steep_prominence: FloatArray
    unsure: FloatArray
    outlier: FloatArray
    noise_each_mv: FloatArray
    step_each_mv: FloatArray


def assess_quality(window: Window, prepared: Prepared) -> tuple[LeadQuality, ...]:
    """Judge each lead of ``prepared``; ``window`` tells of electrodes and of saturation."""
    leads = prepared.leads
    if int(prepared.valid.sum()) < LEAST_SAMPLES:
        return tuple(LeadQuality(lead, 0.0, False, (GAPS,)) for lead in leads)
    figures = quality_figures(prepared)
    gap_share = float(1.0 - prepared.valid.mean())
    log_odds = quality_log_odds(figures)
    index = probability(log_odds) * (1.0 - gap_share)
    flat = (figures.span_mv < FLAT_MV) | (figures.flat_share > FLAT_SHARE)
    off = electrode_off(leads, window.electrodes_off)
    clipped = _saturated(window, prepared)
    lost = off | clipped | flat
    excused = _quiet(figures) & bool(((index >= USABLE_SQI) & ~lost).any())
    still = _still(figures)
    excused |= still
    noisy = _noisiness(figures)
    storm = (noisy > STORM) & ~still
    poor = ((index < USABLE_SQI) & ~excused | storm) & ~flat
    blame = _blame(figures, noisy)
    reasons = {
        ELECTRODE_OFF: off,
        SATURATED: clipped,
        GAPS: np.full(len(leads), gap_share > GAP_SHARE),
        FLAT: flat,
        **{name: poor & (blame == name) for name in (NOISE, WANDER)},
    }
    sqi = np.where(lost, 0.0, index).tolist()
    names = [tuple(name for name, holds in reasons.items() if holds[k]) for k in range(len(leads))]
    blame[storm] = NOISE
    blame[excused & ~storm] = ""
    seconds = _seconds(prepared, figures, log_odds, names, blame)
    return tuple(
        LeadQuality(lead, sqi[k], not names[k], names[k], seconds[k])
        for k, lead in enumerate(leads)
    )


def _noisiness(figures: QualityFigures) -> FloatArray:
    """Return how far noise is above what is usual, by itself and beside the QRS."""
    relative = figures.noise_mv / np.maximum(figures.crest_mv, LEAST_FIGURE)
    return NOISE_BLAME * _log(figures.noise_mv / TYPICAL_NOISE_MV) + RELATIVE_NOISE_BLAME * _log(
        relative / TYPICAL_RELATIVE_NOISE
    )


def _still(figures: QualityFigures) -> BoolArray:
    return (
        (figures.crest_mv < STILL_MV)
        & (figures.noise_mv < STILL_NOISE_MV)
        & (figures.step_mv < STILL_STEP_MV)
    )


def _quiet(figures: QualityFigures) -> BoolArray:
    return (figures.noise_mv < QUIET_NOISE_MV) & (figures.step_mv < QUIET_STEP_MV)


def _blame(figures: QualityFigures, noisy: FloatArray) -> StrArray:
    """Return per lead what makes it poor, if it is."""
    restless = STEP_BLAME * _log(figures.step_mv / TYPICAL_STEP_MV)
    return np.where(noisy >= restless, NOISE, WANDER)


def _seconds(
    prepared: Prepared,
    figures: QualityFigures,
    log_odds: FloatArray,
    names: list[tuple[str, ...]],
    blame: StrArray,
) -> list[tuple[SecondQuality, ...]]:
    """Return each lead's seconds, from the window's beginning on.

    What spoils a lead by itself spoils each second; noise and steps are each second's own.
    """
    noise = figures.noise_each_mv / np.maximum(figures.noise_mv, LEAST_FIGURE)[:, None]
    step = figures.step_each_mv / np.maximum(figures.step_mv, LEAST_FIGURE)[:, None]
    count = noise.shape[1]
    length = min(round(prepared.fs_hz), prepared.valid.size // count)
    there = prepared.valid[: count * length].reshape(count, length).mean(axis=1)
    each = (
        SECOND_CONSTANT
        + SECOND_WEIGHT * log_odds[:, None]
        + SECOND_NOISE_WEIGHT * _log(noise)
        + SECOND_STEP_WEIGHT * _log(step)
    )
    index = (probability(each) * there).tolist()
    missing = (1.0 - there > GAP_SHARE).tolist()
    found: list[tuple[SecondQuality, ...]] = []
    for k, reasons in enumerate(names):
        whole = next((name for name in reasons if name in WHOLE_LEAD), "")
        found.append(
            tuple(
                SecondQuality(0.0, whole)
                if whole
                else SecondQuality(
                    sqi, GAPS if gone else "" if sqi >= USABLE_SQI else str(blame[k])
                )
                for sqi, gone in zip(index[k], missing, strict=True)
            )
        )
    return found


def quality_figures(prepared: Prepared) -> QualityFigures:
    """Measure each lead of a window that has valid samples; those that are not are bridged."""
    fs_hz, valid = prepared.fs_hz, prepared.valid
    signal, band = prepared.st_path_mv, prepared.band_mv
    raw = prepared.raw_mv if valid.all() else prepared.raw_mv[:, valid]
    reach = max(1, round(MUSCLE_REACH_S * fs_hz))
    middle = signal[:, 2 * reach :: 2] + signal[:, : -2 * reach : 2]
    uneven = np.abs(signal[:, reach:-reach:2] - middle / 2)
    noise_each = NOISE_SCALE * np.median(_seconds_of(uneven, signal.shape[1], fs_hz), axis=2)
    means = _blocks(signal, STEP_BLOCK_S * fs_hz).mean(axis=2)
    steps = np.abs(np.diff(means, axis=1))
    crests = np.sort(np.abs(_blocks(band, CREST_BLOCK_S * fs_hz)).max(axis=2), axis=1)
    lag = max(1, round(STEEP_LAG_S * fs_hz))
    rises = np.abs(band[:, lag:] - band[:, :-lag])
    steeps = np.sort(_blocks(rises, CREST_BLOCK_S * fs_hz).max(axis=2), axis=1)
    crest_mv, steep = _at(crests, CREST_QUANTILE), _at(steeps, CREST_QUANTILE)
    usual_steep = np.maximum(steep, LEAST_FIGURE)
    return QualityFigures(
        span_mv=np.ptp(signal, axis=1),
        flat_share=(np.abs(np.diff(raw, axis=1)) < SAME_MV).mean(axis=1),
        noise_mv=np.median(noise_each, axis=1),
        step_mv=steps.max(axis=1, initial=0.0),
        crest_mv=crest_mv,
        prominence=crest_mv / np.maximum(_at(crests, QUIET_QUANTILE), SAME_MV),
        steep_prominence=steep / np.maximum(_at(steeps, QUIET_QUANTILE), SAME_MV),
        unsure=_at(steeps, UNSURE_QUANTILE) / usual_steep,
        outlier=steeps[:, -1] / usual_steep,
        noise_each_mv=noise_each,
        step_each_mv=_steps_each(steps, noise_each.shape[1]),
    )


def quality_log_odds(figures: QualityFigures) -> FloatArray:
    """Return the log-odds that the beats of the window are right; shape (lead,)."""
    worst = figures.noise_each_mv.max(axis=1) / np.maximum(figures.noise_mv, LEAST_FIGURE)
    score = (
        CONSTANT
        + STEP_WEIGHT * _log(np.maximum(figures.step_mv, LEAST_STEP_MV))
        + JUMP_WEIGHT * np.maximum(_log(figures.step_mv / JUMP_MV), 0.0)
        + PROMINENCE_WEIGHT * _log(figures.prominence)
        + STEEP_PROMINENCE_WEIGHT * _log(figures.steep_prominence)
        + UNSURE_WEIGHT * _log(figures.unsure)
        + OUTLIER_WEIGHT * _log(figures.outlier)
        + WORST_NOISE_WEIGHT * _log(worst)
    )
    log_odds: FloatArray = np.clip(score, -FARTHEST, FARTHEST)
    return log_odds


def probability(log_odds: FloatArray) -> FloatArray:
    """Return what log-odds stand for."""
    index: FloatArray = 1.0 / (1.0 + np.exp(-log_odds))
    return index


def _log(value: FloatArray) -> FloatArray:
    logarithm: FloatArray = np.log10(np.maximum(value, LEAST_FIGURE))
    return logarithm


def _at(ordered: FloatArray, quantile: float) -> FloatArray:
    """Return the value of each ordered row that stands at ``quantile``."""
    value: FloatArray = ordered[:, int(quantile * ordered.shape[1])]
    return value


def _seconds_of(uneven: FloatArray, sample_count: int, fs_hz: float) -> FloatArray:
    """Return every second sample, but for some at both ends, in seconds of the window."""
    count = max(1, sample_count // round(fs_hz))
    size = uneven.shape[1] // count
    return uneven[:, : count * size].reshape(uneven.shape[0], count, size)


def _steps_each(steps: FloatArray, count: int) -> FloatArray:
    """Return the largest step in each second, shape (lead, second)."""
    per_s = round(1 / STEP_BLOCK_S)
    padded = np.zeros((steps.shape[0], max(count * per_s, steps.shape[1] + 1)))
    padded[:, 1 : steps.shape[1] + 1] = steps
    each: FloatArray = padded[:, : count * per_s].reshape(-1, count, per_s).max(axis=2)
    return each


def _clipped_share(raw: FloatArray, run: int) -> FloatArray:
    """Return the share of samples that stay for ``run`` samples at the window's very extreme."""
    high, low = raw.max(axis=1, keepdims=True), raw.min(axis=1, keepdims=True)
    share = np.zeros(raw.shape[0])
    if raw.shape[1] <= run:
        return share
    for edge in (high, low):
        at_edge = raw == edge
        if at_edge.mean(axis=1).max() <= CLIPPED_SHARE:
            continue
        staying = np.cumsum(np.pad(at_edge, ((0, 0), (1, 0))), axis=1)
        share += (staying[:, run:] - staying[:, :-run] == run).mean(axis=1)
    share[(high - low)[:, 0] < FLAT_MV] = 0.0
    return share


def _blocks(rows: FloatArray, size: float) -> FloatArray:
    """Return ``rows`` (lead, sample) in blocks of ``size`` samples: (lead, block, sample)."""
    length = max(1, min(round(size), rows.shape[1]))
    count = rows.shape[1] // length
    return rows[:, : count * length].reshape(rows.shape[0], count, length)


def leads_without(electrode: str, leads: tuple[str, ...]) -> set[str]:
    """Return which of ``leads`` an electrode that is off takes with it."""
    return set(NEEDS.get(electrode.upper(), leads)) | (set(leads) - set(LIMB_LEADS))


def electrode_off(leads: tuple[str, ...], electrodes_off: frozenset[str] | None) -> BoolArray:
    """Return which leads are lost with the electrodes that are off."""
    off: set[str] = set()
    for electrode in electrodes_off or ():
        off |= leads_without(electrode, leads)
    return np.array([lead in off for lead in leads])


def _saturated(window: Window, prepared: Prepared) -> BoolArray:
    """Return per lead whether it, or a lead it is derived from, is clipped."""
    measured = prepared.raw_mv[[prepared.leads.index(lead) for lead in window.leads]]
    raw = measured[:, prepared.valid]
    share = _clipped_share(raw, max(3, round(CLIPPED_RUN_S * prepared.fs_hz)))
    clipped = dict(zip(window.leads, (share > CLIPPED_SHARE).tolist(), strict=True))
    if window.saturated is not None and window.saturated.size:
        flagged = np.atleast_2d(window.saturated).mean(axis=-1) > CLIPPED_SHARE
        flags = np.broadcast_to(flagged, (len(window.leads),)).tolist()
        clipped |= {lead: True for lead, on in zip(window.leads, flags, strict=True) if on}
    tainted = any(clipped[lead] for lead in derivation_sources(window.leads))
    return np.array([clipped.get(lead, tainted) for lead in prepared.leads])
