"""Whether a device proves who it is, and in words why not."""

from __future__ import annotations

from typing import Final

from ecgd.protocol import (
    Answer,
    Command,
    Fault,
    FaultKind,
    HelloPacket,
    Packet,
    ReplyPacket,
    SamplesPacket,
    StatusPacket,
)
from ecgd.protocol.seal_guard import Verdict

NO_KEY: Final = (
    "the device seals its packets, and the gateway has no key: set key_file in [patients.device]"
)
OTHER_KEY: Final = (
    "the device seals its packets with another key than that of key_file: build its firmware with "
    "this key (ecgctl device key)"
)
NOT_SEALED: Final = (
    "packets without authentication are refused: build the device's firmware with its key "
    "(ecgctl device key), or take key_file away"
)
REPLAYED: Final = (
    "packets are refused that were here before, or are older than such: a recording is played, or "
    "the device has lost the number of its run; then give it a new key (ecgctl device key)"
)


class SealWatch:
    """Follows what one line says of authentication since it opened."""

    def __init__(self, *, has_key: bool) -> None:
        self._has_key = has_key
        self._is_proved = False
        self.trouble = ""

    @property
    def authenticated(self) -> bool | None:
        """Whether the device has proved who it is; None: there is no key to prove it with."""
        return self._is_proved if self._has_key else None

    def begin_anew(self) -> None:
        """The line was cut: another device may be there."""
        self._is_proved = False

    def note(self, packet: Packet | Fault) -> None:
        """Learn from what the line gave."""
        match packet:
            case SamplesPacket():
                self._is_proved, self.trouble = True, ""
            case HelloPacket() | StatusPacket() if self.trouble in (OTHER_KEY, NO_KEY):
                self.trouble = ""
            case Fault(kind=FaultKind.AUTHENTICATION):
                is_plain = packet.detail == Verdict.UNSEALED.value
                self.trouble = NOT_SEALED if is_plain else REPLAYED
            case ReplyPacket(code=Command.HELLO, answer=Answer.OK):
                self._note_reply(is_sealed=packet.value == 1)

    def _note_reply(self, *, is_sealed: bool) -> None:
        if is_sealed and not self._is_proved:
            self.trouble = OTHER_KEY if self._has_key else NO_KEY
