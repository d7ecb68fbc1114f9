"""Streams over a real socket: what they say, who is refused, and that every place comes back."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_daemon import CLOCK, FakeGateway, sample_alarm, sample_assessment, sample_patient

from ecgd.cli.stream_client import Ending, LineReader, StreamClient
from ecgd.config.settings import AlarmSettings, PatientSettings
from ecgd.errors import ControlError
from ecgd.model.alarm import AlarmChange, ChangeKind
from ecgd.model.device import DeviceInfo
from ecgd.model.link import BytesReceived
from ecgd.model.signal import SampleBlock
from ecgd.pipeline.intake import SamplesPlaced
from ecgd.service.live_stream import BYTES_MAX
from ecgd.service.subject import Alarms, Subject
from ecgd.web.server import ControlServer, serve
from ecgd.web.stream_gateway import MAX_STREAMS

Json = dict[str, Any]
PATIENCE_S = 10.0


class Served:
    """A gateway served on a real socket by a loop of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gateway = FakeGateway()
        self.loop = asyncio.new_event_loop()
        self.server: ControlServer | None = None
        self._thread = threading.Thread(target=self.loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        self.server = asyncio.run_coroutine_threadsafe(
            serve(self.gateway, self.path, CLOCK), self.loop
        ).result(5)

    def call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        async def run() -> Any:
            return work(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(5)

    def close(self) -> float:
        """Close the server and return how long that took."""
        began_s = time.monotonic()
        if self.server is not None:
            server, self.server = self.server, None
            asyncio.run_coroutine_threadsafe(server.close(), self.loop).result(10)
        return time.monotonic() - began_s

    def end(self) -> None:
        self.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()

    def open(self, target: str) -> StreamClient:
        return StreamClient(self.path, target, PATIENCE_S)

    def wait_for_streams(self, count: int) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while self.call(lambda: self.gateway.feed.stream_count) != count:
            assert time.monotonic() < until_s, "a stream's place was not given back"
            time.sleep(0.02)


@pytest.fixture
def served(short_dir: Path) -> Iterator[Served]:
    served = Served(short_dir / "control.sock")
    served.start()
    yield served
    served.end()


@contextmanager
def _reading(stream: StreamClient) -> Iterator[Callable[[str], Json]]:
    """Yield a function that returns the next object of a type."""
    reader = LineReader()
    waiting: list[Json] = []

    def following(kind: str) -> Json:
        until_s = time.monotonic() + PATIENCE_S
        while True:
            while waiting:
                if (told := waiting.pop(0))["type"] == kind:
                    return told
            assert time.monotonic() < until_s, f"no {kind} came"
            stream.wait(0.1)
            waiting.extend(reader.feed(stream.read()))

    with stream:
        yield following


def _samples(start_index: int, *, hole: int | None = None) -> SamplesPlaced:
    device = DeviceInfo("node-01", 250.0, ("I", "II"), 200.0)
    counts = (np.arange(20).reshape(2, 10) * 20).astype(np.int32)
    valid = np.ones(10, dtype=np.bool_)
    if hole is not None:
        valid[hole] = False
    return SamplesPlaced(SampleBlock(start_index, counts, valid, 990.0), device, 0, 0)


def _deliver(served: Served, *placed: SamplesPlaced) -> None:
    served.call(served.gateway.feed.note_received, "p1", BytesReceived(b"", 1.0), placed)


def test_a_patients_stream_begins_with_who_it_is(served: Served) -> None:
    with _reading(served.open("/v1/patients/p1/live")) as following:
        hello = following("hello")
    assert hello["name"] == "Ada Example"
    assert hello["leads"] == ["I", "II", "III", "aVL", "aVF", "aVR"]
    assert hello["fs_hz"] == 250.0
    assert hello["patient"]["alarms"][0]["event_type"] == "STEMI_DETECTED"
    with _reading(served.open("/v1/patients/p2/live")) as following:
        hello = following("hello")
    assert (hello["leads"], hello["fs_hz"]) == ([], None)


def test_samples_assessments_states_and_alarms_follow(served: Served) -> None:
    feed = served.gateway.feed
    with _reading(served.open("/v1/patients/p1/live")) as following:
        following("hello")
        served.wait_for_streams(1)
        _deliver(served, _samples(100, hole=3))
        samples = following("samples")
        assert samples["start_index"] == 100
        assert samples["mv"]["I"] == [0.0, 0.1, 0.2, None, *np.arange(4, 10) / 10]
        assert samples["mv"]["II"][3] is None
        assert samples["arrived_mono_s"] == 990.0
        served.call(feed.note_assessment, "p1", sample_assessment())
        assert following("assessment")["st"]["worst"]["lead"] == "III"
        served.call(feed.look, served.gateway.status())
        state = following("state")
        assert state["patient"]["link"]["state"] == "up"
        assert "assessment" not in state["patient"]
        subject = Subject("p1", "Ada", Alarms(AlarmSettings(), lambda: "x"), False)
        change = AlarmChange(ChangeKind.RAISED, sample_alarm())
        served.call(feed.note_changes, subject, (change,))
        alarm = following("alarm")
        assert (alarm["change"], alarm["alarm"]["state"]) == ("raised", "active")
        assert alarm["alarm"]["raised_age_s"] == 12.0


def test_buckets_hold_the_least_and_the_most(served: Served) -> None:
    with _reading(served.open("/v1/patients/p1/live?bucket_samples=5")) as following:
        following("hello")
        served.wait_for_streams(1)
        _deliver(served, _samples(100))
        envelope = following("envelope")
    assert envelope["min_mv"]["I"] == [0.0, 0.5]
    assert envelope["max_mv"]["I"] == [0.4, 0.9]


def test_events_are_those_of_the_patient_that_is_asked_for(served: Served) -> None:
    feed = served.gateway.feed
    served.call(feed.look, served.gateway.status())
    with _reading(served.open("/v1/events?patient=p2&since_start=true")) as following:
        assert following("hello")["run_id"] == feed.run_id
        assert following("event")["patient_id"] == "p2"
        served.call(feed.look, replace(served.gateway.status(), patients=(sample_patient(),)))
        gone = following("event")
    assert (gone["kind"], gone["change"], gone["patient_id"]) == ("patient", "archived", "p2")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/v1/patients/nobody/live", "no patient is called"),
        ("/v1/patients/nobody/bytes", "no patient is called"),
        ("/v1/events?patient=nobody", "no patient is called"),
        ("/v1/events?since=1", "unknown query parameter"),
        ("/v1/events?since_start=maybe", "makes no sense"),
        ("/v1/patients/p1/live?bucket_samples=0", "makes no sense"),
        ("/v1/patients/p1/live?bucket_samples=1001", "makes no sense"),
    ],
)
def test_what_cannot_be_streamed_is_refused_in_words(
    served: Served, target: str, said: str
) -> None:
    with pytest.raises(ControlError, match=said):
        served.open(target)
    assert served.call(lambda: served.gateway.feed.stream_count) == 0


