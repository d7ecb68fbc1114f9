"""ST episodes: slow changes put into real recordings, and what the European ST-T records show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import Settings
from ecgd.evaluation.stream import Analysed, analyse_stream, signal_of, with_signal
from ecgd.model.beat import Beat
from ecgd.model.signal import FloatArray
from ecgd.sources.recording import Recording, read_recording

SIZE_MV: Final = 0.2
EDGE_MV: Final = 0.05
LENGTH_S: Final = 540.0

RAMPS_S: Final = ((150.0, 190.0, 230.0, 270.0, 1.0), (340.0, 380.0, 420.0, 460.0, -1.0))
"""Each: begins, is whole, begins to go back, is over; and which way."""

RISE_S: Final = 0.03
T_PEAK_S: Final = 0.19
END_S: Final = 0.30
"""An injected beat: rises before the J point, stays until T's usual peak, is gone at its end."""

OVERLAP: Final = 0.5
"""Found: at least half of what was put in lies within an episode."""


@dataclass(frozen=True, slots=True)
class Found:
    """An episode in the first lead; times in s. ``end_s`` is the recording's where it goes on."""

    start_s: float
    end_s: float
    change_mv: float


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """One recording. ``before`` was found in it as it is, ``found`` with the ramps put in."""

    record: str
    put_in: tuple[Found, ...]
    before: tuple[Found, ...]
    found: tuple[Found, ...]

    def hits(self) -> list[tuple[Found, Found]]:
        """Return what was put in and found, in pairs."""
        return [
            (each, found)
            for each in self.put_in
            for found in self.found
            if same_way(each, found) and overlap_s(each, found) >= OVERLAP * lasted_s(each)
        ]

    def extra(self) -> list[Found]:
        """Return what was found where nothing was put in."""
        return [
            found
            for found in self.found
            if not any(same_way(each, found) and overlap_s(each, found) > 0 for each in self.put_in)
        ]


def lasted_s(episode: Found) -> float:
    return episode.end_s - episode.start_s


def overlap_s(one: Found, other: Found) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)


def same_way(one: Found, other: Found) -> bool:
    return one.change_mv * other.change_mv > 0


def study_ramps(record: Path) -> EpisodeRow:
    """Put slow ST changes into the first minutes of a recording, on the beats that it shows."""
    recording = _first_minutes(read_recording(record), LENGTH_S)
    analysed = analyse_stream(recording, Settings())
    changed = with_signal(
        recording, signal_of(recording) + ramps_mv(recording, analysed.beats)[None]
    )
    again = analyse_stream(changed, Settings())
    put_in = tuple(_as_marked(ramp) for ramp in RAMPS_S)
    lead = recording.leads[0]
    return EpisodeRow(
        record.name,
        put_in,
        episodes_of(analysed, lead, LENGTH_S),
        episodes_of(again, lead, LENGTH_S),
    )


def study_as_it_is(record: Path) -> EpisodeRow:
    """Look for episodes in a recording that nobody has marked."""
    recording = read_recording(record)
    analysed = analyse_stream(recording, Settings())
    found = episodes_of(analysed, recording.leads[0], recording.duration_s)
    return EpisodeRow(record.name, (), found, found)


def episodes_of(analysed: Analysed, lead: str, end_s: float) -> tuple[Found, ...]:
    """Return the episodes of the group that holds a lead, each once."""
    last: dict[float, Found] = {}
    for assessment in analysed.assessments:
        for each in assessment.st_episodes:
            if lead in each.leads or each.group == lead:
                over_s = end_s if each.end_s is None else each.end_s
                last[each.start_s] = Found(each.start_s, over_s, each.change_mv)
    return tuple(last.values())


def ramps_mv(recording: Recording, beats: tuple[Beat, ...]) -> FloatArray:
    """Return the change that is put in, (sample,), in mV."""
    at_s = np.arange(recording.sample_count) / recording.fs_hz
    shape = np.zeros(at_s.size)
    for beat in beats:
        j_s = (beat.r_peak if beat.waves is None else beat.waves.qrs_end) / recording.fs_hz
        first, last = np.searchsorted(at_s, (j_s - RISE_S, j_s + END_S))
        near_s = at_s[first:last] - j_s
        piece = np.interp(near_s, (-RISE_S, 0.0, T_PEAK_S, END_S), (0.0, 1.0, 1.0, 0.0))
        shape[first:last] = np.maximum(shape[first:last], piece)
    size_mv = np.zeros(at_s.size)
    for *edges_s, way in RAMPS_S:
        size_mv += way * SIZE_MV * np.interp(at_s, edges_s, (0.0, 1.0, 1.0, 0.0))
    changed: FloatArray = shape * size_mv
    return changed


def _as_marked(ramp: tuple[float, float, float, float, float]) -> Found:
    """Return a ramp as experts would mark it: from where it crosses 0.05 mV to where it is back."""
    begins_s, whole_s, back_s, over_s, way = ramp
    share = EDGE_MV / SIZE_MV
    start_s = begins_s + share * (whole_s - begins_s)
    return Found(start_s, over_s - share * (over_s - back_s), way * SIZE_MV)


def _first_minutes(recording: Recording, length_s: float) -> Recording:
    count = min(recording.sample_count, round(length_s * recording.fs_hz))
    return replace(recording, counts=recording.counts[:, :count], valid=recording.valid[:count])
