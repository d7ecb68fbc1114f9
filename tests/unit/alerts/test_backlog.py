from __future__ import annotations

from ecgd.alerts.backlog import Backlog, Waiting
from ecgd.alerts.retry import RetrySchedule
from ecgd.model.alarm import OutboxItem
from ecgd.model.finding import Severity


def waiting(
    name: str, severity: Severity, created_s: float = 0.0, attempts: int = 0, due_s: float = 0.0
) -> Waiting:
    item = OutboxItem(name, name, "home", severity, b"{}", created_s, attempts)
    return Waiting(item, due_s, accepted_s=0.0)


def backlog(limit: int, *items: Waiting) -> Backlog:
    filled = Backlog(limit, RetrySchedule())
    for one in items:
        assert filled.put(one) is None
    return filled


def taken(filled: Backlog, now_s: float = 0.0, held_until_s: float = 0.0) -> list[str]:
    names = []
    while (one := filled.take(now_s, held_until_s)) is not None:
        names.append(one.item.message_id)
    return names


def test_graver_first_then_new_before_tried_then_older() -> None:
    filled = backlog(
        9,
        waiting("low", Severity.LOW, 1.0),
        waiting("high, tried", Severity.HIGH, 1.0, attempts=1),
        waiting("high, younger", Severity.HIGH, 3.0),
        waiting("high, older", Severity.HIGH, 2.0),
        waiting("critical", Severity.CRITICAL, 9.0),
    )
    assert taken(filled) == ["critical", "high, older", "high, younger", "high, tried", "low"]
    assert len(filled) == 0


def test_nothing_is_taken_before_it_is_due() -> None:
    filled = backlog(9, waiting("later", Severity.CRITICAL, attempts=1, due_s=5.0))
    assert taken(filled, now_s=4.9) == []
    assert filled.next_ready_s(0.0) == 5.0
    assert taken(filled, now_s=5.0) == ["later"]
    assert filled.next_ready_s(0.0) is None


def test_breaker_holds_what_is_light_and_never_a_new_high_alarm() -> None:
    filled = backlog(
        9,
        waiting("medium", Severity.MEDIUM),
        waiting("new", Severity.HIGH),
        waiting("quick retry", Severity.HIGH, attempts=2),
        waiting("old retry", Severity.CRITICAL, attempts=50),
    )
    assert taken(filled, now_s=0.0, held_until_s=60.0) == ["new", "quick retry"]
    assert filled.next_ready_s(60.0) == 60.0
    assert taken(filled, now_s=60.0, held_until_s=60.0) == ["old retry", "medium"]


def test_overflow_gives_back_the_lightest_of_these_the_longest_tried() -> None:
    filled = backlog(
        3,
        waiting("high", Severity.HIGH, 1.0),
        waiting("low, old", Severity.LOW, 1.0),
        waiting("low, tried", Severity.LOW, 2.0, attempts=4),
    )
    leaving = [filled.put(waiting(f"critical {n}", Severity.CRITICAL, 5.0 + n)) for n in range(4)]
    assert [one.message_id for one in leaving if one] == [
        "low, tried",
        "low, old",
        "high",
        "critical 0",
    ]
    assert len(filled) == 3


def test_light_newcomer_finds_no_room_among_graver_ones() -> None:
    filled = backlog(1, waiting("critical", Severity.CRITICAL))
    newcomer = waiting("low", Severity.LOW)
    assert filled.put(newcomer) is newcomer.item
    assert "critical" in filled
    assert "low" not in filled


def test_same_message_stands_once() -> None:
    filled = backlog(2, waiting("one", Severity.LOW), waiting("one", Severity.LOW, attempts=1))
    assert len(filled) == 1


def test_once_the_target_is_back_the_order_counts_again() -> None:
    filled = backlog(
        3,
        waiting("critical, tried", Severity.CRITICAL, 1.0, attempts=9, due_s=300.0),
        waiting("high, tried", Severity.HIGH, 2.0, attempts=3, due_s=8.0),
        waiting("low", Severity.LOW, 3.0),
    )
    filled.hasten(5.0)
    assert taken(filled, now_s=4.9) == ["low"]
    assert taken(filled, now_s=5.0) == ["critical, tried", "high, tried"]
