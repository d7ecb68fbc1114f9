"""One URL names a source: parse it, check it, name every problem at once.

``bluetooth://98:D3:31:F5:0A:7C``
``serial:///dev/rfcomm0?baud=9600``
``socket://bridge.local:2001``
``replay:/data/100.hea?speed=1&loop=true``
``synthetic:?rate=72&rhythm=sinus&st=inferior:0.2@30-60&electrode_off=LA@10-20``
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from ecgd.errors import SourceError
from ecgd.model.leads import canonical_lead
from ecgd.sources.bluetooth_address import read_address
from ecgd.sources.byte_log import SUFFIX as BYTE_LOG_SUFFIX
from ecgd.sources.options import Options
from ecgd.sources.patient import Patient
from ecgd.sources.patient_options import PATIENT_OPTIONS, read_patient

BAUD_RATES: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
SPEED_MAX: Final = math.inf
"""``speed=max``: as fast as it is taken."""

_CHANNEL_MAX: Final = 30
"""RFCOMM has the channels 1 to 30."""


@dataclass(frozen=True, slots=True)
class SerialUrl:
    """A serial port: RFCOMM, a USB cable or a pseudo terminal."""

    path: str
    baud: int = 9600


@dataclass(frozen=True, slots=True)
class BluetoothUrl:
    """A device by Bluetooth. ``channel`` 0: the one that it offers.

    ``baud`` is what its module and its processor speak with each other; nothing here sets it.
    """

    address: str
    channel: int = 0
    baud: int = 9600


@dataclass(frozen=True, slots=True)
class SocketUrl:
    """A TCP port that passes a device's bytes on. ``host`` may be a name or an address."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ReplayUrl:
    """A recording. ``fs_hz``, ``leads`` and ``unit`` are for files that do not tell."""

    path: str
    speed: float = 1.0
    loop: bool = False
    fs_hz: float | None = None
    leads: tuple[str, ...] | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class SyntheticUrl:
    """A synthetic patient."""

    patient: Patient
    speed: float = 1.0


SourceUrl = BluetoothUrl | SerialUrl | SocketUrl | ReplayUrl | SyntheticUrl

_REPLAY_OPTIONS: Final = ("speed", "loop", "fs", "leads", "unit")


def parse_source(url: str) -> SourceUrl:
    """Parse a source URL.

    Raises SourceError with every problem of it; unknown options are refused with the known ones.
    """
    try:
        parts = urlsplit(url, allow_fragments=False)
    except ValueError as error:
        raise SourceError(f"source {url!r} is not a URL: {error}", _REMEDY) from error
    reader = _readers().get(parts.scheme)
    if reader is None:
        kinds = ", ".join(f"{scheme}:" for scheme in _readers())
        raise SourceError(f"source {url!r} is of no known kind (known: {kinds})", _REMEDY)
    source, problems = reader(parts)
    if problems:
        raise SourceError(f"source {url!r}: {'; '.join(problems)}", _REMEDY)
    return source


_REMEDY: Final = (
    "Examples: bluetooth://98:D3:31:F5:0A:7C, serial:///dev/rfcomm0?baud=9600, "
    "socket://192.168.1.20:2001, "
    "replay:/data/100.hea?loop=true, synthetic:?rate=72&st=inferior:0.2"
)


def _readers() -> dict[str, Callable[[SplitResult], tuple[SourceUrl, list[str]]]]:
    return {
        "bluetooth": _bluetooth,
        "serial": _serial,
        "socket": _socket,
        "replay": _replay,
        "synthetic": _synthetic,
    }


def _bluetooth(parts: SplitResult) -> tuple[BluetoothUrl, list[str]]:
    options = Options(parts.query, ("channel", "baud"))
    address = read_address(unquote(parts.netloc))
    problems = []
    if address is None or parts.path.strip("/"):
        problems.append("it names no device by its address, as bluetooth://98:D3:31:F5:0A:7C does")
    channel = options.integer("channel", 0, 0, _CHANNEL_MAX)
    source = BluetoothUrl(address or "", channel, _baud(options))
    return source, problems + options.problems


def _serial(parts: SplitResult) -> tuple[SerialUrl, list[str]]:
    options = Options(parts.query, ("baud",))
    path, problems = _path(parts, "serial:///dev/rfcomm0")
    return SerialUrl(path, _baud(options)), problems + options.problems


def _baud(options: Options) -> int:
    baud = options.integer("baud", 9600, 0, 10**9)
    if baud not in BAUD_RATES:
        known = ", ".join(str(rate) for rate in BAUD_RATES)
        options.refuse("baud", str(baud), f"one of {known}")
    return baud


def _socket(parts: SplitResult) -> tuple[SocketUrl, list[str]]:
    options = Options(parts.query, ())
    problems = list(options.problems)
    if parts.path or parts.username is not None:
        problems.append("it is more than a host and a port: write socket://HOST:PORT")
    host = unquote(parts.hostname or "")
    if not host or not host.isprintable() or " " in host:
        problems.append("it names no host, as socket://bridge.local:2001 does")
    port = _port(parts)
    if port is None:
        problems.append("it names no port from 1 to 65535, as socket://bridge.local:2001 does")
    return SocketUrl(host, port or 0), problems


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or None
    except ValueError:
        return None


def _replay(parts: SplitResult) -> tuple[ReplayUrl, list[str]]:
    options = Options(parts.query, _REPLAY_OPTIONS)
    path, problems = _path(parts, "replay:/data/100.hea")
    source = ReplayUrl(
        path=path,
        speed=_speed(options),
        loop=options.choice("loop", "false", ("true", "false")) == "true",
        fs_hz=options.number("fs", 0.0, 1.0, 100_000.0) or None,
        leads=_leads(options),
        unit=options.choice("unit", "", ("uV", "mV")) or None,
    )
    useless = [name for name in _REPLAY_OPTIONS if name != "speed" and options.text(name)]
    if path.lower().endswith(BYTE_LOG_SUFFIX) and useless:
        problems.append(f"a byte recording takes no {', '.join(useless)}, only speed")
    return source, problems + options.problems


def _synthetic(parts: SplitResult) -> tuple[SyntheticUrl, list[str]]:
    options = Options(parts.query, (*PATIENT_OPTIONS, "speed"))
    problems = []
    if parts.path or parts.netloc:
        problems.append(f"a synthetic patient has no path ({parts.netloc}{parts.path})")
    source = SyntheticUrl(read_patient(options), _speed(options))
    return source, problems + options.problems


def _path(parts: SplitResult, example: str) -> tuple[str, list[str]]:
    path = unquote(parts.path)
    if parts.netloc:
        return path, [f"it names the host {parts.netloc!r}: write three slashes, as in {example}"]
    if not path or "\0" in path:
        return path, [f"it names no file, as {example} does"]
    return path, []


def _speed(options: Options) -> float:
    if options.text("speed") == "max":
        return SPEED_MAX
    return options.number("speed", 1.0, 0.01, 1000.0)


def _leads(options: Options) -> tuple[str, ...] | None:
    text = options.text("leads")
    if text is None:
        return None
    leads = tuple(canonical_lead(name) for name in text.split(","))
    if not all(leads) or len(set(leads)) != len(leads):
        options.refuse("leads", text, "different names, with commas between them, as in I,II")
    return leads
