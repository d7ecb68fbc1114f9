"""Beats: the daemon's against experts' marks, beside other libraries on the same records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.databases import Noise, ReferenceBeats, read_beats
from ecgd.evaluation.matching import Match, match_events
from ecgd.evaluation.rivals import RIVALS
from ecgd.evaluation.stream import analyse_stream, signal_of, with_signal
from ecgd.model.assessment import Assessment
from ecgd.model.signal import FloatArray
from ecgd.sources.recording import Recording, read_recording

OURS: Final = "ecgd"
OURS_FIRST: Final = "ecgd, first channel"

NOISE_FROM_S: Final = 300.0
NOISE_TURN_S: Final = 120.0
"""NSTDB's protocol: five clean minutes, then two noisy and two clean ones in turn."""


@dataclass(frozen=True, slots=True)
class BeatRow:
    """One detector on one record."""

    record: str
    detector: str
    match: Match
    unusable_share: float = 0.0


def study_record(path: Path, *, rivals: bool = True) -> list[BeatRow]:
    """Run every detector on one record."""
    recording = read_recording(path)
    reference = read_beats(path)
    rows = [_ours(OURS, path.name, recording, reference)]
    if not rivals:
        return rows
    rows.append(_ours(OURS_FIRST, path.name, _first_channel(recording), reference))
    first_mv = signal_of(recording)[0]
    for name, detect in RIVALS.items():
        found_s = (detect(first_mv, recording.fs_hz) / recording.fs_hz).tolist()
        rows.append(BeatRow(path.name, name, score(reference, found_s)))
    return rows


def study_noise(path: Path, noise: Noise, snr_db: float) -> BeatRow:
    """Return our beats in the noisy stretches of one record (NSTDB's protocol and definition).

    The signal's power is that of its usual QRS: half the mean square peak to peak amplitude.
    """
    recording = read_recording(path)
    reference = read_beats(path)
    signal_mv = signal_of(recording)
    noisy = _noisy_stretches(recording.duration_s)
    mask = _mask(noisy, recording)
    added = _noise_like(noise, recording)
    gain = _noise_gain(signal_mv, added, reference, recording.fs_hz, snr_db)
    mixed = with_signal(recording, signal_mv + gain[:, None] * added * mask)
    analysed = analyse_stream(mixed, Settings())
    match = score(reference, [b.r_peak / recording.fs_hz for b in analysed.beats])
    return BeatRow(
        path.name, f"{snr_db:g} dB", _within(match, noisy), _unusable(analysed.assessments, noisy)
    )


def score(reference: ReferenceBeats, found_s: Sequence[float]) -> Match:
    """Match beats; nothing counts in stretches that have no marks."""
    scored = [t for t in reference.times_s if not _inside(t, reference.unscored_s)]
    kept = [t for t in found_s if not _inside(t, reference.unscored_s)]
    return match_events(scored, kept)


def _ours(name: str, record: str, recording: Recording, reference: ReferenceBeats) -> BeatRow:
    analysed = analyse_stream(recording, Settings())
    found_s = [beat.r_peak / recording.fs_hz for beat in analysed.beats]
    whole = ((0.0, recording.duration_s),)
    return BeatRow(record, name, score(reference, found_s), _unusable(analysed.assessments, whole))


def _first_channel(recording: Recording) -> Recording:
    leads = recording.leads[:1]
    device = replace(recording.device, leads=leads)
    return replace(recording, leads=leads, counts=recording.counts[:1], device=device)


def _unusable(assessments: Iterable[Assessment], stretches: Sequence[tuple[float, float]]) -> float:
    seen = [a for a in assessments if _inside(a.time_s, stretches)]
    lost = [a for a in seen if not any(lead.usable for lead in a.quality)]
    return len(lost) / len(seen) if seen else 0.0


def _noisy_stretches(duration_s: float) -> list[tuple[float, float]]:
    starts = np.arange(NOISE_FROM_S, duration_s, 2 * NOISE_TURN_S).tolist()
    return [(start, min(start + NOISE_TURN_S, duration_s)) for start in starts]


def _mask(stretches: Iterable[tuple[float, float]], recording: Recording) -> FloatArray:
    mask = np.zeros(recording.sample_count)
    for start_s, end_s in stretches:
        mask[round(start_s * recording.fs_hz) : round(end_s * recording.fs_hz)] = 1.0
    return mask


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
    """Return the factor per lead that gives the ratio, as the program nst counts it."""
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
        tuple(pair for pair in match.pairs if _inside(pair[0], stretches)),
        tuple(t for t in match.missed_s if _inside(t, stretches)),
        tuple(t for t in match.extra_s if _inside(t, stretches)),
    )


def _inside(time_s: float, stretches: Iterable[tuple[float, float]]) -> bool:
    return any(start_s <= time_s <= end_s for start_s, end_s in stretches)


def rows_of(rows: Iterable[BeatRow], detector: str) -> Iterator[BeatRow]:
    """Return one detector's rows."""
    return (row for row in rows if row.detector == detector)
