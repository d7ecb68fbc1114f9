"""The real node process, read through a real serial port object."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import serial

from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received
from ecgd.protocol.command import Answer, Command, ReplyPacket
from ecgd.protocol.decoder import BlockDecoder, Fault, Packet
from ecgd.protocol.encoder import encode_command
from ecgd.protocol.hello import HelloPacket
from ecgd.protocol.samples import SamplesPacket
from ecgd.protocol.status import StatusPacket
from ecgd.sources.byte_log import ByteLogReader
from ecgd.sources.patient import Patient, PatientSignal
from ecgd.sources.reconnect import Backoff
from ecgd.sources.serial_line import SerialSource

T = TypeVar("T")


@contextlib.contextmanager
def _node(link: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a node, wait until it is ready, and stop it in the end."""
    command = [sys.executable, "-m", "ecgd.node", "--link", str(link), *arguments]
    if "--source" not in arguments:
        command += ["--source", "synthetic:"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        ready = process.stdout.readline()
        assert ready.startswith("ready:"), process.stderr.read()
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
        process.stderr.close()


class _Host:
    """Reads packets through pyserial."""

    def __init__(self, link: Path, baud: int = 9600) -> None:
        self.port = serial.Serial(str(link), baud, timeout=0.05, exclusive=True)
        self.decoder = BlockDecoder()
        self.packets: list[Packet] = []
        self.faults: list[Fault] = []
        self.byte_count = 0

    def __enter__(self) -> _Host:
        return self

    def __exit__(self, *error: object) -> None:
        self.port.close()

    def read_for(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._read()

    def read_until(self, kind: type[Packet], count: int = 1) -> None:
        end_s = time.monotonic() + 20.0
        while len(self.of(kind)) < count:
            assert time.monotonic() < end_s, f"no {kind.__name__} in {self.packets}"
            self._read()

    def of(self, kind: type[T]) -> list[T]:
        return [packet for packet in self.packets if isinstance(packet, kind)]

    def _read(self) -> None:
        data = self.port.read(self.port.in_waiting or 1)
        self.byte_count += len(data)
        for event in self.decoder.feed(data):
            if isinstance(event, Fault):
                self.faults.append(event)
            else:
                self.packets.append(event)


def _assert_signal(samples: list[SamplesPacket], patient: Patient) -> None:
    truth_mv = PatientSignal(patient, 250.0).take(30000).signal_mv
    for packet in samples:
        expected = truth_mv[:, packet.counter : packet.counter + 25]
        assert np.abs(packet.counts / 400.0 - expected).max() <= 0.002


def test_it_streams_answers_and_ends_cleanly(tmp_path: Path) -> None:
    link = tmp_path / "hc05"
    with _node(link) as process:
        assert link.is_symlink()
        with _Host(link) as host:
            host.port.write(encode_command(Command.HELLO, sequence=9))
            host.read_until(HelloPacket)
            host.port.write(encode_command(77, sequence=10))
            host.read_until(ReplyPacket, 2)
            host.read_until(StatusPacket, 2)
        hello = host.of(HelloPacket)[0]
        assert hello.info.device_id == "node-1"
        assert hello.info.leads == ("I", "II")
        answers = [(reply.command_sequence, reply.answer) for reply in host.of(ReplyPacket)]
        assert answers == [(9, Answer.OK), (10, Answer.UNKNOWN_COMMAND)]
        counters = np.array([packet.counter for packet in host.of(SamplesPacket)])
        assert (np.diff(counters) == 25).all()
        _assert_signal(host.of(SamplesPacket), Patient())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert not link.is_symlink()
        assert process.stdout is not None
        assert "ended: transmitted" in process.stdout.read()


def test_the_line_carries_what_its_rate_allows(tmp_path: Path) -> None:
    with _node(tmp_path / "hc05") as _, _Host(tmp_path / "hc05") as host:
        host.read_until(SamplesPacket, 2)
        began_s, before = time.monotonic(), host.byte_count
        host.read_for(2.0)
        rate = (host.byte_count - before) / (time.monotonic() - began_s)
    assert 0.70 < rate / 960.0 <= 1.02
    assert len(host.faults) <= 1


def test_a_reset_shows_in_counter_and_hello(tmp_path: Path) -> None:
    link = tmp_path / "hc05"
    with _node(link, "--reset-at", "1.5", "--boot", "7") as _, _Host(link) as host:
        host.read_until(StatusPacket)
        host.read_until(HelloPacket)
        host.read_until(StatusPacket, 2)
    hello = host.of(HelloPacket)[-1]
    assert hello.boot == 8
    assert [status.boot for status in host.of(StatusPacket)] == [7, 8]
    assert host.of(StatusPacket)[-1].status.reset_cause == "watchdog"
    counters = [packet.counter for packet in host.of(SamplesPacket)]
    assert 0 in counters
    assert host.decoder.statistics.refused == 0


def test_a_bad_line_is_survived(tmp_path: Path) -> None:
    link = tmp_path / "hc05"
    bad = "--loss 0.2 --byte-loss 0.002 --bit-errors 0.0002 --garbage-at-start 200 --seed 3"
    with _node(link, *bad.split(), "--stall", "1,0.4") as _, _Host(link) as host:
        host.read_until(SamplesPacket, 12)
    account = host.decoder.statistics
    assert account.bytes_discarded > 0
    spent = account.bytes_accepted + account.bytes_discarded + account.bytes_pending
    assert account.bytes_in == spent == host.byte_count
    _assert_signal(host.of(SamplesPacket), Patient())


def test_nobody_reading_never_stops_it(tmp_path: Path) -> None:
    link = tmp_path / "hc05"
    with _node(link) as process:
        time.sleep(0.5)
        assert process.poll() is None
        with _Host(link) as host:
            host.read_until(SamplesPacket, 2)
        # What was said to nobody is gone: the first packet is a fresh one.
        assert host.of(SamplesPacket)[0].counter >= 75


def test_sources_follow_each_other_and_the_node_ends_with_the_last(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PatientSignal(Patient(seed=8), 250.0).take(500).signal_mv)
    link, log = tmp_path / "hc05", tmp_path / "x.ecgdbytes"
    arguments = ("--source", "synthetic:?seed=7", "--for", "1")
    replay = ("--source", f"replay:{tmp_path / 'a.npy'}?fs=250&leads=I,II")
    with _node(link, *arguments, *replay, "--log", str(log)) as process:
        assert process.wait(timeout=15) == 0
    decoder = BlockDecoder()
    logged = [record.data for record in ByteLogReader(log)]
    events = [event for data in logged for event in decoder.feed(data)]
    samples = [event for event in events if isinstance(event, SamplesPacket)]
    counts = np.concatenate([packet.counts for packet in samples], axis=1)
    assert counts.shape == (2, 750)
    for seed, part in ((7, counts[:, :250]), (8, counts[:, 250:])):
        truth_mv = PatientSignal(Patient(seed=seed), 250.0).take(part.shape[1]).signal_mv
        assert np.abs(part / 400.0 - truth_mv).max() <= 0.002
    # The recording of the line plays as a device again.
    with _node(link, "--source", f"replay:{log}") as _, _Host(link) as host:
        host.read_until(SamplesPacket, 5)
    heard = {packet.counter: packet for packet in host.of(SamplesPacket)}
    assert all(
        heard[packet.counter].counts.tolist() == packet.counts.tolist()
        for packet in samples
        if packet.counter in heard
    )


def test_a_pulled_cable_is_told_once_and_the_source_comes_back(tmp_path: Path) -> None:
    link = tmp_path / "hc05"
    received: list[Received] = []
    backoff = Backoff(first_s=0.05, cap_s=0.2, settle_s=0.2)
    source = SerialSource(
        str(link), 9600, clock=time.monotonic, rng=random.Random(1), backoff=backoff
    )

    async def until(kind: type[Received], count: int) -> None:
        async with asyncio.timeout(20.0):
            while sum(isinstance(value, kind) for value in received) < count:
                await asyncio.sleep(0.02)

    async def main() -> None:
        task = asyncio.create_task(source.run(received.append))
        await until(LinkClosed, 1)
        for turn in (1, 2):
            with contextlib.ExitStack() as stack:
                process = await asyncio.to_thread(stack.enter_context, _node(link))
                await until(LinkOpened, turn)
                await until(BytesReceived, len(received) + 2)
                process.kill()
                await until(LinkClosed, turn + 1)
            await asyncio.sleep(0.3)
            link.unlink()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    told = [type(value) for value in received if not isinstance(value, BytesReceived)]
    assert told == [LinkClosed, LinkOpened, LinkClosed, LinkOpened, LinkClosed]


def test_a_node_that_was_held_up_loses_nothing(tmp_path: Path) -> None:
    link = tmp_path / "hc05"
    with _node(link) as process, _Host(link) as host:
        host.read_until(SamplesPacket, 2)
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        process.send_signal(signal.SIGCONT)
        host.read_until(StatusPacket, len(host.of(StatusPacket)) + 2)
    assert (np.diff([packet.counter for packet in host.of(SamplesPacket)]) == 25).all()
    assert host.of(StatusPacket)[-1].status.overrun_count == 0
