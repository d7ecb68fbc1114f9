"""The line: what the device transmits goes in, what the host gets comes out."""

from __future__ import annotations

import numpy as np

from chaos.weather import Weather
from ecgd.node.impairment import HELD_MAX, ImpairedLine, Impairment


class Air:
    """One direction of one line. It is clear unless ``bad`` is set; then it is as the weather is.

    Loss of packets and single bytes and flipped bits are the simulated device's own impairments;
    bursts, doubled and exchanged pieces, stalls and absences are added here.
    """

    def __init__(self, weather: Weather, seed: int) -> None:
        self._weather = weather
        self._rng = np.random.default_rng((seed, 1))
        self._line = ImpairedLine(
            Impairment(
                packet_loss=weather.packet_loss,
                byte_loss=weather.byte_loss,
                bit_errors=weather.bit_errors,
            ),
            seed,
        )
        self._burst_left = 0
        self._aside = b""
        self._held = bytearray()
        self.bad = False
        self.stalled = False
        self.connected = True

    def keeps_packet(self) -> bool:
        """Draw whether the next whole packet gets through."""
        return not self.bad or self._line.keeps_packet()

    def carry(self, data: bytes, time_s: float) -> bytes:
        """Return what arrives now of what was transmitted just now."""
        if not self.connected:
            self._held.clear()
            self._aside = b""
            return b""
        self._held += (
            self._mangled(self._line.carry(data, time_s)) if self.bad else self._clear(data)
        )
        if self.stalled:
            del self._held[HELD_MAX:]
            return b""
        arrived = bytes(self._held)
        self._held.clear()
        return arrived

    def _clear(self, data: bytes) -> bytes:
        aside, self._aside, self._burst_left = self._aside, b"", 0
        return aside + data

    def _mangled(self, data: bytes) -> bytes:
        weather = self._weather
        if weather.burst_loss:
            data = self._without_bursts(data)
        if weather.twice:
            data = self._with_pieces_twice(data)
        return self._exchanged(data) if weather.exchanged else data

    def _without_bursts(self, data: bytes) -> bytes:
        """Lose bursts of geometric length; the share lost is ``burst_loss``."""
        weather = self._weather
        begins = weather.burst_loss / (1.0 - weather.burst_loss) / weather.burst_bytes
        kept = bytearray()
        for byte in data:
            if self._burst_left == 0 and self._rng.random() < begins:
                self._burst_left = int(self._rng.geometric(1.0 / weather.burst_bytes))
            if self._burst_left:
                self._burst_left -= 1
            else:
                kept.append(byte)
        return bytes(kept)

    def _places(self, size: int, share: float) -> list[int]:
        return np.flatnonzero(self._rng.random(size) < share).tolist()

    def _piece(self) -> int:
        return int(self._rng.integers(1, self._weather.piece_bytes + 1))

    def _with_pieces_twice(self, data: bytes) -> bytes:
        out, at = b"", 0
        for place in self._places(len(data), self._weather.twice):
            piece = data[place : place + self._piece()]
            out, at = out + data[at:place] + piece, place
        return out + data[at:]

    def _exchanged(self, data: bytes) -> bytes:
        """Let a piece be overtaken by the one behind it, across what comes later as well."""
        data, self._aside = self._aside + data, b""
        for place in self._places(len(data), self._weather.exchanged):
            first = place + self._piece()
            second = first + self._piece()
            data = data[:place] + data[first:second] + data[place:first] + data[second:]
        return data
