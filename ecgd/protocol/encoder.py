"""The device's side: packets with their sequence numbers and the sample counter."""

from __future__ import annotations

from typing import Final

from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.model.signal import CountArray
from ecgd.protocol.command import Answer, Command, CommandPacket, ReplyPacket
from ecgd.protocol.hello import HelloPacket
from ecgd.protocol.samples import COUNTER_MODULUS, SamplesPacket
from ecgd.protocol.seal import LinkKey, Mark
from ecgd.protocol.status import StatusPacket

SEQUENCE_STRIDE: Final = 61
"""The first sequence number is the boot number times this, so that runs do not look alike."""

_FULL_MODULUS: Final = 1 << 32


class BlockEncoder:
    """Makes a device's packets. A new one, with another ``boot`` (0 to 65535), is a reset.

    With a ``key`` samples, statuses and hellos are sealed.
    """

    def __init__(self, *, boot: int = 0, counter: int = 0, key: LinkKey | None = None) -> None:
        self._boot = boot
        self._key = key
        self._sequence = boot * SEQUENCE_STRIDE % 256
        self._counter = counter % _FULL_MODULUS

    @property
    def sequence(self) -> int:
        """Sequence number of the next packet."""
        return self._sequence

    @property
    def counter(self) -> int:
        """Device counter (32 bits) of the next sample."""
        return self._counter

    def samples(
        self, counts: CountArray, *, width_bits: int = 12, self_test: bool = False
    ) -> bytes:
        """Encode counts of shape (lead, sample), at most 100 ms, and count them.

        Raises ProtocolError when they do not fit; nothing is counted then.
        """
        low_counter = self._counter % COUNTER_MODULUS
        packet = SamplesPacket(self._sequence, low_counter, counts, width_bits, self_test)
        encoded = self._seal(packet.to_bytes(), self._counter)
        self._next_sequence()
        self.pass_over(packet.sample_count)
        return encoded

    def drop(self, sample_count: int) -> None:
        """Count a packet of samples that the line had no room for."""
        self._next_sequence()
        self.pass_over(sample_count)

    def pass_over(self, sample_count: int) -> None:
        """Count samples that nobody asked for: sending is stopped."""
        self._counter = (self._counter + sample_count) % _FULL_MODULUS

    def status(self, status: DeviceStatus) -> bytes:
        """Encode a status."""
        packet = StatusPacket(self._sequence, self._counter, status, self._boot)
        return self._count(self._seal(packet.to_bytes(), self._counter))

    def hello(self, info: DeviceInfo) -> bytes:
        """Encode a hello."""
        packet = HelloPacket(self._sequence, info, self._boot)
        return self._count(self._seal(packet.to_bytes(), 0))

    def reply(self, command: CommandPacket, answer: Answer, *, value: int = 0) -> bytes:
        """Encode the answer to ``command``."""
        packet = ReplyPacket(self._sequence, command.sequence, command.code, answer, value)
        return self._count(packet.to_bytes())

    def _seal(self, encoded: bytes, counter: int) -> bytes:
        return encoded if self._key is None else self._key.seal(encoded, Mark(self._boot, counter))

    def _count(self, encoded: bytes) -> bytes:
        self._next_sequence()
        return encoded

    def _next_sequence(self) -> None:
        self._sequence = (self._sequence + 1) % 256


def encode_command(command: Command | int, argument: int = 0, *, sequence: int = 0) -> bytes:
    """Encode one command from the host; raises ProtocolError when a number does not fit."""
    return CommandPacket(sequence, int(command), argument).to_bytes()
