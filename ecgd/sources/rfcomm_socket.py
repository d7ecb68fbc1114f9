"""RFCOMM by a socket of the standard library, where Python was built with Bluetooth."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any, Final, Protocol

from ecgd.sources.bluez_errors import BUSY, GONE, WRONG_PIN, BluetoothError
from ecgd.sources.sdp import SDP_PSM, read_channel, request_of

SERIAL_CHANNEL: Final = 1
"""The channel of HC-05 and HC-06, for devices that do not tell."""

DIAL_S: Final = 15.0

_SOL_BLUETOOTH: Final = 274
_BT_SECURITY: Final = 4
_AUTHENTICATED_AND_ENCRYPTED: Final = bytes((2, 0))
"""struct bt_security of the kernel: level BT_SECURITY_MEDIUM, no key size."""

_NEAR: Final = "Switch it on, bring it near, and end its connection to any phone or computer"
_REASONS: Final = {
    errno.EHOSTDOWN: ("does not answer", _NEAR, GONE),
    errno.EHOSTUNREACH: ("does not answer", _NEAR, GONE),
    errno.ETIMEDOUT: ("does not answer", _NEAR, GONE),
    errno.ECONNREFUSED: (
        "refuses the connection",
        "The channel is another one (channel=N in the source), or it is in use by another phone "
        "or computer",
        BUSY,
    ),
    errno.EBUSY: ("cannot be called: the adapter is busy", "ecgd tries again", BUSY),
    errno.EACCES: (
        "refuses the pairing's key, or this user may not use Bluetooth",
        "ecgctl device forget {address}: then it is paired anew; else add the daemon's user to "
        "the group bluetooth",
        WRONG_PIN,
    ),
    errno.EAFNOSUPPORT: (
        "cannot be called: this kernel or unit allows no Bluetooth sockets",
        "sudo modprobe rfcomm; the unit has AF_BLUETOOTH in RestrictAddressFamilies",
        "denied",
    ),
    errno.ENETUNREACH: ("cannot be called: there is no Bluetooth adapter", "", "adapter"),
    errno.ENETDOWN: ("cannot be called: the Bluetooth adapter is off", "", "adapter"),
}


class Dialler(Protocol):
    """Returns a socket that is connected to a channel (rfcomm) or PSM (l2cap). Raises OSError."""

    def __call__(self, protocol: str, address: str, port: int) -> socket.socket: ...


def can_dial() -> bool:
    """Tell whether this Python knows Bluetooth sockets."""
    return hasattr(socket, "AF_BLUETOOTH")


async def dial(address: str, channel: int, connect: Dialler | None = None) -> socket.socket:
    """Return a line to a device's ``channel``, 0: to the one that it names, else its usual one.

    Raises BluetoothError.
    """
    try:
        return await _in_thread(address, channel, connect or connect_bluetooth)
    except OSError as error:
        raise _explained(address, error) from error


def find_channel(address: str, connect: Dialler) -> int:
    """Return the channel that a device names for its serial port, else the usual one. Blocks.

    Raises OSError.
    """
    with connect("l2cap", address, SDP_PSM) as line:
        line.settimeout(DIAL_S)
        line.sendall(request_of(1))
        return read_channel(line.recv(4096), 1) or SERIAL_CHANNEL


def connect_bluetooth(protocol: str, address: str, port: int) -> socket.socket:
    """Return a socket that is connected; blocks for as long as the radio calls."""
    known: Any = socket
    kind, number = {
        "rfcomm": (socket.SOCK_STREAM, "BTPROTO_RFCOMM"),
        "l2cap": (socket.SOCK_SEQPACKET, "BTPROTO_L2CAP"),
    }[protocol]
    line = socket.socket(known.AF_BLUETOOTH, kind, getattr(known, number))
    try:
        if protocol == "rfcomm":
            line.setsockopt(_SOL_BLUETOOTH, _BT_SECURITY, _AUTHENTICATED_AND_ENCRYPTED)
        line.settimeout(DIAL_S)
        line.connect((address, port))
    except OSError:
        line.close()
        raise
    return line


async def _in_thread(address: str, channel: int, connect: Dialler) -> socket.socket:
    """Dial in a thread; a line that opens after cancellation is closed again."""

    def work() -> socket.socket:
        return connect("rfcomm", address, channel or find_channel(address, connect))

    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        line = await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_close_late)
        raise
    line.setblocking(False)
    return line


def _close_late(task: asyncio.Future[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _explained(address: str, error: OSError) -> BluetoothError:
    number = errno.ETIMEDOUT if isinstance(error, TimeoutError) else error.errno
    known = _REASONS.get(number or 0)
    if known is None:
        return BluetoothError(f"{address} cannot be called ({error})")
    what, remedy, kind = known
    return BluetoothError(f"{address} {what}", remedy.format(address=address), kind)
