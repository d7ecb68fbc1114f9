"""ST on real recordings: the same wherever a beat lies, and the leads' identities hold."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from ecg_shapes import find, window
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.config.settings import Settings
from ecgd.evaluation.stream import analyse_stream
from ecgd.model.beat import Beat
from ecgd.model.leads import DERIVATION
from ecgd.model.signal import FloatArray
from ecgd.sources.recording import Recording, read_recording

RECORDINGS: Final = Path(__file__).parents[1] / "fixtures" / "recordings"
NAMES: Final = ("normal", "atrial_fibrillation", "inferior_stemi", "anterior_stemi")
MOST_MV: Final = 0.01
"""A beat's ST may depend on its place in the window by so much."""

few = settings(max_examples=15, derandomize=True, deadline=None)


@lru_cache
def recording_of(name: str) -> Recording:
    return read_recording(RECORDINGS / name)


def beats_from(name: str, start: int) -> dict[int, Beat]:
    recording = recording_of(name)
    length = round(5 * recording.fs_hz)
    piece_mv = recording.counts[:, start : start + length] / recording.device.counts_per_mv
    seen = find(window(piece_mv, recording.fs_hz, leads=recording.leads))[1]
    return {
        start + beat.r_peak: beat
        for beat in seen.beats
        if beat.waves is not None and beat.r_peak < seen.final_before_index
    }


def levels_mv(beat: Beat) -> FloatArray:
    return np.array([np.nan if each is None else each.j40_mv for each in beat.st])


@few
@given(name=st.sampled_from(NAMES), place=st.floats(0.0, 1.0), other=st.floats(0.0, 1.0))
def test_a_beats_st_does_not_depend_on_its_place(name: str, place: float, other: float) -> None:
    recording = recording_of(name)
    room = recording.sample_count - round(5 * recording.fs_hz)
    one = beats_from(name, round(place * room))
    two = beats_from(name, round(other * room))
    for r_peak, beat in one.items():
        near = [each for at, each in two.items() if abs(at - r_peak) < 0.05 * recording.fs_hz]
        for same in near:
            moved_mv = np.abs(levels_mv(beat) - levels_mv(same))
            assert np.nan_to_num(moved_mv).max() <= MOST_MV


@pytest.mark.parametrize("name", NAMES)
def test_every_window_keeps_the_identities_and_says_how_sure_it_is(name: str) -> None:
    seen = 0
    for assessment in analyse_stream(recording_of(name), Settings()).assessments:
        leads = assessment.st.leads if assessment.st else ()
        level = {each.lead: each.level_mv for each in leads if each.level_mv is not None}
        for lead, (one, two) in DERIVATION.items() if len(level) >= 6 else ():
            seen += 1
            assert level[lead] == pytest.approx(one * level["I"] + two * level["II"], abs=2e-3)
        assert all(each.uncertainty_mv for each in leads if each.measurable)
    assert seen
