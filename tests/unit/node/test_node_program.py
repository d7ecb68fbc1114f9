"""The node on a real pseudo terminal, with time passed in: minutes take a moment."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from ecgd.errors import SourceError
from ecgd.node.device import Battery, SimulatedDevice
from ecgd.node.feed import Feed
from ecgd.node.options import read_options
from ecgd.node.program import TICK_S, Node, main
from ecgd.node.pty_link import RADIO_BUFFER, PtyLink
from ecgd.protocol.decoder import BlockDecoder, Fault
from ecgd.protocol.samples import SamplesPacket
from ecgd.protocol.status import StatusPacket


class _Bench:
    """A node and a host at the other end of its port."""

    def __init__(self, port: PtyLink, *arguments: str) -> None:
        options = read_options(["--link", "x", "--source", "synthetic:?seed=5", *arguments])
        device = SimulatedDevice(Feed(options.parts, (), 250.0), "bench", Battery(), boot=1)
        self.node = Node(options, device, port, None)
        self.port = port
        self.time_s = 0.0
        self.host = -1
        self.arrivals: list[tuple[float, bytes]] = []
        self.samples: list[SamplesPacket] = []
        self.statuses: list[StatusPacket] = []
        self.faults: list[Fault] = []
        self._decoder = BlockDecoder()

    def connect(self) -> None:
        self.host = os.open(self.port.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def disconnect(self) -> None:
        os.close(self.host)
        self.host = -1

    def run(self, seconds: float, *, reading: bool = True) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.time_s += TICK_S
            self.node.move_on(self.time_s)
            if reading and self.host >= 0:
                self._read()

    def _read(self) -> None:
        try:
            data = os.read(self.host, 65536)
        except BlockingIOError:
            return
        self.arrivals.append((self.time_s, data))
        for event in self._decoder.feed(data):
            if isinstance(event, SamplesPacket):
                self.samples.append(event)
            elif isinstance(event, StatusPacket):
                self.statuses.append(event)
            elif isinstance(event, Fault):
                self.faults.append(event)

    @property
    def byte_count(self) -> int:
        return sum(len(data) for _, data in self.arrivals)


@contextmanager
def _bench(folder: Path, *arguments: str) -> Iterator[_Bench]:
    with PtyLink(folder / "hc05") as port:
        bench = _Bench(port, *arguments)
        try:
            yield bench
        finally:
            if bench.host >= 0:
                bench.disconnect()


def test_no_more_bytes_than_the_line_carries(tmp_path: Path) -> None:
    with _bench(tmp_path) as bench:
        bench.connect()
        bench.run(30.0)
    assert 0.88 < bench.byte_count / 30.0 / 960.0 <= 0.95
    assert max(len(data) for _, data in bench.arrivals) <= 30
    assert (np.diff([packet.counter for packet in bench.samples]) == 25).all()
    assert len(bench.samples) >= 298
    assert bench.faults == []


def test_its_clock_drifts(tmp_path: Path) -> None:
    with _bench(tmp_path, "--drift-ppm", "-20000") as bench:
        bench.connect()
        bench.run(60.0)
    sent = bench.samples[-1].counter + 25
    assert sent / (60.0 * 250.0) == pytest.approx(0.98, abs=0.005)


def test_a_stall_ends_in_a_burst_and_loses_nothing(tmp_path: Path) -> None:
    with _bench(tmp_path, "--stall", "10,2") as bench:
        bench.connect()
        bench.run(35.0)
    times = np.array([time for time, _ in bench.arrivals])
    assert np.diff(times).max() == pytest.approx(2.0, abs=0.15)
    assert np.count_nonzero(np.diff(times) > 1.0) == 3
    assert max(len(data) for _, data in bench.arrivals) > 1500
    assert (np.diff([packet.counter for packet in bench.samples]) == 25).all()


def test_resets_cut_packets_and_count_anew(tmp_path: Path) -> None:
    with _bench(tmp_path, "--reset-at", "5.05,12.05") as bench:
        bench.connect()
        bench.run(20.0)
    counters = np.array([packet.counter for packet in bench.samples])
    assert np.count_nonzero(np.diff(counters) < 0) == 2
    assert len(bench.faults) >= 1
    assert [status.boot for status in bench.statuses[:4]] == [1, 1, 1, 1]
    assert bench.statuses[-1].boot == 3


def test_losses_leave_gaps_of_known_length(tmp_path: Path) -> None:
    with _bench(tmp_path, "--loss", "0.2", "--seed", "4") as bench:
        bench.connect()
        bench.run(30.0)
    steps = np.diff([packet.counter for packet in bench.samples])
    assert (steps % 25 == 0).all()
    assert 0.1 < np.count_nonzero(steps > 25) / steps.size < 0.35


def test_what_nobody_hears_is_gone(tmp_path: Path) -> None:
    with _bench(tmp_path) as bench:
        bench.run(20.0)
        bench.connect()
        bench.run(1.0)
        assert bench.samples[0].counter >= 20 * 250 - 25
        bench.run(2.0, reading=False)
        bench.disconnect()
        bench.run(10.0)
        bench.connect()
        before = len(bench.samples)
        bench.run(1.0)
        assert bench.samples[before].counter >= 33 * 250 - 25
        assert bench.port.unheard > 20 * 800


def test_a_host_that_does_not_read_makes_overruns_and_stops_nothing(tmp_path: Path) -> None:
    with _bench(tmp_path) as bench:
        bench.connect()
        bench.run(120.0, reading=False)
        assert len(bench.port._waiting) <= RADIO_BUFFER + 100
        bench.run(3.0)
    overruns = bench.statuses[-1].status.overrun_count
    assert overruns is not None
    assert overruns > 50
    steps = np.diff([packet.counter for packet in bench.samples])
    assert steps.max() > 250 * 10
    assert (steps % 25 == 0).all()


def test_the_link_is_made_kept_and_removed(tmp_path: Path) -> None:
    link = tmp_path / "hc05"
    link.symlink_to("/dev/pts/stale")
    with PtyLink(link) as port:
        assert str(link.readlink()) == port.port
        host = os.open(link, os.O_RDWR | os.O_NOCTTY)
        assert not termios.tcgetattr(host)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)
        while_open = port.connected
        os.close(host)
        assert (while_open, port.connected) == (True, False)
    assert not link.is_symlink()
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_became_anothers_is_left(tmp_path: Path) -> None:
    link = tmp_path / "hc05"
    with PtyLink(link), PtyLink(link) as second:
        pass
    assert not link.is_symlink()
    with PtyLink(link) as second:
        link.unlink()
        link.symlink_to("/dev/null")
    assert str(link.readlink()) == "/dev/null"
    assert second.link == link


def test_a_link_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be made"):
        PtyLink(tmp_path / "none" / "hc05")
    (tmp_path / "precious").write_text("data")
    with pytest.raises(SourceError, match="no symbolic link"):
        PtyLink(tmp_path / "precious")
    assert (tmp_path / "precious").read_text() == "data"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "synthetic:?rate=1"], "rate=1"),
        (["--source", "replay:none.npy?fs=250&leads=I"], "none.npy"),
        (["--source", "synthetic:", "--baud", "4800"], "too slow"),
        (["--source", "serial:///dev/null"], "is a device"),
        (["--source", "replay:a.ecgdbytes", "--for", "3", "--source", "synthetic:"], "alone"),
        (["--source", "synthetic:", "--log", "none/x.ecgdbytes"], "cannot be written"),
    ],
)
def test_what_cannot_work_is_said_and_ends_with_status_two(
    tmp_path: Path,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--link", "hc05", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
