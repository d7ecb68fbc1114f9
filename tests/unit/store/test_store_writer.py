"""What goes into the writer comes out of the reader."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_examples import DEVICE, NOW_UNIX_S, make_alert, make_block, make_item, make_report

from ecgd.config.settings import StoreSettings
from ecgd.errors import StoreError
from ecgd.model.alarm import DeliveryResult
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.finding import Severity
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter

WAIT_S = 10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ecgd.sqlite3"


@pytest.fixture
def writer(path: Path) -> Iterator[StoreWriter]:
    writer = StoreWriter(path, StoreSettings(), boot_id="boot-1")
    writer.start()
    yield writer
    writer.close()


@pytest.fixture
def reader(path: Path, writer: StoreWriter) -> StoreReader:
    return StoreReader(path)


def query(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_a_patient_is_known_once(writer: StoreWriter, reader: StoreReader) -> None:
    first = writer.ensure_user("ann", "Ann").result(WAIT_S)
    assert writer.ensure_user("ann", "Ann Example", "female", 1950).result(WAIT_S) == first
    patients = reader.patients()
    assert [(p.patient_id, p.name, p.sex, p.birth_year) for p in patients] == [
        ("ann", "Ann Example", "female", 1950)
    ]


def test_a_device_is_refreshed(writer: StoreWriter, path: Path) -> None:
    first = writer.ensure_device("ann", DEVICE).result(WAIT_S)
    newer = DeviceInfo("node-1", 500.0, ("I", "II"), 800.0, firmware="2.0")
    assert writer.ensure_device("ann", newer).result(WAIT_S) == first
    assert query(path, "SELECT fs_hz, firmware, leads FROM devices") == [
        (500.0, "2.0", '["I","II"]')
    ]


def test_an_alert_comes_back_as_it_was(writer: StoreWriter, reader: StoreReader) -> None:
    alert = make_alert(sample_index=5)
    items = (make_item(target="nurse"), make_item(target="son"))
    assert writer.store_alert(alert, items).result(WAIT_S) == 1
    stored = reader.alerts()[0]
    assert stored.alert == alert
    assert (stored.user_notified, stored.acknowledged_unix_s) == (False, None)
    assert reader.pending_outbox() == items


def test_an_alert_with_figures_that_are_none_is_kept(writer: StoreWriter, path: Path) -> None:
    alert = make_alert()
    odd = type(alert)(
        **{name: getattr(alert, name) for name in alert.__slots__}
        | {"heart_rate_bpm": float("nan"), "st_mv": (("II", float("inf")),)}
    )
    assert writer.store_alert(odd).result(WAIT_S) == 1
    assert query(path, "SELECT heart_rate_bpm, st_mv FROM alerts") == [(None, '{"II":null}')]


def test_the_same_alert_twice_is_one(writer: StoreWriter, reader: StoreReader) -> None:
    item = make_item()
    futures = [writer.store_alert(make_alert(), (item,)) for _ in range(2)]
    assert [future.result(WAIT_S) for future in futures] == [1, 1]
    assert (len(reader.alerts()), len(reader.pending_outbox())) == (1, 1)


def test_alert_and_outbox_stand_or_fall_together(writer: StoreWriter, reader: StoreReader) -> None:
    broken = make_item(created_unix_s=float("nan"))
    with pytest.raises(sqlite3.IntegrityError):
        writer.store_alert(make_alert(), (make_item(target="son"), broken)).result(WAIT_S)
    assert reader.alerts() == ()
    assert reader.pending_outbox() == ()
    assert writer.store_alert(make_alert("alert-2")).result(WAIT_S) > 0
    assert writer.health.healthy


def test_the_first_acknowledgement_counts(writer: StoreWriter, reader: StoreReader) -> None:
    writer.store_alert(make_alert())
    assert writer.acknowledge_alert("alert-1", "nurse").result(WAIT_S) == 1
    assert writer.acknowledge_alert("alert-1", "son").result(WAIT_S) == 0
    assert writer.acknowledge_alert("unknown", "son").result(WAIT_S) == 0
    assert writer.clear_alert("alert-1").result(WAIT_S) == 1
    stored = reader.alert("alert-1")
    assert stored is not None
    assert stored.acknowledged_by == "nurse"
    assert stored.cleared_unix_s is not None
    assert reader.alerts(unacknowledged=True) == ()


def test_what_comes_back_under_its_id_is_not_over(writer: StoreWriter, reader: StoreReader) -> None:
    writer.store_alert(make_alert())
    assert writer.reopen_alert("alert-1").result(WAIT_S) == 0
    over = []
    for note in (writer.clear_alert, writer.clear_alert, writer.reopen_alert):
        note("alert-1").result(WAIT_S)
        stored = reader.alert("alert-1")
        assert stored is not None
        over.append(stored.cleared_unix_s is not None)
    assert over == [True, True, False]


def test_deliveries_are_kept_until_they_succeed(writer: StoreWriter, reader: StoreReader) -> None:
    item = make_item()
    writer.store_alert(make_alert(), (item,))
    retry = make_report(item, DeliveryResult.RETRY, retry_after_s=30.0)
    assert writer.record_delivery(retry).result(WAIT_S) == 1
    waiting = reader.pending_outbox()[0]
    assert (waiting.attempts, waiting.not_before_unix_s) == (1, NOW_UNIX_S + 35)

    assert writer.record_delivery(make_report(waiting, DeliveryResult.DELIVERED)).result(WAIT_S)
    assert reader.pending_outbox() == ()
    assert reader.alerts()[0].user_notified
    late = make_report(waiting, DeliveryResult.RETRY)
    assert writer.record_delivery(late).result(WAIT_S) == 0
    assert reader.pending_outbox() == ()


def test_the_next_attempt_can_be_set(writer: StoreWriter, reader: StoreReader) -> None:
    item = make_item()
    writer.store_alert(make_alert(), (item,))
    report = make_report(item, DeliveryResult.RETRY)
    writer.record_delivery(report, next_unix_s=NOW_UNIX_S + 99).result(WAIT_S)
    assert reader.pending_outbox()[0].not_before_unix_s == NOW_UNIX_S + 99


def test_a_target_that_is_gone_is_given_up(writer: StoreWriter, reader: StoreReader) -> None:
    items = [make_item(f"alert-{n}") for n in (1, 2)]
    for item in items:
        others = make_item(item.alert_id, "son")
        writer.store_alert(make_alert(item.alert_id), (item, others))
    writer.record_delivery(make_report(items[0], DeliveryResult.GONE)).result(WAIT_S)
    assert {item.target for item in reader.pending_outbox()} == {"son"}
    backlogs = {backlog.target: backlog for backlog in reader.outbox_backlogs()}
    assert (backlogs["nurse"].given_up, backlogs["nurse"].pending) == (2, 0)
    assert (backlogs["son"].pending, backlogs["son"].oldest_unix_s) == (2, NOW_UNIX_S)


def test_the_gravest_is_delivered_first(writer: StoreWriter, reader: StoreReader) -> None:
    order = [("a", Severity.LOW), ("b", Severity.CRITICAL), ("c", Severity.HIGH)]
    for name, severity in [*order, ("d", Severity.CRITICAL)]:
        writer.store_alert(make_alert(name), (make_item(name, severity=severity),))
    writer.flush().result(WAIT_S)
    assert [item.alert_id for item in reader.pending_outbox()] == ["b", "d", "c", "a"]


def test_ids_follow_the_order_whatever_the_clock_does(path: Path) -> None:
    wall = iter([2e9, 1e9])
    writer = StoreWriter(path, StoreSettings(), boot_id="b", unix_clock=lambda: next(wall, 1e9))
    writer.start()
    ids = [writer.store_alert(make_alert(f"a{n}")).result(WAIT_S) for n in range(5)]
    assert ids == sorted(ids)
    assert [s.alert.alert_id for s in StoreReader(path).alerts()] == ["a4", "a3", "a2", "a1", "a0"]
    assert writer.close()


def test_the_newest_alarm_book_is_kept(writer: StoreWriter, reader: StoreReader) -> None:
    futures = [writer.save_alarm_book("ann", {"n": n, "µ": [None]}) for n in range(50)]
    for future in futures:
        future.result(WAIT_S)
    writer.save_alarm_book("bob", {}).result(WAIT_S)
    assert reader.alarm_books() == {"ann": {"n": 49, "µ": [None]}, "bob": {}}


def test_waveform_comes_back_exactly(writer: StoreWriter, reader: StoreReader) -> None:
    recording = writer.open_recording("ann", DEVICE).result(WAIT_S)
    blocks = [make_block(25 * n, 25, arrived_s=n / 10) for n in range(70)]
    blocks[40].valid[:] = False
    futures = [writer.append_waveform("ann", block) for block in blocks]
    writer.flush().result(WAIT_S)
    assert all(future.result(WAIT_S) > 0 for future in futures)
    waveform = reader.recording_waveform(recording)
    assert [block.start_index for block in waveform.blocks] == [0, 1250]
    for name in ("counts", "valid"):
        sent = np.concatenate([getattr(block, name) for block in blocks], axis=-1)
        kept = np.concatenate([getattr(block, name) for block in waveform.blocks], axis=-1)
        assert np.array_equal(sent, kept)
    assert (waveform.leads, waveform.fs_hz) == (("I", "II"), 250.0)
    assert (waveform.counts_per_mv, waveform.baseline_counts) == (400.0, 2048)


def test_waveform_without_a_recording_is_refused(writer: StoreWriter) -> None:
    with pytest.raises(StoreError, match="No recording of ann is open"):
        writer.append_waveform("ann", make_block(0, 10)).result(0)
    writer.open_recording("ann", DEVICE)
    with pytest.raises(StoreError, match="3 lead"):
        writer.append_waveform("ann", make_block(0, 10, leads=3)).result(0)


def test_a_closed_recording_is_whole(writer: StoreWriter, reader: StoreReader) -> None:
    first = writer.open_recording("ann", DEVICE).result(WAIT_S)
    waiting = writer.append_waveform("ann", make_block(0, 700))
    second = writer.open_recording("ann", DEVICE).result(WAIT_S)
    writer.append_waveform("ann", make_block(0, 10))
    assert writer.close_recording("ann", "unplugged").result(WAIT_S) == second
    assert waiting.result(0) > 0
    kept = {recording.id: recording for recording in reader.recordings("ann")}
    assert (kept[first].finish_reason, kept[first].duration_s) == ("replaced", 2.8)
    assert (kept[second].finish_reason, kept[second].end_index) == ("unplugged", 10)
    assert reader.recordings(unfinished=True) == ()
    assert writer.close_recording("ann").result(0) == 0


def test_figures_come_back(writer: StoreWriter, reader: StoreReader, path: Path) -> None:
    writer.store_heartbeat("ann", NOW_UNIX_S, 72.5)
    writer.store_heartbeat("ann", NOW_UNIX_S + 1, 140.0, "PVC")
    status = DeviceStatus(battery_mv=3700, electrodes_off=frozenset({"LA"}), uptime_s=9)
    writer.store_device_status(
        "ann", status, connected=True, battery_percent=44.4, signal_quality=0.8
    )
    writer.store_device_status("ann", DeviceStatus(), connected=False)
    sensed = DeviceStatus(
        electrodes_off=frozenset({"LA"}), electrodes_sensed=frozenset({"LA", "RA"})
    )
    writer.store_device_status("bob", sensed, connected=True)
    writer.store_health_event("ann", "BASELINE", "learned", {"st_mv": 0.02})
    writer.store_note("ann", "nurse", "slept well")
    writer.flush().result(WAIT_S)
    assert [(b.bpm, b.anomaly_type) for b in reader.heartbeats("ann", 0.0)] == [
        (140.0, "PVC"),
        (72.5, None),
    ]
    unknown, known = reader.device_readings("ann")
    assert (known.battery_level, known.electrode_contact_quality) == (44, 0.75)
    assert (known.connected, known.electrodes_off) == (True, ("LA",))
    assert query(path, "SELECT DISTINCT electrode_contact_quality FROM device_status") == [
        (0.75,),
        (None,),
        (0.5,),
    ]
    assert (unknown.battery_level, unknown.electrode_contact_quality) == (None, None)
    assert json.loads(reader.health_events("ann")[0].details) == {"st_mv": 0.02}
    assert [(note.author, note.text) for note in reader.notes("ann")] == [("nurse", "slept well")]
    assert reader.heartbeats("ann", NOW_UNIX_S + 0.5)[0].bpm == 140.0


def test_telemetry_is_committed_without_being_asked(path: Path) -> None:
    writer = StoreWriter(path, StoreSettings(), boot_id="b", gather_s=0.05)
    writer.start()
    writer.open_recording("ann", DEVICE)
    assert writer.append_waveform("ann", make_block(0, 1250)).result(WAIT_S) > 0
    assert writer.store_heartbeat("ann", NOW_UNIX_S, 60.0).result(WAIT_S) > 0
    assert writer.close()


def test_a_silent_links_last_piece_is_committed(path: Path) -> None:
    now_s = [100.0]
    writer = StoreWriter(path, StoreSettings(), boot_id="b", gather_s=0.01, clock=lambda: now_s[0])
    writer.start()
    writer.open_recording("ann", DEVICE)
    future = writer.append_waveform("ann", make_block(0, 100))
    now_s[0] += 20.0
    while not future.done():
        writer.store_heartbeat("bob", NOW_UNIX_S, 60.0)
        now_s[0] += 0.1
        time.sleep(0.01)
    assert future.result() > 0
    assert writer.close()


def test_closing_commits_everything(path: Path) -> None:
    writer = StoreWriter(path, StoreSettings(), boot_id="b")
    writer.start()
    writer.open_recording("ann", DEVICE)
    waveform = writer.append_waveform("ann", make_block(0, 33))
    beat = writer.store_heartbeat("ann", NOW_UNIX_S, 61.0)
    assert writer.close()
    assert waveform.result(0) > 0
    assert beat.result(0) > 0
    assert writer.finished.result(0) is None
    recording = StoreReader(path).recordings()[0]
    assert (recording.finish_reason, recording.end_index) == ("stopped", 33)
    assert query(path, "SELECT count(*) FROM waveform_segments") == [(0,)]
    with pytest.raises(StoreError, match="closed"):
        writer.store_alert(make_alert()).result(0)


def test_the_commit_latency_is_kept(writer: StoreWriter) -> None:
    # The store's own upkeep commits at the start, sooner or later; it is no alert's latency.
    before = writer.statistics
    assert before.commit is None
    for number in range(20):
        writer.store_alert(make_alert(f"a{number}")).result(WAIT_S)
    commit = writer.statistics.commit
    assert commit is not None
    assert commit.count == 20
    assert 0 < commit.p50_ms <= commit.p99_ms <= commit.max_ms
    assert writer.statistics.waiting_alerts == 0
