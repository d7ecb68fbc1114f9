"""The network source on real TCP connections of the loopback."""

from __future__ import annotations

import asyncio
import errno
import random
import socket
import struct
import time
from collections.abc import Awaitable, Callable

import pytest

from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received
from ecgd.sources.network_line import NetworkSource, _Listener
from ecgd.sources.reconnect import Backoff, LineState
from ecgd.sources.source import open_source

QUICK = Backoff(first_s=0.02, cap_s=0.05, stable_s=10.0, settle_s=0.1)


class _Bridge:
    """A serial-to-network bridge that can be stopped and started on one port."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET) -> None:
        self.family = family
        self.address = ("127.0.0.1" if family == socket.AF_INET else "::1", 0)
        self.accepted: list[socket.socket] = []
        self.start()
        self.address = (self.address[0], self.port)

    def start(self) -> None:
        self.listener = socket.create_server(self.address, family=self.family, reuse_port=False)
        self.listener.setblocking(False)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def accept(self) -> bool:
        """Take a connection if one waits; return whether one was ever taken."""
        try:
            connection, _ = self.listener.accept()
        except BlockingIOError:
            return False
        self.accepted.append(connection)
        return True

    def stop(self) -> None:
        self.listener.close()
        for connection in self.accepted:
            connection.close()


class _Ear:
    """Runs a source and keeps what it delivers."""

    def __init__(self, host: str, port: int, silence_s: float = 30.0) -> None:
        self.received: list[Received] = []
        self.source = NetworkSource(
            host,
            port,
            clock=time.monotonic,
            rng=random.Random(1),
            backoff=QUICK,
            connect_s=1.0,
            silence_s=silence_s,
        )

    @property
    def data(self) -> bytes:
        return b"".join(v.data for v in self.received if isinstance(v, BytesReceived))

    @property
    def opened(self) -> int:
        return sum(isinstance(v, LinkOpened) for v in self.received)

    @property
    def reasons(self) -> list[str]:
        return [v.reason for v in self.received if isinstance(v, LinkClosed)]

    def listen(self, script: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            task = asyncio.create_task(self.source.run(self.received.append))
            try:
                await script()
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()

        asyncio.run(main())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_bytes_go_both_ways(family: socket.AddressFamily) -> None:
    try:
        bridge = _Bridge(family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    listener = _Ear(bridge.address[0], bridge.port)

    async def script() -> None:
        await _until(bridge.accept)
        bridge.accepted[0].sendall(bytes(range(256)))
        await _until(lambda: len(listener.data) == 256)
        assert listener.source.send(b"\x00\x11\x13\r\n")
        assert bridge.accepted[0].recv(100) == b"\x00\x11\x13\r\n"

    listener.listen(script)
    bridge.stop()
    assert listener.data == bytes(range(256))
    assert listener.opened == 1
    assert listener.reasons == []


def test_a_name_is_looked_up_and_the_kernel_watches_the_host() -> None:
    bridge = _Bridge()
    listener = _Ear("localhost", bridge.port)

    async def script() -> None:
        await _until(bridge.accept)
        await _until(lambda: listener.opened == 1)
        port = listener.source._port
        assert isinstance(port, socket.socket)
        assert port.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle_s = port.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        every_s = port.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
        probes = port.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
        assert idle_s + every_s * probes < 10
        assert port.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 8000

    listener.listen(script)
    bridge.stop()


def test_nobody_listens_then_somebody_does() -> None:
    bridge = _Bridge()
    port = bridge.port
    bridge.stop()
    listener = _Ear("127.0.0.1", port)

    async def script() -> None:
        await asyncio.sleep(0.3)
        assert len(listener.received) == 1
        bridge.start()
        await _until(bridge.accept)
        bridge.accepted[-1].sendall(b"here")
        await _until(lambda: listener.data == b"here")

    listener.listen(script)
    bridge.stop()
    assert listener.reasons == [
        f"127.0.0.1:{port}: nobody listens there: does the bridge run, and is the port right?"
    ]


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_ends_is_one_loss_and_comes_back(how: str) -> None:
    bridge = _Bridge()
    listener = _Ear("127.0.0.1", bridge.port)

    async def script() -> None:
        for turn in range(3):
            await _until(bridge.accept)
            connection = bridge.accepted[-1]
            connection.sendall(b"%d" % turn)
            await _until(lambda turn=turn: len(listener.data) == turn + 1)  # type: ignore[misc]
            if how == "reset":
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.close()
            await _until(lambda turn=turn: len(listener.reasons) == turn + 1)  # type: ignore[misc]

    listener.listen(script)
    bridge.stop()
    assert listener.data == b"012"
    words = "the other end is gone" if how == "close" else "the connection broke"
    assert all(words in reason for reason in listener.reasons)


def test_a_silent_connection_is_opened_anew_and_counts_only_once_it_speaks() -> None:
    bridge = _Bridge()
    listener = _Ear("127.0.0.1", bridge.port, silence_s=0.3)

    async def script() -> None:
        await _until(bridge.accept)
        bridge.accepted[0].sendall(b"first")
        await _until(lambda: bool(listener.reasons))
        # The half-open line is given up, and others are tried while nothing comes.
        await _until(bridge.accept)
        await _until(bridge.accept)
        # The kernel accepts before the source learns of it.
        await _until(lambda: listener.source._line.state is LineState.PROBING)
        assert (listener.opened, len(listener.reasons)) == (1, 1)
        while bridge.accept():
            pass
        bridge.accepted[-1].sendall(b"again")
        await _until(lambda: listener.opened == 2)

    listener.listen(script)
    bridge.stop()
    assert "nothing came for 0.3 s" in listener.reasons[0]
    assert listener.data == b"firstagain"


def test_a_host_that_never_accepts_is_given_up_and_tried_again() -> None:
    # The kernel answers for a listener of backlog 0 once, and then for nobody.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        listener = _Ear(*address)

        async def script() -> None:
            await _until(lambda: bool(listener.reasons))

        listener.listen(script)
        for filler in fillers:
            filler.close()
    assert "does not answer: is it switched on" in listener.reasons[0]


def test_garbage_is_passed_on_as_it_came() -> None:
    bridge = _Bridge()
    listener = _Ear("127.0.0.1", bridge.port)
    garbage = random.Random(1).randbytes(20_000)

    async def script() -> None:
        await _until(bridge.accept)
        bridge.accepted[0].sendall(garbage)
        await _until(lambda: len(listener.data) == len(garbage))

    listener.listen(script)
    bridge.stop()
    assert listener.data == garbage


def test_a_name_that_nobody_knows_is_said_to_be() -> None:
    listener = _Ear("no-such-host.invalid", 2001)

    async def script() -> None:
        await _until(lambda: bool(listener.reasons))

    listener.listen(script)
    assert "the host's name is not known" in listener.reasons[0]


def test_a_bridge_that_takes_nothing_does_not_fill_the_memory() -> None:
    bridge = _Bridge()
    listener = _Ear("127.0.0.1", bridge.port)

    async def script() -> None:
        await _until(bridge.accept)
        await _until(lambda: listener.opened == 1)
        while listener.source.send(bytes(4000)):
            pass
        assert len(listener.source._outgoing) <= 4096

    listener.listen(script)
    bridge.stop()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ETIMEDOUT, "the host answers no more"),
        (errno.EHOSTUNREACH, "the host answers no more"),
        (errno.ECONNRESET, "the connection broke"),
    ],
)
def test_a_loss_says_which_end_failed(number: int, words: str) -> None:
    reason = _Listener("::1", 2001, 1.0).loss_reason(OSError(number, "why"))
    assert reason == f"[::1]:2001: {words} (why)"


def test_the_url_opens_it() -> None:
    source = open_source("socket://[::1]:2001", clock=time.monotonic, rng=random.Random(1))
    assert isinstance(source, NetworkSource)
    assert not source.send(b"nobody is there yet")


def test_a_port_that_is_joined_to_itself_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a free port of this machine, the kernel sometimes connects a socket to itself."""

    def joined(address: tuple[str, int], timeout: float) -> socket.socket:
        line = socket.socket()
        line.settimeout(timeout)
        line.bind((address[0], 0))
        line.connect(line.getsockname())
        return line

    monkeypatch.setattr(socket, "create_connection", joined)
    far_end = _Listener("127.0.0.1", 2001, 1.0)
    with pytest.raises(ConnectionRefusedError) as caught:
        far_end.open()
    assert "nobody listens there" in far_end.open_reason(caught.value)
