"""What every source is, and how one is opened from its URL."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ecgd.errors import SourceError
from ecgd.model.link import Received
from ecgd.sources.bluetooth_line import BluetoothSource
from ecgd.sources.byte_log import SUFFIX, ByteLogReader
from ecgd.sources.network_line import NetworkSource
from ecgd.sources.radio import Radio
from ecgd.sources.replay import ByteLogSource, SampleSource
from ecgd.sources.serial_line import SerialSource
from ecgd.sources.stream import open_stream
from ecgd.sources.url import BluetoothUrl, ReplayUrl, SerialUrl, SocketUrl, parse_source


class Source(Protocol):
    """Where a patient's signal comes from."""

    async def run(self, deliver: Callable[[Received], None]) -> None:
        """Deliver what comes until the source has ended for good.

        The last value is then a LinkClosed with ``retry_s`` None. Cancelling closes it.
        """

    def send(self, data: bytes) -> bool:
        """Send bytes to the device; False where none listens now, and the bytes are dropped."""


def open_source(
    url: str, *, clock: Callable[[], float], rng: random.Random, radio: Radio | None = None
) -> Source:
    """Open the source that ``url`` names.

    ``clock`` is monotonic, in seconds; ``rng`` is used for the jitter of reconnecting only.
    ``radio`` opens lines by Bluetooth; without one they are refused.
    A missing serial device or host is no error here: the source tries it again and again.
    Raises SourceError for a wrong URL, RecordingError for an unusable recording.
    """
    source = parse_source(url)
    if isinstance(source, BluetoothUrl):
        if radio is None:
            raise SourceError(f"{url} is for the daemon alone", "It owns the Bluetooth adapter.")
        return BluetoothSource(source.address, source.channel, radio, clock=clock, rng=rng)
    if isinstance(source, SerialUrl):
        return SerialSource(source.path, source.baud, clock=clock, rng=rng)
    if isinstance(source, SocketUrl):
        return NetworkSource(source.host, source.port, clock=clock, rng=rng)
    if isinstance(source, ReplayUrl) and source.path.lower().endswith(SUFFIX):
        log = ByteLogReader(Path(source.path))
        return ByteLogSource(log, speed=source.speed, clock=clock)
    return SampleSource(open_stream(source), speed=source.speed, clock=clock)
