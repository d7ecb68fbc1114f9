"""Signal quality of each lead, and of each second of it: an index, usable or not, and why not.

The index is the probability that the beats found in this lead alone are right: every beat of the
window within 150 ms, and none besides. "flat" means that nothing is seen, which asystole does too:
only ``LOST_SIGNAL`` reasons are positive evidence that the signal itself is lost.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecgd.dsp.clipping import clipped_run
from ecgd.dsp.derivation import derivation_sources
from ecgd.dsp.quality_figures import (
    LEAST_FIGURE,
    QualityFigures,
    logarithm,
    quality_figures,
)
from ecgd.model.finding import LeadQuality, SecondQuality
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import BoolArray, FloatArray, Prepared, Window

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
CLIPPED_SHARE = 0.01
GAP_SHARE = 0.25
"""Limits beyond which a lead is unusable whatever its index."""

USABLE_SQI = 0.5
"""A usable lead rather shows its beats rightly than not. Whether an ST means anything is for its
uncertainty to say."""

JUMP_MV = 2.0
JUMP_WEIGHT = -3.64
STEP_WEIGHT = 1.12
QUIET_WEIGHT = 5.4
CALM_WEIGHT = 3.18
VALLEY_WEIGHT = 3.65
REST_WEIGHT = -3.21
UNEVEN_WEIGHT = -1.41
UNSURE_WEIGHT = 2.59
RHYTHM_WEIGHT = 1.62
STEEPNESS_WEIGHT = 2.66
STEEP_QUIET_WEIGHT = -1.97
MOST_STEEP_QUIET = 1.7
CONSTANT = -0.94
"""Log-odds on the figures. Fitted on 84,000 windows of one lead, of MIT-BIH (DS1) and PTB-XL, as
they are, with the noises of NSTDB from 24 to -6 dB and in bursts, with the pauses between the beats
shortened or stretched to 22 to 195 bpm, and some of noise alone and of fibrillation; on whether the
beats of the window were right. Checked patient-wise."""

SECOND_WEIGHT = 0.86
SECOND_NOISE_WEIGHT = -1.37
SECOND_STEP_WEIGHT = -1.09
SECOND_CONSTANT = 0.89
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

LEAST_SAMPLES = 50


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
    alone = logarithm(figures.noise_mv / TYPICAL_NOISE_MV)
    beside = logarithm(relative / TYPICAL_RELATIVE_NOISE)
    return NOISE_BLAME * alone + RELATIVE_NOISE_BLAME * beside


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
    restless = STEP_BLAME * logarithm(figures.step_mv / TYPICAL_STEP_MV)
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
        + SECOND_NOISE_WEIGHT * logarithm(noise)
        + SECOND_STEP_WEIGHT * logarithm(step)
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


def quality_log_odds(figures: QualityFigures) -> FloatArray:
    """Return the log-odds that the beats of the window are right; shape (lead,)."""
    step = figures.step_mv / np.maximum(figures.crest_mv, LEAST_FIGURE)
    score = (
        CONSTANT
        + JUMP_WEIGHT * np.maximum(logarithm(figures.step_mv / JUMP_MV), 0.0)
        + STEP_WEIGHT * logarithm(step)
        + QUIET_WEIGHT * figures.quiet
        + CALM_WEIGHT * np.maximum(figures.calm, 0.0)
        + VALLEY_WEIGHT * figures.valley
        + REST_WEIGHT * figures.rest
        + UNEVEN_WEIGHT * figures.uneven
        + UNSURE_WEIGHT * figures.unsure
        + RHYTHM_WEIGHT * figures.rhythm
        + STEEPNESS_WEIGHT * figures.steepness
        + STEEP_QUIET_WEIGHT * np.minimum(figures.steep_quiet, MOST_STEEP_QUIET)
    )
    log_odds: FloatArray = np.minimum(np.maximum(score, -FARTHEST), FARTHEST)
    return log_odds


def probability(log_odds: FloatArray) -> FloatArray:
    """Return what log-odds stand for."""
    index: FloatArray = 1.0 / (1.0 + np.exp(-log_odds))
    return index


def _clipped_share(raw: FloatArray, run: int) -> FloatArray:
    """Return the share of samples that stay for ``run`` samples at the window's very extreme."""
    high, low = raw.max(axis=1, keepdims=True), raw.min(axis=1, keepdims=True)
    share = np.zeros(raw.shape[0])
    if raw.shape[1] <= run:
        return share
    few = CLIPPED_SHARE * raw.shape[1]
    for edge in (high, low):
        at_edge = raw == edge
        # All leads together first: that is told in no time, and mostly enough.
        if np.count_nonzero(at_edge) <= few or np.count_nonzero(at_edge, axis=1).max() <= few:
            continue
        staying = np.cumsum(np.pad(at_edge, ((0, 0), (1, 0))), axis=1)
        share += (staying[:, run:] - staying[:, :-run] == run).mean(axis=1)
    share[(high - low)[:, 0] < FLAT_MV] = 0.0
    return share


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
    raw = prepared.raw_mv[[prepared.leads.index(lead) for lead in window.leads]]
    raw = raw if prepared.valid.all() else raw[:, prepared.valid]
    share = _clipped_share(raw, clipped_run(prepared.fs_hz))
    clipped = dict(zip(window.leads, (share > CLIPPED_SHARE).tolist(), strict=True))
    if window.saturated is not None and window.saturated.any():
        flagged = np.atleast_2d(window.saturated).mean(axis=-1) > CLIPPED_SHARE
        flags = np.broadcast_to(flagged, (len(window.leads),)).tolist()
        clipped |= {lead: True for lead, on in zip(window.leads, flags, strict=True) if on}
    tainted = any(clipped[lead] for lead in derivation_sources(window.leads))
    return np.array([clipped.get(lead, tainted) for lead in prepared.leads])
