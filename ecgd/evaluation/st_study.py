"""ST levels: the daemon's against the same level at the experts' boundaries (LUDB).

Also with recorded noise added, and by how much a beat's ST depends on where in a window it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import assess_quality
from ecgd.evaluation.databases import NOISE_KINDS, Noise, Wave, read_ludb, read_noise, read_waves
from ecgd.evaluation.stream import Analysed, analyse_stream, signal_of, with_signal
from ecgd.features.beats import find_beats
from ecgd.model.finding import LeadSt
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import FloatArray, Window
from ecgd.service.offline import windows_of
from ecgd.sources.recording import Recording

ISO_S: Final = (-0.024, -0.004)
"""The isoelectric level, from the QRS onset (the end of the PR segment): the median, since experts
put a paced beat's onset behind the spike, which a mean would take for the level."""

LEVEL_S: Final = (0.034, 0.046)
"""J+40 ms, as a mean over 12 ms."""

CLEAN: Final = ""
ALL_NOISES: Final = "all"
"""Wander, motion and muscle in equal parts."""

SNR_DB: Final = 12.0
"""Power of the recording over power of the noise, in leads I and II."""

NOISE_STEP_S: Final = 13.7
"""Each record gets another stretch of the noise: its number times this."""

PLACE_STEP_S: Final = 0.19
"""So far apart begin the windows through which a beat is moved."""


@dataclass(frozen=True, slots=True)
class StRow:
    """One lead of one record. ``ours_mv`` None: the daemon did not measure it."""

    record: str
    lead: str
    ours_mv: float | None
    experts_mv: float
    uncertainty_mv: float | None
    noise: str = CLEAN

    @property
    def error_mv(self) -> float | None:
        return None if self.ours_mv is None else self.ours_mv - self.experts_mv


def study_st(folder: Path, name: str, noise: str = CLEAN, noises: Path = Path()) -> list[StRow]:
    """Compare every limb lead that experts have marked in at least three beats.

    ``noise`` names one of ``NOISE_KINDS``, or ``ALL_NOISES``, of the folder ``noises``. The
    experts' level is that of the recording without it.
    """
    recording = read_ludb(folder, name)
    signal_mv = signal_of(recording)
    seen = recording
    if noise:
        kinds = NOISE_KINDS if noise == ALL_NOISES else (noise,)
        begin_s = NOISE_STEP_S * int("".join(filter(str.isdigit, name)) or 0)
        recorded = [read_noise(noises, kind) for kind in kinds]
        seen = with_signal(recording, signal_mv + noise_for(recording, recorded, begin_s))
    last = _last_st(analyse_stream(seen, Settings()))
    rows = []
    for lead in LIMB_LEADS:
        waves = read_waves(folder / name, lead.lower())
        row_mv = signal_mv[recording.leads.index(lead)]
        levels = [_level(row_mv, wave, recording.fs_hz) for wave in waves if _is_bounded(wave)]
        if len(levels) >= 3:
            ours = last.get(lead)
            rows.append(
                StRow(
                    name,
                    lead,
                    ours.level_mv if ours else None,
                    median(levels),
                    ours.uncertainty_mv if ours else None,
                    noise,
                )
            )
    return rows


def noise_for(recording: Recording, noises: Sequence[Noise], begin_s: float) -> FloatArray:
    """Return noise for every limb lead, (lead, sample) in mV, as electrodes would give it.

    Leads I and II get a channel each, ``SNR_DB`` below the lead's own power; the others follow.
    """
    signal_mv = signal_of(recording)
    at_s = np.arange(recording.sample_count) / recording.fs_hz
    total = np.zeros((2, at_s.size))
    for noise in noises:
        source_s = np.arange(noise.signal_mv.shape[1]) / noise.fs_hz
        at_source_s = at_s + begin_s % (source_s[-1] - at_s[-1])
        rows = np.stack([np.interp(at_source_s, source_s, row) for row in noise.signal_mv[:2]])
        rows -= rows.mean(axis=1, keepdims=True)
        total += rows / rows.std(axis=1, keepdims=True)
    pair = [recording.leads.index(lead) for lead in ("I", "II")]
    size_mv = signal_mv[pair].std(axis=1) / 10 ** (SNR_DB / 20)
    added = total * (size_mv / total.std(axis=1))[:, None]
    return np.stack([np.asarray(DERIVATION[lead]) @ added for lead in recording.leads])


def study_place(folder: Path, name: str) -> list[float]:
    """Return how far each beat's ST lies from its usual figure, wherever in a window the beat is.

    One figure for each beat and place: the largest deviation of all leads, in mV.
    """
    recording = read_ludb(folder, name)
    settings = Settings()
    pattern = next(iter(windows_of(recording, settings)))
    signal_mv = signal_of(recording)
    length = pattern.signal_mv.shape[1]
    step = round(PLACE_STEP_S * recording.fs_hz)
    seen: dict[int, list[list[float]]] = {}
    for start in range(0, signal_mv.shape[1] - length + 1, step):
        piece_mv = signal_mv[:, start : start + length]
        window = replace(pattern, start_index=start, signal_mv=piece_mv)
        for r_peak, levels_mv in _levels_in(window, settings):
            near = (each for each in seen if abs(each - r_peak) < 0.1 * recording.fs_hz)
            seen.setdefault(next(near, r_peak), []).append(levels_mv)
    return [
        float(deviation_mv)
        for levels_mv in seen.values()
        for deviation_mv in np.abs(levels_mv - np.median(levels_mv, axis=0)).max(axis=1)
    ]


def _levels_in(window: Window, settings: Settings) -> list[tuple[int, list[float]]]:
    """Return R peak and J+40 ms in every lead of the beats that are final in a window."""
    prepared = prepare(window, settings.analysis)
    quality = assess_quality(window, prepared)
    found = find_beats(prepared, np.array([lead.usable for lead in quality]))
    return [
        (beat.r_peak, [level.j40_mv for level in beat.st if level is not None])
        for beat in found.beats
        if beat.r_peak < found.final_before_index and None not in beat.st
    ]


def _is_bounded(wave: Wave) -> bool:
    return wave.kind == "QRS" and wave.onset_s is not None and wave.end_s is not None


def _level(row_mv: FloatArray, wave: Wave, fs_hz: float) -> float:
    assert wave.onset_s is not None
    assert wave.end_s is not None
    level_mv = _piece(row_mv, wave.end_s, LEVEL_S, fs_hz).mean()
    return float(level_mv - np.median(_piece(row_mv, wave.onset_s, ISO_S, fs_hz)))


def _piece(
    row_mv: FloatArray, at_s: float, span_s: tuple[float, float], fs_hz: float
) -> FloatArray:
    first = round((at_s + span_s[0]) * fs_hz)
    last = round((at_s + span_s[1]) * fs_hz)
    return row_mv[max(0, first) : last + 1]


def _last_st(analysed: Analysed) -> dict[str, LeadSt]:
    """Return the newest measurement of each lead."""
    newest: dict[str, LeadSt] = {}
    for assessment in analysed.assessments:
        for each in assessment.st.leads if assessment.st else ():
            if each.measurable:
                newest[each.lead] = each
    return newest
