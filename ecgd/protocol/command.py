"""Commands from the host, and the device's replies."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ecgd.errors import ProtocolError
from ecgd.protocol.frame import Frame, PacketType, check_range, seal_frame
from ecgd.protocol.hello import MAX_FS_HZ, MIN_FS_HZ

_COMMAND: Final = struct.Struct("<BI")
_REPLY: Final = struct.Struct("<BBBI")
COMMAND_BODY_SIZE: Final = _COMMAND.size
REPLY_BODY_SIZE: Final = _REPLY.size


class Command(IntEnum):
    """What the host may ask; ``ARGUMENT_LIMITS`` says with which argument."""

    HELLO = 1
    START = 2
    STOP = 3
    SET_FS = 4
    SELF_TEST = 5
    IDENTIFY = 6


ARGUMENT_LIMITS: Final[dict[Command, tuple[int, int]]] = {
    Command.HELLO: (0, 0),
    Command.START: (0, 0),
    Command.STOP: (0, 0),
    Command.SET_FS: (int(MIN_FS_HZ * 1000), int(MAX_FS_HZ * 1000)),
    Command.SELF_TEST: (0, 1),
    Command.IDENTIFY: (0, 60),
}
"""Lowest and highest argument: SET_FS in mHz, SELF_TEST off or on, IDENTIFY in seconds."""


class Answer(IntEnum):
    """How the device took a command; a code that is not listed is read as FAILED."""

    OK = 0
    UNKNOWN_COMMAND = 1
    BAD_ARGUMENT = 2
    BUSY = 3
    NOT_SUPPORTED = 4
    FAILED = 5


class SelfTestPoint(IntEnum):
    """Where the 1 mV square wave enters: the value of the reply to SELF_TEST with argument 1."""

    BEFORE_AMPLIFIER = 1
    AFTER_AMPLIFIER = 2


_COMMANDS: Final = {command.value: command for command in Command}
_ANSWERS: Final = {answer.value: answer for answer in Answer}


@dataclass(frozen=True, slots=True)
class CommandPacket:
    """One command. ``code`` may be one that this version does not know; it has to be refused."""

    sequence: int
    code: int
    argument: int = 0

    @property
    def command(self) -> Command | None:
        """The command, or None for an unknown code."""
        return _COMMANDS.get(self.code)

    def to_bytes(self) -> bytes:
        """Return the packet on the line; raises ProtocolError for what the format cannot carry."""
        code = check_range("command code", self.code, 0, 0xFF)
        argument = check_range("argument", self.argument, 0, 0xFFFFFFFF)
        return seal_frame(PacketType.COMMAND, self.sequence, _COMMAND.pack(code, argument))

    @classmethod
    def from_frame(cls, frame: Frame) -> CommandPacket:
        """Decode a command frame; raises ProtocolError for a body of another length."""
        if len(frame.body) != COMMAND_BODY_SIZE:
            raise ProtocolError(f"a command of {len(frame.body)} bytes")
        code, argument = _COMMAND.unpack(frame.body)
        return cls(frame.sequence, code, argument)


@dataclass(frozen=True, slots=True)
class ReplyPacket:
    """The answer to the command that had ``command_sequence`` and ``code``.

    ``value``: after SET_FS the rate in force in mHz, after SELF_TEST the ``SelfTestPoint`` or 0
    for off, else 0.
    """

    sequence: int
    command_sequence: int
    code: int
    answer: Answer
    value: int = 0

    def to_bytes(self) -> bytes:
        """Return the packet on the line; raises ProtocolError for what the format cannot carry."""
        body = _REPLY.pack(
            check_range("command sequence", self.command_sequence, 0, 0xFF),
            check_range("command code", self.code, 0, 0xFF),
            self.answer,
            check_range("value", self.value, 0, 0xFFFFFFFF),
        )
        return seal_frame(PacketType.REPLY, self.sequence, body)

    @classmethod
    def from_frame(cls, frame: Frame) -> ReplyPacket:
        """Decode a reply frame; raises ProtocolError for a body of another length."""
        if len(frame.body) != REPLY_BODY_SIZE:
            raise ProtocolError(f"a reply of {len(frame.body)} bytes")
        command_sequence, code, raw_answer, value = _REPLY.unpack(frame.body)
        answer = _ANSWERS.get(raw_answer, Answer.FAILED)
        return cls(frame.sequence, command_sequence, code, answer, value)


def judge_command(packet: CommandPacket) -> Answer:
    """Return OK, or why every device must refuse this command whatever its hardware."""
    command = packet.command
    if command is None:
        return Answer.UNKNOWN_COMMAND
    lowest, highest = ARGUMENT_LIMITS[command]
    return Answer.OK if lowest <= packet.argument <= highest else Answer.BAD_ARGUMENT
