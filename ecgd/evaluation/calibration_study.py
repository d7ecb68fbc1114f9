"""Calibration of quality: what the index and the confidence promise, and how often it was so.

Clean and noisy stretches of MIT-BIH go through the daemon's own code, both channels together and
the first alone. A window is right when every reference beat in it was found within 150 ms and
nothing else was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.beat_study import score
from ecgd.evaluation.cells import percent_true
from ecgd.evaluation.databases import ReferenceBeats, read_beats, read_noise
from ecgd.evaluation.detection_figures import Reliability, reliability
from ecgd.evaluation.noise_study import add_noise
from ecgd.evaluation.stream import analyse_stream, cut_recording, first_channel
from ecgd.features.beat_confidence import GOOD_CONFIDENCE
from ecgd.sources.recording import Recording, read_recording

CONFIDENCE: Final = "confidence in the beats"
INDEX: Final = "index of one lead"

CONDITIONS: Final = (
    ("", 99.0, 90.0),
    ("em", 18.0, 45.0),
    ("em", 12.0, 45.0),
    ("em", 6.0, 45.0),
    ("em", 0.0, 45.0),
    ("ma", 12.0, 45.0),
    ("ma", 6.0, 45.0),
)
"""Noise of NSTDB (none: as recorded), ratio in dB, and the length in s that is looked at."""

LEARNING_S: Final = 12.0
"""Windows that end before this do not count."""

STEP_S: Final = 211.0
"""Each condition looks at another part of the record."""


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """One window: ``confidence`` in its beats, None: not told. ``sqi``: of one lead alone."""

    noise: str
    confidence: float | None
    right: bool
    sqi: float
    right_alone: bool

    @property
    def is_good(self) -> bool:
        return self.confidence is not None and self.confidence >= GOOD_CONFIDENCE


def study_calibration(path: Path, noises: Path, number: int) -> list[CalibrationRow]:
    """Return the windows of one record under every condition; ``number`` varies the places."""
    recording, reference = read_recording(path), read_beats(path)
    return [
        row
        for k, condition in enumerate(CONDITIONS)
        for row in _rows(recording, reference, noises, condition, number * 37.0 + k * STEP_S)
    ]


def _rows(
    recording: Recording,
    reference: ReferenceBeats,
    noises: Path,
    condition: tuple[str, float, float],
    place_s: float,
) -> Iterator[CalibrationRow]:
    kind, snr_db, length_s = condition
    start_s = place_s % max(1.0, recording.duration_s - length_s)
    noisy = recording
    if kind:
        noisy = add_noise(recording, reference, read_noise(noises, kind), snr_db)
    part = cut_recording(noisy, start_s, length_s)
    marks = _marks(reference, start_s, length_s)
    both = list(_windows(part, marks))
    alone = list(_windows(first_channel(part), marks))
    name = f"{kind} {snr_db:g} dB" if kind else "as recorded"
    for (confidence, _, right), (_, sqi, right_alone) in zip(both, alone, strict=True):
        yield CalibrationRow(name, confidence, right, sqi, right_alone)


def _windows(
    recording: Recording, marks: ReferenceBeats
) -> Iterator[tuple[float | None, float, bool]]:
    analysed = analyse_stream(recording, Settings())
    found = score(marks, [beat.r_peak / recording.fs_hz for beat in analysed.beats])
    wrong_s = np.array([*found.missed_s, *found.extra_s])
    for each in analysed.assessments:
        start_s = each.start_index / each.fs_hz
        if each.time_s < LEARNING_S or _unscored(marks, start_s, each.time_s):
            continue
        right = not bool(((wrong_s >= start_s) & (wrong_s < each.time_s)).any())
        yield each.beat_confidence, max(lead.sqi for lead in each.quality), right


def _unscored(marks: ReferenceBeats, start_s: float, end_s: float) -> bool:
    return any(first < end_s and start_s < last for first, last in marks.unscored_s)


def _marks(reference: ReferenceBeats, start_s: float, length_s: float) -> ReferenceBeats:
    inside = [
        (time_s - start_s, symbol)
        for time_s, symbol in zip(reference.times_s, reference.symbols, strict=True)
        if 0 <= time_s - start_s < length_s
    ]
    return ReferenceBeats(
        tuple(time_s for time_s, _ in inside),
        tuple(symbol for _, symbol in inside),
        tuple((a - start_s, b - start_s) for a, b in reference.unscored_s),
    )


def kept_promises(rows: Sequence[CalibrationRow]) -> dict[str, tuple[Reliability, ...]]:
    """Return what confidence and index promised, by tenths, and how often it was so."""
    told = [(row.confidence, row.right) for row in rows if row.confidence is not None]
    alone = [(row.sqi, row.right_alone) for row in rows]
    return {CONFIDENCE: _tenths(told), INDEX: _tenths(alone)}


def _tenths(promises: Sequence[tuple[float, bool]]) -> tuple[Reliability, ...]:
    told = np.array([promise for promise, _ in promises], np.float64)
    return reliability(np.array([kept for _, kept in promises], np.bool_), told)


def calibration_section(rows: Iterable[CalibrationRow]) -> str:
    """Return what windows called good were, by noise, and both reliability tables."""
    held = list(rows)
    good = [row for row in held if row.is_good]
    right = percent_true((row.right for row in good), 2)
    return (
        "## Quality: what is promised and what was so\n\n"
        "Windows of 5 s of MIT-BIH, as recorded and with the noises of NSTDB, a minute or so of\n"
        "each record and noise; the first 12 s of each stretch do not count. A window is right\n"
        "when every beat of it was found within 150 ms and nothing else was. It is called good\n"
        f"from a confidence of {GOOD_CONFIDENCE:g} on. Of all windows called good "
        f"{right} were right ({len(good)} of {len(held)}).\n\n"
        "| noise | windows | right | called good | of these right |\n|---|---|---|---|---|\n"
        + "".join(_line(noise, held) for noise in dict.fromkeys(row.noise for row in held))
        + "\n| confidence in the beats | windows | mean | share right |\n|---|---|---|---|\n"
        + _table(kept_promises(held)[CONFIDENCE])
        + "\n| index of one lead alone | windows | mean | share right |\n|---|---|---|---|\n"
        + _table(kept_promises(held)[INDEX])
    )


def _line(noise: str, rows: Iterable[CalibrationRow]) -> str:
    of_noise = [row for row in rows if row.noise == noise]
    good = [row for row in of_noise if row.is_good]
    shares = (
        percent_true((row.right for row in of_noise), 2),
        percent_true((row.is_good for row in of_noise), 2),
        percent_true((row.right for row in good), 2),
    )
    return f"| {noise} | {len(of_noise)} | {' | '.join(shares)} |\n"


def _table(bins: Iterable[Reliability]) -> str:
    return "".join(
        f"| {each.low:.1f} to {each.high:.1f} | {each.count} "
        f"| {each.told:.3f} | {each.held:.3f} |\n"
        for each in bins
    )
