"""The simulated serial port."""

from __future__ import annotations

import pytest

from ecgd.node.uart import Uart


@pytest.mark.parametrize("baud", [1200, 9600, 57600])
def test_it_sends_ten_bits_a_byte(baud: int) -> None:
    uart = Uart(baud, 10**6)
    uart.put(bytes(baud), 5.0)
    sent = sum(len(uart.take_sent(5.0 + 0.013 * k)) for k in range(1, 78))
    assert sent == pytest.approx(baud / 10 * 0.013 * 77, abs=1)


def test_a_byte_has_left_only_after_its_stop_bit() -> None:
    uart = Uart(9600, 100)
    uart.put(b"ab", 0.0)
    assert uart.take_sent(9.9 / 9600) == b""
    assert uart.take_sent(10 / 9600) == b"a"
    assert uart.take_sent(19.9 / 9600) == b""
    assert uart.take_sent(1.0) == b"b"
    assert uart.empty


def test_idle_time_is_not_saved_up() -> None:
    uart = Uart(9600, 1000)
    uart.put(b"a", 0.0)
    assert uart.take_sent(10.0) == b"a"
    uart.put(bytes(500), 10.0)
    assert len(uart.take_sent(10.1)) == 96


def test_the_buffer_is_small() -> None:
    uart = Uart(9600, 100)
    uart.put(bytes(60), 0.0)
    assert uart.has_room(40)
    assert not uart.has_room(41)


def test_a_held_line_sends_nothing_and_does_not_catch_up() -> None:
    uart = Uart(9600, 1000)
    uart.put(bytes(900), 0.0)
    for k in range(10):
        uart.hold(k / 10)
        assert uart.take_sent(k / 10) == b""
    assert len(uart.take_sent(1.0)) == 96


def test_a_reset_cuts_in_mid_packet() -> None:
    uart = Uart(9600, 1000)
    uart.put(b"packet", 0.0)
    assert uart.take_sent(3 / 960) == b"pac"
    uart.clear()
    uart.put(b"new", 0.1)
    assert uart.take_sent(1.0) == b"new"
