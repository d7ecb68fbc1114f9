"""The recorder listens, stays within its bounds, and hinders nothing."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from capsule_bench import SETTINGS, Bench

from ecgd.config.settings import AlarmSettings, DeviceSettings, Settings, StoreSettings
from ecgd.decision.alarm import AlarmBook
from ecgd.model.alarm import Observation
from ecgd.model.finding import Domain, EventType, Finding, Severity
from ecgd.model.link import BytesReceived
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import Intake
from ecgd.service import capsule_journal
from ecgd.service.capsule import read_capsule
from ecgd.service.capsule_journal import (
    BookGiven,
    Came,
    Checkpoint,
    Entry,
    Journal,
    Step,
    changed_fields,
)
from ecgd.service.capsule_recorder import Capture, RecordedAlarms, hold_offs
from ecgd.service.capsule_replay import verify
from ecgd.service.capsule_writer import JOBS_MAX, CapsuleWriter
from ecgd.service.subject import Alarms

ASYSTOLE = Finding(EventType.ASYSTOLE, Severity.CRITICAL, Domain.HEART)


def checkpoint(at_s: float) -> Checkpoint:
    intake = Intake(Settings().analysis)
    return Checkpoint(at_s, DeviceSettings(), 0.0, intake, History(), AlarmBook())


def came(at_s: float, size_bytes: int = 1) -> Came:
    return Came(BytesReceived(bytes(size_bytes), at_s))


def seen(now_s: float, *findings: Finding) -> Observation:
    return Observation(Domain.HEART, now_s, True, findings)


def test_the_journal_reaches_back_long_enough_and_no_longer() -> None:
    journal = Journal(before_s=60.0)
    for at_s in range(300):
        if at_s % 30 == 0:
            journal.begin(checkpoint(at_s))
            known = journal.read()
            assert known is not None
            assert min(at_s, 60.0) <= at_s - known[0].at_s <= 90.0
            assert len(known[1]) == at_s - known[0].at_s, "nothing is missing in between"
        journal.add(came(at_s))


def test_before_the_first_checkpoint_nothing_can_be_replayed() -> None:
    journal = Journal(60.0)
    journal.add(came(1.0))
    assert journal.read() is None


def test_a_flood_is_thrown_away() -> None:
    journal = Journal(60.0)
    journal.begin(checkpoint(0.0))
    for _ in range(capsule_journal.STRETCH_BYTES // 65536 + 1):
        journal.add(came(1.0, 65536))
    assert journal.read() is None
    assert journal.checkpoint_s is None, "a new checkpoint is due at once"


def test_only_what_is_another_value_has_changed() -> None:
    before = History(end_index=3)
    assert changed_fields(before, before) == {}
    assert changed_fields(before, replace(before, end_index=1000)) == {"end_index": 1000}


def test_every_change_of_the_book_is_heard() -> None:
    told: list[Entry] = []
    alarms = RecordedAlarms.over(Alarms(AlarmSettings(), lambda: "a1"), told.append)
    assert [each.kind.value for each in alarms.observe(seen(1.0, ASYSTOLE))] == ["raised"]
    alarms.tick(2.0)
    alarms.pause_audio(3.0)
    alarms.acknowledge("a1", "ann", 4.0)
    alarms.book = replace(alarms.book, audio_paused_until_s=None)
    alarms.tick(5.0)
    what = [each.what if isinstance(each, Step) else type(each).__name__ for each in told]
    assert what == ["observe", "tick", "pause_audio", "acknowledge", "BookGiven", "tick"]
    given = told[4]
    assert isinstance(given, BookGiven)
    assert given.book.audio_paused_until_s is None


def test_pending_alarms_say_how_far_their_hold_off_is() -> None:
    stemi = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
    alarms = Alarms(AlarmSettings(), lambda: "a1")
    for now_s in (1.0, 2.0, 3.0):
        alarms.observe(seen(now_s, stemi))
    lasting = {
        kind: (lasted_s, hold_s)
        for kind, lasted_s, hold_s in hold_offs(alarms.book, alarms.settings)
    }
    assert lasting["STEMI_DETECTED"] == (2.0, 20.0)


def test_alerts_that_come_together_share_a_capsule() -> None:
    settings = replace(SETTINGS, store=StoreSettings(capsule_before_s=10.0, capsule_after_s=5.0))
    bench = Bench(settings)
    bench.run(12.0)
    bench.session.alarms.report((replace(ASYSTOLE, domain=Domain.TECHNICAL),), bench.now_s)
    bench.capsules.close()
    (name,) = bench.kept.parts
    assert len(bench.kept.alerts[name]) >= 2
    assert bench.kept.ended == {name}
    verdict = verify(read_capsule(bench.kept.stream()))
    assert verdict.difference is None
    assert set(verdict.alerts) == set(bench.kept.alerts[name])


def test_a_recorder_that_fails_hinders_no_alarm(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: Journal, entry: Entry) -> None:
        raise MemoryError("poison")

    monkeypatch.setattr(Journal, "add", fail)
    bench = Bench()
    with caplog.at_level(logging.ERROR):
        changes = bench.session.alarms.observe(seen(bench.now_s, ASYSTOLE))
    bench.capsules.close()
    assert [each.kind.value for each in changes] == ["raised"]
    assert not bench.kept.parts
    assert caplog.text.count("no capsules of") == 1


def test_a_disk_that_hangs_keeps_nobody_waiting() -> None:
    begun = threading.Event()

    class Hanging:
        def store_capsule_part(self, *_: Any, **__: Any) -> Future[int]:
            begun.set()
            return Future()

    writer = CapsuleWriter(Hanging(), lambda capture: {})
    capture = Capture("c", "ann", checkpoint(0.0), [], 0.0, 1.0, ["c"])
    writer.tell(capture, [], "")
    assert begun.wait(10)
    before_s = time.thread_time()
    for _ in range(2 * JOBS_MAX):
        writer.tell(capture, [came(1.0)], "")
    assert time.thread_time() - before_s < 1.0
    assert "c" in writer.lost
    writer.close(0.05)