def test_no_bytes_come_from_a_source_that_is_no_line(served: Served) -> None:
    synthetic = PatientSettings(id="p1", source="synthetic:?rate=72")
    served.gateway.feed.attach(synthetic, lambda: None)
    with pytest.raises(ControlError, match="not the bytes of a device") as refused:
        served.open("/v1/patients/p1/bytes")
    assert "records export" in refused.value.remedy
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(served.path))
        raw.sendall(b"GET /v1/patients/p1/bytes HTTP/1.1\r\nHost: ecgd\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 409 ")


def test_a_stream_too_many_is_refused_until_one_ends(served: Served) -> None:
    streams = [served.open("/v1/events") for _ in range(MAX_STREAMS)]
    with pytest.raises(ControlError, match=f"{MAX_STREAMS} streams are open"):
        served.open("/v1/patients/p1/live")
    streams.pop().close()
    served.wait_for_streams(MAX_STREAMS - 1)
    served.open("/v1/patients/p1/live").close()
    for stream in streams:
        stream.close()
    served.wait_for_streams(0)


@pytest.mark.parametrize("route", ["/v1/events", "/v1/patients/p1/live", "/v1/patients/p1/bytes"])
def test_a_client_that_is_gone_leaves_nothing_behind(served: Served, route: str) -> None:
    stream = served.open(route)
    served.wait_for_streams(1)
    stream.close()
    served.wait_for_streams(0)
    _deliver(served, _samples(0))


def test_a_daemon_that_stops_ends_every_stream_at_once(served: Served) -> None:
    streams = [served.open(f"/v1/patients/p1/{what}") for what in ("live", "bytes")]
    streams.append(served.open("/v1/events"))
    served.call(served.gateway.feed.end)
    assert served.close() < 0.9
    for stream in streams:
        said = b""
        while stream.ending is None:
            assert stream.wait(PATIENCE_S)
            said += stream.read()
        assert stream.ending is Ending.WHOLE
        if not said.startswith(b"ECGDBYTES"):
            last = json.loads(said.splitlines()[-1])
            assert last == {"type": "end", "reason": "the daemon is stopping"}
        stream.close()


def test_bytes_that_nobody_takes_end_without_a_last_chunk(served: Served) -> None:
    with served.open("/v1/patients/p1/bytes") as stream:
        served.wait_for_streams(1)
        feed = served.gateway.feed
        for _ in range(BYTES_MAX // 50_000 * 2):
            served.call(feed.note_received, "p1", BytesReceived(bytes(50_000), 1.0), ())
        said = 0
        while stream.ending is None:
            assert stream.wait(PATIENCE_S)
            said += len(stream.read())
        assert stream.ending is Ending.CUT
        assert said < 2 * BYTES_MAX
    served.wait_for_streams(0)


def test_a_client_that_takes_nothing_is_cut_off_and_delays_nobody(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecgd.web.stream_routes.STUCK_S", 0.3)
    stuck = served.open("/v1/patients/p1/live")
    with _reading(served.open("/v1/patients/p1/live")) as following:
        served.wait_for_streams(2)
        longest_s, told = 0.0, 0
        until_s = time.monotonic() + PATIENCE_S
        while served.call(lambda: served.gateway.feed.stream_count) == 2:
            assert time.monotonic() < until_s, "the client that takes nothing was never cut off"
            began_s = time.monotonic()
            for _ in range(20):
                served.call(served.gateway.feed.note_assessment, "p1", sample_assessment())
            for _ in range(20):
                following("assessment")
                told += 1
            longest_s = max(longest_s, time.monotonic() - began_s)
        assert longest_s < 5
        assert told > 20
    stuck.close()
