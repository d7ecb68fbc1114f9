"""The inbox and the staging: what is bounded, what is dropped, what is refused."""

from __future__ import annotations

import pytest
from store_examples import DEVICE, NOW_UNIX_S, make_alert, make_block

from ecgd.errors import StoreError
from ecgd.store import queues, staging
from ecgd.store.alarms import AcknowledgeAlert, SaveAlarmBook, StoreAlert
from ecgd.store.figures import StoreHeartbeat
from ecgd.store.operations import CloseRecording
from ecgd.store.queues import AppendBlock, Inbox
from ecgd.store.staging import Staging
from ecgd.store.streams import StampedBlock, Stream

STREAM = Stream("key", "ann", DEVICE, "boot", NOW_UNIX_S, 10.0)
BEAT = StoreHeartbeat("ann", NOW_UNIX_S, 60.0, None)


def make_append(start_index: int, samples: int) -> AppendBlock:
    return AppendBlock(STREAM, StampedBlock(make_block(start_index, samples), NOW_UNIX_S))


def test_alerts_are_refused_only_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "ALERTS_MAX", 3)
    monkeypatch.setattr(queues, "URGENT_MAX", 1)
    inbox = Inbox()
    acknowledged = AcknowledgeAlert("a", "nurse", NOW_UNIX_S)
    others = [inbox.put_urgent(acknowledged, 0.0) for _ in range(2)]
    alerts = [inbox.put_urgent(StoreAlert(make_alert(), (), None), 0.0) for _ in range(4)]
    assert [future.done() for future in others + alerts] == [False, True] + [False] * 3 + [True]
    with pytest.raises(StoreError, match="Too many"):
        alerts[3].result(0)
    assert inbox.counts().refused == 2

    urgent, _ = inbox.take(0.0)
    assert inbox.counts().alerts == 3, "what is taken but not written still counts"
    for pending in urgent:
        inbox.settled(pending)
    assert (inbox.counts().alerts, inbox.counts().urgent) == (0, 0)


def test_the_oldest_telemetry_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "TELEMETRY_MAX", 3)
    inbox = Inbox()
    close = inbox.put_telemetry(CloseRecording(STREAM, "closed", NOW_UNIX_S), 0.0)
    futures = [inbox.put_telemetry(BEAT, 0.0) for _ in range(4)]
    assert [future.done() for future in (close, *futures)] == [False, True, True, False, False]
    with pytest.raises(StoreError, match="dropped"):
        futures[0].result(0)
    assert inbox.counts().dropped == 2
    _, telemetry = inbox.take(0.0)
    assert isinstance(telemetry[0].work, CloseRecording)
    assert len(telemetry) == 3


def test_samples_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    size = make_block(0, 1000).counts.nbytes + 1000
    monkeypatch.setattr(queues, "TELEMETRY_BYTES_MAX", 2 * size)
    inbox = Inbox()
    for number in range(5):
        inbox.put_telemetry(make_append(1000 * number, 1000), 0.0)
    assert (inbox.counts().telemetry, inbox.counts().dropped) == (2, 3)
    _, telemetry = inbox.take(0.0)
    assert [pending.size_bytes for pending in telemetry] == [size, size]
    inbox.put_telemetry(make_append(0, 1000), 0.0)
    assert inbox.counts().dropped == 3


def test_one_alarm_book_a_patient_waits() -> None:
    inbox = Inbox()
    books = [SaveAlarmBook(name, str(n), NOW_UNIX_S) for n in range(3) for name in ("ann", "bob")]
    futures = [inbox.put_urgent(book, 0.0) for book in books]
    urgent, _ = inbox.take(0.0)
    assert [pending.work for pending in urgent] == books[-2:]
    for pending in urgent:
        pending.resolve(7)
    assert [future.result(0) for future in futures] == [7] * 6


def test_a_cancelled_future_harms_nobody() -> None:
    inbox = Inbox()
    future = inbox.put_telemetry(BEAT, 0.0)
    assert future.cancel()
    _, telemetry = inbox.take(0.0)
    telemetry[0].resolve(1)


def test_staging_waits_for_company_and_keeps_order() -> None:
    stage, inbox = Staging(segment_s=1.0, recording_s=600.0), Inbox()
    for work in (BEAT, make_append(0, 250), BEAT):
        inbox.put_telemetry(work, 100.0)
    stage.stage(inbox.take(0.0)[1], 100.0)
    assert not stage.is_due(102.0, 2.5)
    assert stage.is_due(102.5, 2.5)
    assert stage.due_in_s(101.0, 2.5) == 1.5
    kinds = [type(pending.work).__name__ for pending in stage.batch()]
    assert kinds == ["StoreHeartbeat", "StoreSegment", "StoreHeartbeat"]
    stage.committed(3)
    assert len(stage) == 0


def test_staging_drops_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "ROWS_MAX", 2)
    stage, inbox = Staging(segment_s=1.0, recording_s=600.0), Inbox()
    futures = [inbox.put_telemetry(BEAT, 0.0) for _ in range(5)]
    assert stage.stage(inbox.take(0.0)[1], 0.0) == 3
    assert [future.done() for future in futures] == [True, True, True, False, False]


def test_a_block_waits_for_all_its_pieces() -> None:
    stage, inbox = Staging(segment_s=1.0, recording_s=600.0), Inbox()
    futures = [inbox.put_telemetry(make_append(at, 200), 0.0) for at in (0, 200, 400, 600)]
    stage.stage(inbox.take(0.0)[1], 0.0)
    for pending in stage.batch():
        pending.resolve(1)
    assert [future.done() for future in futures] == [True, True, True, False]
