"""RFCOMM by a socket: the channel is asked for, errors are put into words, nothing is left open."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading

import pytest

from ecgd.sources.bluez_errors import BluetoothError
from ecgd.sources.rfcomm_socket import dial

OURS = "98:D3:31:F5:0A:7C"
CHANNEL_5 = bytes.fromhex(
    "07 0001 0018 0015 35 13 35 11 09 0004 35 0c 35 03 19 0100 35 05 19 0003 08 05 00"
)


class Dialler:
    """Connects to the test, or fails as told; keeps what it was asked."""

    def __init__(self, answer: bytes = CHANNEL_5, error: OSError | None = None) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self.far: list[socket.socket] = []
        self._answer, self._error = answer, error
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, protocol: str, address: str, port: int) -> socket.socket:
        self.asked.append((protocol, address, port))
        self.may_go_on.wait(10)
        if self._error is not None:
            raise self._error
        near, far = socket.socketpair()
        self.far.append(far)
        if protocol == "l2cap":
            far.sendall(self._answer)
        return near


def test_the_device_is_asked_for_its_channel() -> None:
    dialler = Dialler()
    line = asyncio.run(dial(OURS, 0, dialler))
    assert dialler.asked == [("l2cap", OURS, 1), ("rfcomm", OURS, 5)]
    assert line.gettimeout() == 0.0, "the loop must never wait for it"
    line.close()


def test_a_device_that_does_not_tell_has_the_usual_channel() -> None:
    dialler = Dialler(b"what?")
    asyncio.run(dial(OURS, 0, dialler)).close()
    assert dialler.asked[-1] == ("rfcomm", OURS, 1)


def test_a_channel_that_is_configured_is_not_asked_for() -> None:
    dialler = Dialler()
    asyncio.run(dial(OURS, 7, dialler)).close()
    assert dialler.asked == [("rfcomm", OURS, 7)]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EHOSTDOWN, "x"), "does not answer"),
        (TimeoutError("timed out"), "does not answer"),
        (OSError(errno.ECONNREFUSED, "x"), "refuses the connection"),
        (OSError(errno.EACCES, "x"), "group bluetooth"),
        (OSError(errno.EAFNOSUPPORT, "x"), "AF_BLUETOOTH"),
        (OSError(errno.EXDEV, "odd"), "odd"),
    ],
)
def test_a_failure_is_put_into_words(error: OSError, words: str) -> None:
    with pytest.raises(BluetoothError) as caught:
        asyncio.run(dial(OURS, 1, Dialler(error=error)))
    assert words in str(caught.value)


def test_a_line_that_nobody_waits_for_any_more_is_closed() -> None:
    dialler = Dialler()
    dialler.may_go_on.clear()

    async def work() -> None:
        attempt = asyncio.create_task(dial(OURS, 1, dialler))
        await asyncio.sleep(0.05)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        dialler.may_go_on.set()
        await asyncio.sleep(0.1)

    asyncio.run(work())
    assert dialler.far[0].recv(1) == b"", "the other end is closed"
