"""What waits for the broker: newest state, every alarm, gravest first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecgd.alerts.mqtt.mailbox import DOCUMENTS_LIMIT, Letter, Mailbox
from ecgd.model.alarm import OutboxItem
from ecgd.model.finding import Severity


def letter(number: int, severity: Severity = Severity.HIGH, created_s: float = 0.0) -> Letter:
    item = OutboxItem(f"m{number}", f"a{number}", "mqtt", severity, b"{}", created_s)
    return Letter("e", b"{}", item=item)


def is_first(topic: str) -> bool:
    return topic.startswith("config/")


def test_newest_state_takes_the_place_of_the_older() -> None:
    box = Mailbox()
    box.put_document("s", b"1")
    box.put_document("s", b"2")
    taken = box.take(0.0, is_first)
    assert taken is not None
    assert (taken.topic, taken.payload, taken.retain) == ("s", b"2", True)
    assert box.take(0.0, is_first) is None


def test_order_is_discovery_alarms_by_gravity_states_answers() -> None:
    box = Mailbox()
    box.put_answer(Letter("answer", b""))
    box.put_document("state", b"1")
    box.put_event(letter(1, Severity.LOW))
    box.put_event(letter(2, Severity.CRITICAL, created_s=2.0))
    box.put_event(letter(3, Severity.CRITICAL, created_s=1.0))
    box.put_document("config/x", b"1")
    order = []
    while (taken := box.take(0.0, is_first)) is not None:
        order.append(taken.item.alert_id if taken.item else taken.topic)
    assert order == ["config/x", "a3", "a2", "a1", "state", "answer"]


def test_state_that_was_under_way_is_told_again_unless_a_newer_one_was() -> None:
    box = Mailbox()
    box.put_document("s", b"1")
    lost = box.take(0.0, is_first)
    assert lost is not None
    box.put_document("s", b"2")
    box.give_back(lost)
    again = box.take(0.0, is_first)
    assert again is not None
    assert again.payload == b"2"
    assert box.take(0.0, is_first) is None


def test_emptied_topic_is_forgotten_once_the_broker_knows() -> None:
    box = Mailbox()
    box.put_document("s", b"")
    taken = box.take(0.0, is_first)
    assert taken is not None
    assert box.knows("s")
    box.accepted(taken)
    assert not box.knows("s")
    box.tell_all_anew()
    assert box.take(0.0, is_first) is None


def test_full_box_lets_the_lightest_and_oldest_go() -> None:
    box = Mailbox(limit=2)
    assert box.put_event(letter(1, Severity.CRITICAL)) is None
    assert box.put_event(letter(2, Severity.HIGH)) is None
    leaving = box.put_event(letter(3, Severity.LOW))
    assert leaving is not None
    assert leaving.alert_id == "a3", "the lightest, although it is the newest"
    assert not box.put_event_if_room(letter(4, Severity.CRITICAL))
    assert box.put_event_if_room(letter(1)), "it is here already"


def test_alarm_that_waits_for_its_next_try_holds_up_nothing() -> None:
    box = Mailbox()
    box.put_event(letter(1, Severity.CRITICAL))
    refused = box.take(0.0, is_first)
    assert refused is not None
    box.give_back(refused, due_s=10.0)
    box.put_event(letter(2, Severity.LOW))
    taken = box.take(5.0, is_first)
    assert taken is not None
    assert taken.item is not None
    assert taken.item.alert_id == "a2"
    assert box.take(9.9, is_first) is None
    assert box.take(10.0, is_first) is not None


def test_there_is_an_end_to_topics() -> None:
    box = Mailbox()
    assert all(box.put_document(str(number), b"1") for number in range(DOCUMENTS_LIMIT))
    assert not box.put_document("one more", b"1")
    assert box.put_document("0", b"2"), "a known one goes on"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "take", "accept", "return", "break"]),
            st.integers(0, 12),
            st.sampled_from(list(Severity)),
        ),
        max_size=60,
    )
)
def test_no_alarm_is_lost_unnoticed(steps: list[tuple[str, int, Severity]]) -> None:
    box = Mailbox(limit=4)
    put: set[str] = set()
    accepted: set[str] = set()
    lost: set[str] = set()
    flying: list[Letter] = []
    for what, number, severity in steps:
        leaving: list[OutboxItem | None] = []
        if what == "put" and f"a{number}" not in put:
            put.add(f"a{number}")
            leaving.append(box.put_event(letter(number, severity)))
        elif what == "take":
            taken = box.take(0.0, is_first)
            flying += [taken] if taken is not None else []
        elif what == "accept" and flying:
            done = flying.pop()
            box.accepted(done)
            assert done.item is not None
            accepted.add(done.item.alert_id)
        elif what == "return" and flying:
            leaving.append(box.give_back(flying.pop(0)))
        elif what == "break":
            leaving += [box.give_back(each) for each in flying]
            flying.clear()
        lost |= {item.alert_id for item in leaving if item is not None}
    assert box.waiting == len(put) - len(accepted) - len(lost)
    flying_ids = {each.item.alert_id for each in flying if each.item is not None}
    while (rest := box.take(0.0, is_first)) is not None:
        assert rest.item is not None
        flying_ids.add(rest.item.alert_id)
    assert flying_ids | accepted | lost == put
