"""Commands and replies."""

from __future__ import annotations

import pytest

from ecgd.errors import ProtocolError
from ecgd.protocol import (
    ARGUMENT_LIMITS,
    Answer,
    BlockEncoder,
    Command,
    CommandPacket,
    ReplyPacket,
    encode_command,
    judge_command,
)
from ecgd.protocol.frame import Frame, open_frame


@pytest.mark.parametrize("command", Command)
def test_every_command_comes_back_and_is_one_that_a_device_must_know(command: Command) -> None:
    lowest, highest = ARGUMENT_LIMITS[command]
    encoded = encode_command(command, highest, sequence=77)
    packet = CommandPacket.from_frame(open_frame(encoded))

    assert packet == CommandPacket(77, command, highest)
    assert packet.command is command
    assert len(encoded) == 13
    assert judge_command(packet) is Answer.OK
    assert judge_command(CommandPacket(0, command, lowest)) is Answer.OK
    assert judge_command(CommandPacket(0, command, highest + 1)) is Answer.BAD_ARGUMENT


def test_the_fields_lie_where_the_specification_says() -> None:
    encoded = encode_command(Command.SET_FS, 500_000, sequence=9)
    assert encoded[:-4] == bytes.fromhex("a5 50 05 09 04 20a10700")


@pytest.mark.parametrize("code", [0, 7, 255])
def test_an_unknown_command_arrives_and_is_refused(code: int) -> None:
    packet = CommandPacket.from_frame(open_frame(encode_command(code, sequence=1)))

    assert packet.command is None
    assert judge_command(packet) is Answer.UNKNOWN_COMMAND


def test_a_rate_below_the_limit_is_a_bad_argument() -> None:
    assert judge_command(CommandPacket(0, Command.SET_FS, 49_999)) is Answer.BAD_ARGUMENT


@pytest.mark.parametrize("answer", Answer)
def test_a_reply_names_its_command(answer: Answer) -> None:
    command = CommandPacket(31, Command.SELF_TEST, 1)
    encoded = BlockEncoder(boot=4).reply(command, answer, value=2)

    reply = ReplyPacket.from_frame(open_frame(encoded))
    assert reply == ReplyPacket(244, 31, Command.SELF_TEST, answer, 2)
    assert encoded[:-4] == bytes((0xA5, 0x43, 7, 244, 31, 5, answer, 2, 0, 0, 0))


def test_an_answer_of_a_later_version_is_a_refusal() -> None:
    body = bytes((1, 2, 99, 0, 0, 0, 0))
    assert ReplyPacket.from_frame(Frame(3, 0, body)).answer is Answer.FAILED


@pytest.mark.parametrize(
    "packet",
    [
        CommandPacket(0, 256),
        CommandPacket(0, 1, -1),
        CommandPacket(256, 1),
        ReplyPacket(0, 256, 1, Answer.OK),
        ReplyPacket(0, 0, 1, Answer.OK, 1 << 32),
    ],
)
def test_what_the_format_cannot_carry_is_an_error(packet: CommandPacket | ReplyPacket) -> None:
    with pytest.raises(ProtocolError):
        packet.to_bytes()


def test_another_length_is_refused() -> None:
    with pytest.raises(ProtocolError):
        CommandPacket.from_frame(Frame(16, 0, bytes(4)))
    with pytest.raises(ProtocolError):
        ReplyPacket.from_frame(Frame(3, 0, bytes(8)))
