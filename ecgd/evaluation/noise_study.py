"""Beats in recorded noise, ours and other libraries' (NSTDB's definition of the ratio)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.beat_study import (
    OURS,
    BeatRow,
    inside,
    rival_rows,
    score,
    unusable_share,
)
from ecgd.evaluation.databases import Noise, ReferenceBeats, read_beats, read_noise
from ecgd.evaluation.matching import Match
from ecgd.evaluation.stream import analyse_stream, cut_recording, signal_of, with_signal
from ecgd.model.signal import FloatArray
from ecgd.sources.recording import Recording, read_recording

CLEAN_S: Final = 60.0
NOISE_FROM_S: Final = 300.0
NOISE_S: Final = 120.0
"""The first noisy stretch of NSTDB's protocol, with a clean minute before it."""


@dataclass(frozen=True, slots=True)
class NoiseRow:
    """One detector on one record, in noise of a kind ("em", "ma" or "bw")."""

    kind: str
    snr_db: float
    row: BeatRow


def study_noise(
    path: Path, noises: Path, kind: str, snr_db: float, *, rivals: bool = True
) -> list[NoiseRow]:
    """Return our beats, and other libraries', in the noisy stretch of one record."""
    recording, reference = read_recording(path), read_beats(path)
    mixed = add_noise(recording, reference, read_noise(noises, kind), snr_db, NOISE_FROM_S)
    begin_s = max(0.0, NOISE_FROM_S - CLEAN_S)
    piece = cut_recording(mixed, begin_s, NOISE_FROM_S + NOISE_S - begin_s)
    noisy = ((NOISE_FROM_S - begin_s, NOISE_FROM_S + NOISE_S - begin_s),)
    marks = reference.shifted(-begin_s)
    analysed = analyse_stream(piece, Settings())
    match = score(marks, [b.r_peak / recording.fs_hz for b in analysed.beats])
    unusable = unusable_share(analysed.assessments, noisy)
    rows = [BeatRow(path.name, OURS, _within(match, noisy), unusable)]
    for row in rival_rows(path.name, piece, marks) if rivals else ():
        rows.append(BeatRow(row.record, row.detector, _within(row.match, noisy)))
    return [NoiseRow(kind, snr_db, row) for row in rows]


def add_noise(
    recording: Recording,
    reference: ReferenceBeats,
    noise: Noise,
    snr_db: float,
    from_s: float = 0.0,
) -> Recording:
    """Return the recording with noise from ``from_s`` on, at a ratio as the program nst counts it.

    The signal's power is that of its usual QRS: half the mean square peak to peak amplitude.
    """
    signal_mv = signal_of(recording)
    added = _noise_like(noise, recording)
    gain = _noise_gain(signal_mv, added, reference, recording.fs_hz, snr_db)
    begun = np.arange(recording.sample_count) >= from_s * recording.fs_hz
    return with_signal(recording, signal_mv + gain[:, None] * added * begun)


def _noise_like(noise: Noise, recording: Recording) -> FloatArray:
    """Return the noise at the recording's rate and length, one row a lead, repeated as needed."""
    at_s = np.arange(recording.sample_count) / recording.fs_hz
    source_s = np.arange(noise.signal_mv.shape[1]) / noise.fs_hz
    rows = [
        np.interp(at_s % source_s[-1], source_s, noise.signal_mv[k % 2])
        for k in range(len(recording.leads))
    ]
    return np.stack(rows)


def _noise_gain(
    signal_mv: FloatArray,
    noise_mv: FloatArray,
    reference: ReferenceBeats,
    fs_hz: float,
    snr_db: float,
) -> FloatArray:
    """Return the factor per lead that gives the ratio."""
    normal = [t for t, s in zip(reference.times_s, reference.symbols, strict=True) if s == "N"]
    beats = (normal or list(reference.times_s))[:300]
    reach = round(0.05 * fs_hz)
    swings = [
        np.ptp(signal_mv[:, max(0, round(t * fs_hz) - reach) : round(t * fs_hz) + reach], axis=1)
        for t in beats
    ]
    power = _trimmed_mean(np.array(swings).T) ** 2 / 8
    second = round(fs_hz)
    whole = noise_mv[:, : noise_mv.shape[1] // second * second]
    pieces = whole.reshape(noise_mv.shape[0], -1, second)
    gain: FloatArray = np.sqrt(power / 10 ** (snr_db / 10)) / _trimmed_mean(pieces.std(axis=2))
    return gain


def _trimmed_mean(values: FloatArray) -> FloatArray:
    """Return the mean of each row without its smallest and largest twentieth."""
    cut = values.shape[1] // 20
    mean: FloatArray = np.sort(values, axis=1)[:, cut : values.shape[1] - cut].mean(axis=1)
    return mean


def _within(match: Match, stretches: Sequence[tuple[float, float]]) -> Match:
    return Match(
        tuple(pair for pair in match.pairs if inside(pair[0], stretches)),
        tuple(t for t in match.missed_s if inside(t, stretches)),
        tuple(t for t in match.extra_s if inside(t, stretches)),
    )
