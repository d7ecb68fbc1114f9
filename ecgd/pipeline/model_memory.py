"""What the networks remember of the windows before, and what they see after this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ecgd.features.atrial_fibrillation import fibrillation_log_odds
from ecgd.features.ventricular import Oscillation
from ecgd.model.assessment import Assessment
from ecgd.model.beat import Beat
from ecgd.model.morphology import Morphology
from ecgd.model.signal import FloatArray, Prepared
from ecgd.pipeline.model_inputs import (
    STRIP_S,
    Strip,
    extend_strip,
    model_pair,
    strip_input,
    window_input,
)
from ecgd.pipeline.progression import (
    BEATS_S,
    Rows,
    extend_rows,
    is_due,
    progression_input,
    row_of,
)

ModelInputs = Mapping[str, FloatArray | None]
"""What each member of the ensemble sees, None: not enough is known for it."""

SHAPE_AGE_S: Final = 2.0
"""A usual beat that is older is not this window's."""


@dataclass(frozen=True, slots=True, eq=False)
class ModelMemory:
    """The newest window's leads I and II (2, sample) at 250 Hz, the strip and the rows so far."""

    pair_mv: FloatArray | None = None
    strip: Strip | None = None
    rows: Rows = ()
    time_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules found in a window: all beats known now, the last shapes, the last waves."""

    beats: tuple[Beat, ...]
    shapes: tuple[tuple[float, Morphology], ...]
    waves: tuple[Oscillation, ...]


def remember_window(
    before: ModelMemory,
    assessment: Assessment,
    prepared: Prepared,
    seen: Seen,
    drift_degree: int,
) -> ModelMemory:
    """Return the memory after one window that the rules have judged."""
    now_s = assessment.time_s
    odds = seen.waves[-1].log_odds if seen.waves else None
    fibrillation = None
    memory = replace(before, pair_mv=None, time_s=now_s)
    pair_mv = model_pair(prepared, assessment.quality, drift_degree)
    if pair_mv is not None:
        strip = extend_strip(before.strip, pair_mv, prepared.start_index, prepared.fs_hz)
        near = _since(seen.beats, now_s - STRIP_S - 2.0, prepared.fs_hz)
        fibrillation = fibrillation_log_odds(
            near,
            now_index=prepared.start_index + prepared.valid.size,
            watched_from_index=strip.from_index,
            fs_hz=prepared.fs_hz,
            span_s=STRIP_S,
        )
        strip = replace(strip, beats=near, oscillation=odds, fibrillation=fibrillation)
        memory = replace(memory, pair_mv=pair_mv, strip=strip)
    if is_due(before.rows, now_s):
        fresh = [each for at_s, each in seen.shapes if at_s > now_s - SHAPE_AGE_S]
        late = _since(seen.beats, now_s - BEATS_S, prepared.fs_hz)
        row = row_of(assessment, late, fresh[-1] if fresh else None, odds, fibrillation)
        memory = replace(memory, rows=extend_rows(before.rows, now_s, row))
    return memory


def model_inputs(memory: ModelMemory) -> ModelInputs:
    """Return what the members see after the window that ``memory`` has taken in last."""
    pair_mv = memory.pair_mv
    return {
        "cnn": None if pair_mv is None else window_input(pair_mv),
        "lstm": None if pair_mv is None else strip_input(memory.strip),
        "rnn": progression_input(memory.rows, memory.time_s),
    }


def _since(beats: Sequence[Beat], begin_s: float, fs_hz: float) -> tuple[Beat, ...]:
    return tuple(beat for beat in beats if beat.r_peak >= begin_s * fs_hz)
