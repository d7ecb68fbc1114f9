"""Status packets."""

from __future__ import annotations

import pytest
from block_examples import STATUS

from ecgd.errors import ProtocolError
from ecgd.model.device import DeviceStatus
from ecgd.protocol.frame import Frame, open_frame
from ecgd.protocol.status import RESET_CAUSES, STATUS_PACKET_SIZE, StatusPacket

SILENT = DeviceStatus(sending=False, self_test=False)


def back(status: DeviceStatus) -> DeviceStatus:
    packet = StatusPacket(3, 0xFFFFFFFF, status, boot=0xFFFE)
    decoded = StatusPacket.from_frame(open_frame(packet.to_bytes()))
    assert (decoded.sequence, decoded.counter, decoded.boot) == (3, 0xFFFFFFFF, 0xFFFE)
    return decoded.status


def test_the_fields_lie_where_the_specification_says() -> None:
    encoded = StatusPacket(5, 0x01020304, STATUS, boot=0x0506).to_bytes()

    body = "04030201 0605 800e 75 13 0300 0100 bd510100"
    assert encoded[:4] == bytes((0xA5, 0x42, 18, 5))
    assert encoded[4:-4] == bytes.fromhex(body)
    assert len(encoded) == STATUS_PACKET_SIZE == 26


def test_a_full_status_comes_back() -> None:
    assert back(STATUS) == STATUS


def test_what_a_device_does_not_report_stays_unreported() -> None:
    assert back(DeviceStatus()) == SILENT


@pytest.mark.parametrize("cause", [*RESET_CAUSES, "unknown", None])
def test_every_reset_cause_comes_back(cause: str | None) -> None:
    assert back(DeviceStatus(reset_cause=cause)).reset_cause == cause


@pytest.mark.parametrize("code", [6, 9, 14, 15])
def test_a_cause_of_a_later_version_is_unknown_and_loses_nothing_else(code: int) -> None:
    body = bytearray(open_frame(StatusPacket(0, 7, STATUS).to_bytes()).body)
    body[9] = body[9] & 0xF0 | code
    status = StatusPacket.from_frame(Frame(2, 0, bytes(body))).status

    assert status.reset_cause == "unknown"
    assert status.battery_mv == STATUS.battery_mv


def test_all_four_electrodes_sensed_is_the_plain_case() -> None:
    status = back(DeviceStatus(electrodes_off=frozenset()))

    assert status.electrodes_off == frozenset()
    assert status.electrodes_sensed is None


def test_an_electrode_that_is_not_sensed_is_never_reported_off() -> None:
    body = bytearray(open_frame(StatusPacket(0, 7, STATUS).to_bytes()).body)
    body[8] = 0x3F
    status = StatusPacket.from_frame(Frame(2, 0, bytes(body))).status

    assert status.electrodes_off == frozenset({"RA", "LA"})
    assert status.electrodes_sensed == frozenset({"RA", "LA"})


@pytest.mark.parametrize(
    "status",
    [
        DeviceStatus(battery_mv=65_535),
        DeviceStatus(battery_mv=-1),
        DeviceStatus(uptime_s=1 << 32),
        DeviceStatus(saturated_count=65_535),
        DeviceStatus(reset_cause="tiredness"),
        DeviceStatus(electrodes_off=frozenset({"V1"})),
        DeviceStatus(electrodes_off=frozenset({"RL"}), electrodes_sensed=frozenset({"RA"})),
    ],
)
def test_what_the_format_cannot_carry_is_an_error(status: DeviceStatus) -> None:
    with pytest.raises(ProtocolError):
        StatusPacket(0, 0, status).to_bytes()


def test_another_length_is_refused() -> None:
    with pytest.raises(ProtocolError, match="15 bytes"):
        StatusPacket.from_frame(Frame(2, 0, bytes(15)))
