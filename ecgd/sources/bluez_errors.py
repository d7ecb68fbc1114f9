"""What BlueZ and the bus refuse, in words that a person can act on."""

from __future__ import annotations

from typing import Final

from ecgd.errors import SourceError

NO_ANSWER: Final = "ecgd.NoAnswer"
"""Name of the error where BlueZ has not answered in time."""


class BluetoothError(SourceError):
    """Bluetooth cannot do what was asked. ``kind`` tells those apart that are treated apart."""

    def __init__(self, what: str, remedy: str = "", kind: str = "") -> None:
        super().__init__(what, remedy)
        self.kind = kind


class CallError(Exception):
    """A call that the bus or BlueZ refused, as they put it."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


WRONG_PIN: Final = "wrong pin"
GONE: Final = "gone"
BUSY: Final = "busy"
NO_PROFILE: Final = "no profile"
"""Kinds of BluetoothError."""

GROUP_REMEDY: Final = (
    "Add the daemon's user to the group bluetooth (sudo usermod -aG bluetooth ecgd; the unit has "
    "it in SupplementaryGroups), or install the D-Bus rule systemd/ecgd-bluetooth.conf in "
    "/etc/dbus-1/system.d; then sudo systemctl reload dbus and restart ecgd"
)
_NEAR: Final = "Switch it on, bring it near, and end its connection to any phone or computer"
_OUR_PIN: Final = (
    "Give the device's own PIN: ecgctl device pair {address} --patient ID --pin; "
    "HC-05 and HC-06 leave the factory with 1234"
)
_NOT_RUNNING: Final = "sudo apt install bluez, then sudo systemctl enable --now bluetooth"

_Words = tuple[str, str, str]
"""What, remedy, kind; {address} is filled in."""

_BY_NAME: Final[dict[str, _Words]] = {
    "org.freedesktop.DBus.Error.AccessDenied": (
        "permission denied: this user may not use BlueZ",
        GROUP_REMEDY,
        "denied",
    ),
    "org.freedesktop.DBus.Error.ServiceUnknown": ("BlueZ does not run", _NOT_RUNNING, "absent"),
    "org.freedesktop.DBus.Error.NameHasNoOwner": ("BlueZ does not run", _NOT_RUNNING, "absent"),
    "org.freedesktop.DBus.Error.NoReply": ("BlueZ went away in the middle", "", "absent"),
    "org.freedesktop.DBus.Error.UnknownObject": (
        "BlueZ knows {address} no more",
        "It is searched for and paired anew",
        "unknown",
    ),
    NO_ANSWER: (
        "BlueZ did not answer in time about {address}",
        "If that lasts: sudo systemctl restart bluetooth",
        GONE,
    ),
    "org.bluez.Error.AuthenticationFailed": (
        "{address} refuses the PIN",
        _OUR_PIN,
        WRONG_PIN,
    ),
    "org.bluez.Error.AuthenticationRejected": (
        "{address} refuses to be paired",
        _OUR_PIN,
        WRONG_PIN,
    ),
    "org.bluez.Error.AuthenticationCanceled": (
        "{address} broke off the pairing",
        _NEAR,
        GONE,
    ),
    "org.bluez.Error.AuthenticationTimeout": ("{address} did not end the pairing", _NEAR, GONE),
    "org.bluez.Error.ConnectionAttemptFailed": ("{address} does not answer", _NEAR, GONE),
    "org.bluez.Error.InProgress": (
        "BlueZ is busy with {address} already",
        "Another program connects or pairs it: end that one; ecgd tries again",
        BUSY,
    ),
    "org.bluez.Error.Busy": ("the Bluetooth adapter is busy", "ecgd tries again", BUSY),
    "org.bluez.Error.NotReady": (
        "the Bluetooth adapter is not ready",
        "If that lasts: sudo systemctl restart bluetooth",
        "adapter",
    ),
    "org.bluez.Error.Blocked": (
        "the Bluetooth adapter is blocked by rfkill",
        "sudo rfkill unblock bluetooth",
        "adapter",
    ),
    "org.bluez.Error.NotAvailable": (
        "{address} offers no serial port",
        "It is no HC-05 or the like, or has not told yet: ecgctl device forget {address}, "
        "then pair it anew; or name its channel in the source (channel=1)",
        NO_PROFILE,
    ),
    "org.bluez.Error.DoesNotExist": (
        "BlueZ knows {address} no more",
        "It is searched for and paired anew",
        "unknown",
    ),
}

_BY_TEXT: Final[tuple[tuple[str, _Words], ...]] = (
    ("br-connection-page-timeout", ("{address} does not answer", _NEAR, GONE)),
    ("Host is down", ("{address} does not answer", _NEAR, GONE)),
    ("br-connection-timeout", ("{address} stopped answering", _NEAR, GONE)),
    ("br-connection-aborted-by-remote", ("{address} broke off the connection", _NEAR, GONE)),
    (
        "br-connection-refused",
        (
            "{address} refuses the connection",
            "It is in use by another phone or computer, or has forgotten this gateway: end the "
            "other connection, or ecgctl device forget {address}; then it is paired anew",
            BUSY,
        ),
    ),
    (
        "br-connection-key-missing",
        (
            "{address} has forgotten this gateway",
            "ecgctl device forget {address}; then it is paired anew",
            BUSY,
        ),
    ),
    (
        "br-connection-busy",
        ("the Bluetooth adapter is busy with {address}", "ecgd tries again", BUSY),
    ),
    (
        "br-connection-concurrent-connection-limit",
        (
            "the Bluetooth adapter takes no further connection",
            "A radio has seven at most, some have fewer: end others (bluetoothctl devices "
            "Connected), or use a second gateway",
            "full",
        ),
    ),
    ("br-connection-profile-unavailable", _BY_NAME["org.bluez.Error.NotAvailable"]),
    ("br-connection-sdp-search", _BY_NAME["org.bluez.Error.NotAvailable"]),
    ("br-connection-adapter-not-powered", _BY_NAME["org.bluez.Error.NotReady"]),
)


def explained(error: CallError, address: str = "") -> BluetoothError:
    """Return what a refused call means; what is not known is told as BlueZ puts it."""
    words = next((each for text, each in _BY_TEXT if text in error.text), None)
    words = words or _BY_NAME.get(error.name)
    if words is None:
        told = f"BlueZ refuses ({error.name.rpartition('.')[2]}: {error.text})".replace(": )", ")")
        return BluetoothError(f"{address}: {told}" if address else told, _SEE_LOG)
    what, remedy, kind = words
    return BluetoothError(what.format(address=address), remedy.format(address=address), kind)


_SEE_LOG: Final = "BlueZ's log may say more: journalctl -u bluetooth"
