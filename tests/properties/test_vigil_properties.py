"""Whatever beats come: silence is never taken for life, nor a steady beat for death."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecgd.alerts.beat import Beat, parse_beat
from ecgd.fault_light.vigil import SETTLE_PART, Vigil

SILENCE_S = 15.0
GAPS = st.floats(0.0, 60.0)
DELAYS = st.floats(-5.0, 60.0)
STORY = st.lists(st.tuples(GAPS, st.integers(1, 3), DELAYS), max_size=40)


def told(story: list[tuple[float, int, float]]) -> tuple[Vigil, float, float]:
    """Return the vigil, the time now, and when the newest beat was sent (the start counts)."""
    now_s = newest_s = 0.0
    vigil = Vigil(SILENCE_S, now_s)
    for gap_s, pid, delay_s in story:
        now_s += gap_s
        sent_s = now_s - delay_s
        vigil.note(Beat(pid, sent_s), now_s)
        newest_s = max(newest_s, min(sent_s, now_s))
    return vigil, now_s, newest_s


@given(STORY, GAPS)
def test_silence_is_never_taken_for_life(
    story: list[tuple[float, int, float]], more: float
) -> None:
    vigil, now_s, newest_s = told(story)
    if now_s + more - newest_s >= SILENCE_S:
        assert vigil.is_dead(now_s + more)


@given(STORY, st.lists(st.floats(0.1, 2.0), min_size=60, max_size=80))
def test_steady_beat_is_never_taken_for_death(
    story: list[tuple[float, int, float]], gaps: list[float]
) -> None:
    vigil, begin_s, _ = told(story)
    now_s = begin_s
    for gap_s in gaps:
        now_s += gap_s
        vigil.note(Beat(9, now_s), now_s)
        if now_s - begin_s >= SILENCE_S * SETTLE_PART + 2.0 * SILENCE_S:
            assert not vigil.is_dead(now_s)


@given(st.binary(max_size=64))
def test_any_datagram_is_a_beat_or_none(datagram: bytes) -> None:
    beat = parse_beat(datagram)
    assert beat is None or (beat.pid >= 0 and beat.at_s >= 0.0)


@given(st.integers(1, 2**22), st.floats(0.0, 1e8))
def test_beats_come_back(pid: int, at_s: float) -> None:
    beat = parse_beat(Beat(pid, at_s).to_bytes())
    assert beat is not None
    assert beat.pid == pid
    assert abs(beat.at_s - at_s) <= 0.001
