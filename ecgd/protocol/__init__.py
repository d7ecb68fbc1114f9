"""Floor 1: the ``block`` protocol, sans-IO. Specification: docs/protocol.md."""

from ecgd.protocol.clock import DeviceClock
from ecgd.protocol.command import (
    ARGUMENT_LIMITS,
    Answer,
    Command,
    CommandPacket,
    ReplyPacket,
    SelfTestPoint,
    judge_command,
)
from ecgd.protocol.decoder import BlockDecoder, DecoderStatistics, Fault, FaultKind, Packet
from ecgd.protocol.encoder import BlockEncoder, encode_command
from ecgd.protocol.frame import MAX_PACKET_SIZE, PacketType
from ecgd.protocol.hello import HelloPacket
from ecgd.protocol.line import MAX_LINE_LOAD, bytes_per_second, line_load, samples_per_packet
from ecgd.protocol.samples import SamplesPacket
from ecgd.protocol.status import StatusPacket
from ecgd.protocol.timeline import Placement, PlacementKind, ResetReason, Timeline

__all__ = [
    "ARGUMENT_LIMITS",
    "MAX_LINE_LOAD",
    "MAX_PACKET_SIZE",
    "Answer",
    "BlockDecoder",
    "BlockEncoder",
    "Command",
    "CommandPacket",
    "DecoderStatistics",
    "DeviceClock",
    "Fault",
    "FaultKind",
    "HelloPacket",
    "Packet",
    "PacketType",
    "Placement",
    "PlacementKind",
    "ReplyPacket",
    "ResetReason",
    "SamplesPacket",
    "SelfTestPoint",
    "StatusPacket",
    "Timeline",
    "bytes_per_second",
    "encode_command",
    "judge_command",
    "line_load",
    "samples_per_packet",
]
