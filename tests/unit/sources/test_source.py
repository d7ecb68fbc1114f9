"""Sources as the daemon runs them: samples and recorded bytes at their pace."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import numpy as np
import pytest

from ecgd.errors import RecordingError, SourceError
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received, SamplesReceived
from ecgd.sources.byte_log import ByteLogHeader, ByteLogWriter, Direction
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.source import Source, open_source


def _open(url: str) -> Source:
    return open_source(url, clock=time.monotonic, rng=random.Random(1))


def _run(source: Source, enough: int = 10**9) -> list[Received]:
    """Run until the source ends, or has delivered enough."""
    received: list[Received] = []

    async def main() -> None:
        done = asyncio.Event()

        def deliver(value: Received) -> None:
            received.append(value)
            if len(received) >= enough:
                done.set()

        task = asyncio.create_task(source.run(deliver))
        waiter = asyncio.create_task(done.wait())
        await asyncio.wait((task, waiter), return_when=asyncio.FIRST_COMPLETED)
        for each in (task, waiter):
            each.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        if task.done() and not task.cancelled():
            task.result()

    asyncio.run(main())
    return received


@pytest.fixture
def array(tmp_path: Path) -> Path:
    path = tmp_path / "a.npy"
    np.save(path, PatientSignal(Patient(), 360.0).take(3600 + 17).signal_mv)
    return path


def test_a_replay_delivers_every_sample_in_blocks_of_100_ms(array: Path) -> None:
    received = _run(_open(f"replay:{array}?fs=360&leads=I,II&speed=max"))
    assert isinstance(received[0], LinkOpened)
    closed = received[-1]
    assert isinstance(closed, LinkClosed)
    assert closed.retry_s is None
    assert "ended" in closed.reason
    blocks = [value for value in received if isinstance(value, SamplesReceived)]
    assert len(blocks) == len(received) - 2 == 101
    assert {value.block.counts.shape[1] for value in blocks} == {36, 17}
    counts = np.concatenate([value.block.counts for value in blocks], axis=1)
    assert (counts == np.rint(np.load(array) * 1000)).all()
    assert blocks[0].device.protocol == "recording"
    assert blocks[0].status is None
    ends = [value.block.end_index for value in blocks]
    assert [value.block.start_index for value in blocks] == [0, *ends[:-1]]


def test_a_rate_that_100_ms_do_not_divide_drifts_not_at_all(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PatientSignal(Patient(), 257.0).take(2570).signal_mv)
    received = _run(_open(f"replay:{tmp_path / 'a.npy'}?fs=257&leads=I,II&speed=max"))
    ends = [value.block.end_index for value in received if isinstance(value, SamplesReceived)]
    assert all(abs(end - 25.7 * (k + 1)) <= 0.5 for k, end in enumerate(ends))


def test_the_pace_follows_the_speed(array: Path) -> None:
    began_s = time.monotonic()
    received = _run(_open(f"replay:{array}?fs=360&leads=I,II&speed=20"))
    took_s = time.monotonic() - began_s
    assert 0.45 < took_s < 3.0
    arrivals = [value.block.arrived_s for value in received if isinstance(value, SamplesReceived)]
    assert arrivals == sorted(arrivals)
    assert arrivals[0] - began_s >= 0.1 / 20


def test_a_loop_does_not_end(array: Path) -> None:
    received = _run(_open(f"replay:{array}?fs=360&leads=I,II&speed=max&loop=true"), enough=350)
    assert not any(isinstance(value, LinkClosed) for value in received)
    last = received[-1]
    assert isinstance(last, SamplesReceived)
    assert last.block.end_index > 3 * 3617


def test_a_synthetic_patient_tells_its_electrodes() -> None:
    received = _run(_open("synthetic:?speed=max&electrode_off=LA@0.5-1"), enough=20)
    statuses = [value.status for value in received if isinstance(value, SamplesReceived)]
    off = [status.electrodes_off for status in statuses if status is not None]
    assert off[:4] == [frozenset()] * 4
    assert off[5:10] == [frozenset({"LA"})] * 5
    assert off[10] == frozenset()


def test_recorded_bytes_come_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "line.ecgdbytes"
    with ByteLogWriter.create(path, ByteLogHeader()) as writer:
        writer.write(b"one", Direction.FROM_DEVICE, 0.0)
        writer.write(b"question", Direction.TO_DEVICE, 1.0)
        writer.write(b"two", Direction.FROM_DEVICE, 4.0)
    began_s = time.monotonic()
    received = _run(_open(f"replay:{path}?speed=20"))
    pieces = [value for value in received if isinstance(value, BytesReceived)]
    assert [piece.data for piece in pieces] == [b"one", b"two"]
    assert pieces[1].arrived_s - pieces[0].arrived_s > 0.15
    assert time.monotonic() - began_s < 3.0
    assert received[-1] == LinkClosed(received[-1].arrived_s, "the recording has ended")  # type: ignore[union-attr]


def test_a_torn_byte_recording_says_so(tmp_path: Path) -> None:
    path = tmp_path / "line.ecgdbytes"
    with ByteLogWriter.create(path, ByteLogHeader()) as writer:
        writer.write(b"one", Direction.FROM_DEVICE, 0.0)
        writer.write(b"two", Direction.FROM_DEVICE, 0.0)
    path.write_bytes(path.read_bytes()[:-1])
    closed = _run(_open(f"replay:{path}?speed=max"))[-1]
    assert isinstance(closed, LinkClosed)
    assert "cut off" in closed.reason


def test_nobody_listens_to_a_recording() -> None:
    assert not _open("synthetic:").send(b"hello?")


def test_wrong_sources_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        _open("tcp://somewhere")
    with pytest.raises(RecordingError):
        _open(f"replay:{tmp_path / 'gone.npy'}?fs=250&leads=I")
    with pytest.raises(RecordingError):
        _open(f"replay:{tmp_path / 'gone.ecgdbytes'}")
