"""The reconnect machine, without any clock."""

from __future__ import annotations

import pytest

from ecgd.sources.reconnect import (
    TABLE,
    Backoff,
    Line,
    LineAction,
    LineEvent,
    LineState,
)

STEADY = Backoff(first_s=1.0, cap_s=8.0, jitter=0.0, stable_s=10.0, settle_s=1.0)


class _Run:
    """Feeds events at times and keeps what was told."""

    def __init__(self, backoff: Backoff = STEADY) -> None:
        self.line = Line()
        self.backoff = backoff
        self.actions: list[LineAction] = []

    def feed(self, *events: LineEvent, now_s: float = 0.0, chance: float = 0.5) -> None:
        for event in events:
            self.line, actions = self.line.step(event, now_s, chance, self.backoff)
            self.actions += actions


def test_the_first_failure_is_told_and_the_next_ones_are_not() -> None:
    run = _Run()
    run.feed(LineEvent.START)
    for _ in range(5):
        run.feed(LineEvent.FAILED, LineEvent.DUE)
    assert run.actions.count(LineAction.TELL_LOSS) == 1
    assert run.actions.count(LineAction.TRY) == 6


def test_waits_double_up_to_the_cap() -> None:
    run = _Run()
    run.feed(LineEvent.START)
    waits = []
    for _ in range(6):
        run.feed(LineEvent.FAILED, now_s=100.0)
        assert run.line.due_s is not None
        waits.append(run.line.due_s - 100.0)
        run.feed(LineEvent.DUE)
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_jitter_spreads_the_wait_on_both_sides() -> None:
    backoff = Backoff(first_s=1.0, jitter=0.2)
    assert backoff.delay_s(1, 0.0) == pytest.approx(0.8)
    assert backoff.delay_s(1, 1.0) == pytest.approx(1.2)
    assert backoff.delay_s(10**6, 0.5) == pytest.approx(backoff.cap_s)


def test_a_line_is_told_open_on_data_or_when_it_has_settled() -> None:
    by_data, by_time = _Run(), _Run()
    by_data.feed(LineEvent.START, LineEvent.OPENED, LineEvent.DATA)
    by_time.feed(LineEvent.START, LineEvent.OPENED, now_s=5.0)
    assert by_time.actions == [LineAction.TRY]
    assert by_time.line.due_s == 6.0
    by_time.feed(LineEvent.DUE, now_s=6.0)
    for run in (by_data, by_time):
        assert run.line.state is LineState.OPEN
        assert run.line.due_s is None
        assert run.actions == [LineAction.TRY, LineAction.TELL_OPEN]


def test_a_port_that_opens_and_dies_at_once_is_one_loss() -> None:
    run = _Run()
    run.feed(LineEvent.START, LineEvent.OPENED, LineEvent.DATA, LineEvent.LOST)
    for _ in range(4):
        run.feed(LineEvent.DUE, LineEvent.OPENED, LineEvent.LOST)
    assert run.actions.count(LineAction.TELL_LOSS) == 1
    assert run.actions.count(LineAction.TELL_OPEN) == 1
    assert run.actions.count(LineAction.CLOSE) == 5
    assert run.line.failures == 5


def test_each_loss_of_an_open_line_is_told() -> None:
    run = _Run()
    run.feed(LineEvent.START)
    for _ in range(3):
        run.feed(LineEvent.OPENED, LineEvent.DATA, LineEvent.LOST, LineEvent.DUE)
    told = [a for a in run.actions if a in (LineAction.TELL_OPEN, LineAction.TELL_LOSS)]
    assert told == [LineAction.TELL_OPEN, LineAction.TELL_LOSS] * 3


def test_only_a_line_that_stayed_open_starts_afresh() -> None:
    for open_s, failures in ((9.9, 4), (10.0, 1)):
        run = _Run()
        run.feed(LineEvent.START)
        for _ in range(3):
            run.feed(LineEvent.FAILED, LineEvent.DUE)
        run.feed(LineEvent.OPENED, LineEvent.DATA, now_s=50.0)
        run.feed(LineEvent.LOST, now_s=50.0 + open_s)
        assert run.line.failures == failures


@pytest.mark.parametrize("state", [state for state in LineState if state is not LineState.ENDED])
def test_stop_ends_it_from_everywhere_for_good(state: LineState) -> None:
    line, actions = Line(state=state).step(LineEvent.STOP, 0.0, 0.5, STEADY)
    assert (line.state, actions) == (LineState.ENDED, (LineAction.CLOSE,))
    for event in LineEvent:
        assert line.step(event, 0.0, 0.5, STEADY) == (line, ())


def test_what_is_not_in_the_table_changes_nothing() -> None:
    for state in LineState:
        for event in LineEvent:
            if (state, event) not in TABLE:
                line = Line(state=state, failures=3, loss_told=True)
                assert line.step(event, 9.0, 0.5, STEADY) == (line, ())


def test_a_silent_line_counts_again_only_when_it_speaks() -> None:
    run = _Run()
    run.feed(LineEvent.START, LineEvent.OPENED, LineEvent.DATA, LineEvent.SILENT, now_s=20.0)
    assert run.actions[-2:] == [LineAction.CLOSE, LineAction.TELL_LOSS]
    for _ in range(4):
        run.feed(LineEvent.DUE, LineEvent.OPENED, now_s=21.0)
        assert run.line.state is LineState.PROBING
        assert run.line.due_s is None
        run.feed(LineEvent.DUE, LineEvent.SILENT, now_s=31.0)
        assert run.line.due_s == 32.0
    run.feed(LineEvent.DUE, LineEvent.OPENED)
    told = (LineAction.TELL_OPEN, LineAction.TELL_LOSS)
    assert [a for a in run.actions if a in told] == list(told)
    run.feed(LineEvent.DATA)
    assert run.actions[-1] is LineAction.TELL_OPEN
    run.feed(LineEvent.LOST, LineEvent.DUE, LineEvent.OPENED)
    assert run.line.state is LineState.SETTLING
