"""Properties of the reconnect machine."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.sources.reconnect import Backoff, Line, LineAction, LineEvent, LineState

EVENTS = st.lists(
    st.tuples(st.sampled_from(list(LineEvent)), st.floats(0, 30), st.floats(0, 1)), max_size=80
)


@given(events=EVENTS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_open_and_loss_alternate_and_waits_are_capped(
    events: list[tuple[LineEvent, float, float]],
) -> None:
    backoff, line, now_s = Backoff(), Line(), 0.0
    told: list[LineAction] = []
    for event, passed_s, chance in events:
        now_s += passed_s
        line, actions = line.step(event, now_s, chance, backoff)
        told += [a for a in actions if a in (LineAction.TELL_OPEN, LineAction.TELL_LOSS)]
        if line.state is LineState.WAITING:
            assert line.due_s is not None
            assert line.due_s - now_s <= backoff.cap_s * (1 + backoff.jitter)
        assert line.failures >= 0
    assert all(first is not second for first, second in itertools.pairwise(told))


@given(events=EVENTS)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_no_history_leads_where_it_cannot_come_back_from(
    events: list[tuple[LineEvent, float, float]],
) -> None:
    backoff, line, now_s = Backoff(), Line(), 0.0
    for event, passed_s, chance in events:
        now_s += passed_s
        line, _ = line.step(event, now_s, chance, backoff)
    if line.state is LineState.ENDED:
        return
    for event in (
        LineEvent.START,
        LineEvent.FAILED,
        LineEvent.DUE,
        LineEvent.LOST,
        LineEvent.DUE,
        LineEvent.OPENED,
        LineEvent.DATA,
    ):
        line, _ = line.step(event, now_s, 0.5, backoff)
    assert line.state is LineState.OPEN
