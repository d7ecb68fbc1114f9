"""The live feed's hub: who is told what, what is dropped, and that nothing stays behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sample_daemon import sample_alarm, sample_alert, sample_assessment, sample_status

from ecgd.config.settings import AlarmSettings, PatientSettings
from ecgd.decision.alarm_book import AlarmBook
from ecgd.model.alarm import AlarmChange, ChangeKind
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, LinkState
from ecgd.model.live import EventKind, LiveEvent, LiveSamples, LiveState, Missed
from ecgd.model.signal import SampleBlock
from ecgd.model.status import DaemonStatus
from ecgd.pipeline.intake import DeviceSeen, SamplesPlaced
from ecgd.service.live import EVENTS_KEPT, STOPPING, LiveHub
from ecgd.service.live_stream import BYTES_MAX, ITEMS_MAX, ByteTap, ItemStream
from ecgd.service.subject import Alarms, Subject
from ecgd.sources.byte_log import ByteLogReader, Direction
from ecgd.web.stream_gateway import MAX_STREAMS, NoBytesError, TooManyStreamsError

DEVICE = DeviceInfo("node-01", 250.0, ("I", "II"), 200.0, baseline_counts=10)
WORN = PatientSettings(id="p1", name="Ada", source="serial:///dev/rfcomm0?baud=19200")
NO_PATIENCE_S = 0.01


def _placed(start_index: int, count: int = 25, *, valid: bool = True) -> SamplesPlaced:
    counts = np.stack([np.full(count, 210), np.full(count, 410)]).astype(np.int32)
    block = SampleBlock(start_index, counts, np.full(count, valid), 1.0)
    return SamplesPlaced(block, DEVICE, 0, 0)


def _run(work: Callable[[LiveHub], Awaitable[None]]) -> None:
    async def main() -> None:
        hub = LiveHub()
        hub.attach(WORN, lambda: None)
        await work(hub)

    asyncio.run(main())


async def _all(stream: ItemStream) -> list[object]:
    return list(await stream.take(NO_PATIENCE_S))


def _received(hub: LiveHub, *placed: SamplesPlaced) -> None:
    hub.note_received("p1", BytesReceived(b"", 1.0), placed)


def _status(*, state: LinkState = LinkState.UP, healthy: bool = True) -> DaemonStatus:
    status = sample_status()
    patients = tuple(replace(each, link_state=state) for each in status.patients[:1])
    parts = (replace(status.parts[0], healthy=healthy),)
    return replace(status, patients=patients, parts=parts, targets=())


def test_samples_become_millivolts_of_six_leads_at_their_index() -> None:
    async def work(hub: LiveHub) -> None:
        stream = hub.watch_patient("p1")
        _received(hub, _placed(500))
        (samples,) = await _all(stream)
        assert isinstance(samples, LiveSamples)
        assert samples.leads == LIMB_LEADS
        assert samples.start_index == 500
        assert samples.signal_mv.shape == (6, 25)
        by_lead = dict(zip(samples.leads, samples.signal_mv[:, 0], strict=True))
        assert by_lead["I"] == pytest.approx(1.0)
        assert by_lead["III"] == pytest.approx(1.0)
        assert by_lead["aVR"] == pytest.approx(-1.5)

    _run(work)


def test_blocks_that_come_too_fast_are_joined_and_none_is_lost() -> None:
    async def work(hub: LiveHub) -> None:
        stream = hub.watch_patient("p1")
        for start_index in range(0, 250, 5):
            _received(hub, _placed(start_index, 5))
        await asyncio.sleep(0.15)
        blocks = [item for item in await _all(stream) if isinstance(item, LiveSamples)]
        assert len(blocks) == 2
        assert blocks[0].start_index == 0
        assert blocks[1].start_index == blocks[0].valid.size
        assert blocks[1].start_index + blocks[1].valid.size == 250

    _run(work)


def test_a_gap_between_blocks_stays_a_gap() -> None:
    async def work(hub: LiveHub) -> None:
        stream = hub.watch_patient("p1")
        _received(hub, _placed(0), _placed(25), _placed(100, valid=False))
        await asyncio.sleep(0.15)
        blocks = [item for item in await _all(stream) if isinstance(item, LiveSamples)]
        assert [block.start_index for block in blocks] == [0, 25, 100]
        assert not blocks[-1].valid.any()

    _run(work)


def test_a_source_faster_than_time_is_told_in_part() -> None:
    async def work(hub: LiveHub) -> None:
        stream = hub.watch_patient("p1")
        for start_index in range(0, 250 * 60, 25):
            _received(hub, _placed(start_index))
        await asyncio.sleep(0.15)
        blocks = [item for item in await _all(stream) if isinstance(item, LiveSamples)]
        assert sum(block.valid.size for block in blocks) <= 25 + 2 * 250
        assert blocks[-1].start_index + blocks[-1].valid.size == 250 * 60

    _run(work)


def test_a_slow_client_loses_the_oldest_and_is_told_how_many() -> None:
    async def work(hub: LiveHub) -> None:
        stream, quick = hub.watch_patient("p1"), hub.watch_patient("p1")
        taken = 0
        for _ in range(ITEMS_MAX + 7):
            hub.note_assessment("p1", sample_assessment())
            taken += len(await quick.take(0))
        items = await _all(stream)
        assert items[0] == Missed(7)
        assert hub.missed_count == 7
        assert len(items) == ITEMS_MAX + 1
        assert taken == ITEMS_MAX + 7
        assert await _all(stream) == []

    _run(work)


def test_links_devices_and_parts_are_told_once_when_they_change() -> None:
    async def work(hub: LiveHub) -> None:
        hub.look(_status(state=LinkState.CONNECTING))
        stream = hub.watch_events(None, since_start=False)
        hub.note_received("p1", LinkOpened(1.0), ())
        hub.note_received("p1", BytesReceived(b"", 1.0), (DeviceSeen(DEVICE, 0),))
        hub.look(_status(healthy=False))
        hub.look(_status(healthy=False))
        hub.look(_status(state=LinkState.SILENT))
        hub.note_received("p1", LinkClosed(2.0, "the cable was pulled", 0.5), ())
        told = [(e.kind, e.change) for e in await _all(stream) if isinstance(e, LiveEvent)]
        assert told == [
            (EventKind.LINK, "opened"),
            (EventKind.DEVICE, "seen"),
            (EventKind.PART, "failed"),
            (EventKind.LINK, "silent"),
            (EventKind.PART, "well"),
            (EventKind.LINK, "closed"),
        ]

    _run(work)


def test_a_patient_who_comes_or_goes_is_told_and_the_streams_end() -> None:
    async def work(hub: LiveHub) -> None:
        hub.look(_status())
        events, patient = hub.watch_events(None, since_start=False), hub.watch_patient("p1")
        tap = hub.record_bytes("p1")
        hub.look(sample_status())
        hub.look(replace(sample_status(), patients=sample_status().patients[1:]))
        told = [e for e in await _all(events) if isinstance(e, LiveEvent)]
        changes = [(e.patient_id, e.change) for e in told if e.kind is EventKind.PATIENT]
        assert changes == [("p2", "added"), ("p1", "archived")]
        assert "not watched" in (patient.ended or "")
        assert "not watched" in (tap.ended or "")
        assert not tap.is_cut

    _run(work)


def test_changes_of_alarms_and_alerts_reach_their_patient_only() -> None:
    async def work(hub: LiveHub) -> None:
        subject = Subject("p1", "Ada", Alarms(AlarmSettings(), lambda: "x", AlarmBook()), False)
        theirs, others = hub.watch_patient("p1"), hub.watch_patient("p2")
        raised = AlarmChange(ChangeKind.RAISED, sample_alarm())
        hub.note_changes(subject, (raised, AlarmChange(ChangeKind.UPDATED, sample_alarm())))
        hub.note_alert(sample_alert())
        told = [e for e in await _all(theirs) if isinstance(e, LiveEvent)]
        assert [(e.kind, e.change) for e in told] == [
            (EventKind.ALARM, "raised"),
            (EventKind.ALERT, "sent"),
        ]
        assert told[0].alarm == sample_alarm()
        assert told[0].patient_name == "Ada"
        assert await _all(others) == []
        hub.note_audio_pause(120.0, "nurse")
        assert [len(await _all(stream)) for stream in (theirs, others)] == [1, 1]

    _run(work)


def test_who_comes_later_can_have_the_events_since_the_start() -> None:
    async def work(hub: LiveHub) -> None:
        for _ in range(EVENTS_KEPT + 3):
            hub.note_audio_pause(120.0, "nurse")
        stream = hub.watch_events(None, since_start=True)
        items = await _all(stream)
        newest = items[-1]
        assert isinstance(newest, LiveEvent)
        assert newest.number == EVENTS_KEPT + 3
        assert await _all(hub.watch_events(None, since_start=False)) == []

    _run(work)


def test_the_state_is_told_at_each_look_without_the_assessment() -> None:
    async def work(hub: LiveHub) -> None:
        stream = hub.watch_patient("p1")
        hub.look(_status())
        states = [item for item in await _all(stream) if isinstance(item, LiveState)]
        assert [state.patient.patient_id for state in states] == ["p1"]
        assert states[0].patient.assessment is None
        assert states[0].sounding == "high"

    _run(work)


def test_places_are_limited_and_given_back() -> None:
    async def work(hub: LiveHub) -> None:
        streams: list[ItemStream | ByteTap] = [hub.watch_patient("p1")]
        streams += [hub.watch_events("p1", since_start=False) for _ in range(MAX_STREAMS - 2)]
        streams.append(hub.record_bytes("p1"))
        for refused in (hub.watch_patient, hub.record_bytes):
            with pytest.raises(TooManyStreamsError):
                refused("p1")
        for stream in streams:
            stream.close()
            stream.close()
        assert hub.stream_count == 0
        hub.watch_patient("p1").close()

    _run(work)


def test_the_end_wakes_everybody_who_waits() -> None:
    async def work(hub: LiveHub) -> None:
        stream, tap = hub.watch_events(None, since_start=False), hub.record_bytes("p1")
        await tap.take(0)
        waiting = asyncio.gather(stream.take(60), tap.take(60))
        await asyncio.sleep(0)
        hub.end()
        await asyncio.wait_for(waiting, 5)
        assert stream.ended == tap.ended == STOPPING
        assert hub.watch_patient("p1").ended == STOPPING

    _run(work)


def test_bytes_both_ways_are_a_recording(tmp_path: Path) -> None:
    async def work(hub: LiveHub) -> None:
        tap = hub.record_bytes("p1")
        hub.note_sent("p1", b"ask")
        hub.note_received("p1", BytesReceived(b"\x00answer", 5.0), ())
        hub.note_received("p2", BytesReceived(b"somebody else", 5.0), ())
        path = tmp_path / "line.ecgdbytes"
        path.write_bytes(await tap.take(0) + await tap.take(0))
        log = ByteLogReader(path)
        assert [(each.direction, each.data) for each in log] == [
            (Direction.TO_DEVICE, b"ask"),
            (Direction.FROM_DEVICE, b"\x00answer"),
        ]
        assert not log.torn
        assert log.header.baud == 19200
        assert log.header.notes["source"] == WORN.source
        assert "Ada" not in str(log.header.notes)

    _run(work)


def test_a_recording_asks_the_device_who_it_is() -> None:
    asked: list[str] = []

    async def work(hub: LiveHub) -> None:
        hub.attach(WORN, lambda: asked.append("hello"))
        hub.record_bytes("p1").close()

    _run(work)
    assert asked == ["hello"]


def test_a_recording_that_nobody_takes_is_cut_and_said(tmp_path: Path) -> None:
    async def work(hub: LiveHub) -> None:
        tap, events = hub.record_bytes("p1"), hub.watch_events("p1", since_start=False)
        for _ in range(BYTES_MAX // 1000 + 5):
            hub.note_received("p1", BytesReceived(bytes(1000), 1.0), ())
        assert tap.is_cut
        data = await tap.take(0)
        assert len(data) < 1.1 * BYTES_MAX + 2000
        path = tmp_path / "cut.ecgdbytes"
        path.write_bytes(data)
        log = ByteLogReader(path)
        assert sum(len(each.data) for each in log) >= BYTES_MAX * 0.98
        assert not log.torn
        told = [e for e in await _all(events) if isinstance(e, LiveEvent)]
        assert [(e.kind, e.change) for e in told] == [(EventKind.STREAM, "cut")]

    _run(work)


@pytest.mark.parametrize("source", ["synthetic:?rate=72", "replay:/data/100.hea"])
def test_a_source_without_a_line_has_no_bytes(source: str) -> None:
    async def work(hub: LiveHub) -> None:
        hub.attach(replace(WORN, source=source), lambda: None)
        with pytest.raises(NoBytesError, match="samples, not the bytes"):
            hub.record_bytes("p1")
        assert hub.stream_count == 0

    _run(work)
