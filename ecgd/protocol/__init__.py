"""Floor 1: ``block`` and ``six-lead``, sans-IO. Specification: docs/protocol.md."""

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
from ecgd.protocol.line import (
    MAX_LINE_LOAD,
    bytes_per_second,
    line_load,
    samples_per_packet,
    six_lead_bytes_per_second,
    six_lead_load,
)
from ecgd.protocol.samples import SamplesPacket
from ecgd.protocol.seal import LinkKey, Mark
from ecgd.protocol.seal_guard import SealGuard
from ecgd.protocol.six_lead import SixLeadSamples, decode_six_lead, encode_six_lead
from ecgd.protocol.six_lead_decoder import SixLeadDecoder
from ecgd.protocol.six_lead_timeline import SixLeadTimeline
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
    "LinkKey",
    "Mark",
    "Packet",
    "PacketType",
    "Placement",
    "PlacementKind",
    "ReplyPacket",
    "ResetReason",
    "SamplesPacket",
    "SealGuard",
    "SelfTestPoint",
    "SixLeadDecoder",
    "SixLeadSamples",
    "SixLeadTimeline",
    "StatusPacket",
    "Timeline",
    "bytes_per_second",
    "decode_six_lead",
    "encode_command",
    "encode_six_lead",
    "judge_command",
    "line_load",
    "samples_per_packet",
    "six_lead_bytes_per_second",
    "six_lead_load",
]
