"""Connections to names with several addresses, of which some are dead."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from webhook_receiver import black_hole

from ecgd.alerts.dial import by_turns, dial

PORT = 443


@contextmanager
def listening() -> Iterator[Any]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def closed_port() -> Any:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[int, Any]) -> None:
    found = [(family, socket.SOCK_STREAM, 6, "", where) for family, where in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_a_dead_family_does_not_take_the_time_of_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with black_hole() as dead, listening() as alive:
        # One family stands for both: what counts is that the second is tried beside the first.
        resolves(monkeypatch, (socket.AF_INET, dead), (socket.AF_INET, alive))
        began_s = time.monotonic()
        with dial("two.example", PORT, 10.0) as sock:
            assert sock.getpeername() == alive
            assert sock.gettimeout() == 10.0
        assert time.monotonic() - began_s < 3.0


def test_families_take_turns() -> None:
    """Six dead addresses of IPv6 before the first of IPv4 would be six waits."""
    six = [(socket.AF_INET6, f"six {n}") for n in range(3)]
    four = [(socket.AF_INET, f"four {n}") for n in range(2)]
    told = [where for _, where in by_turns([*six, *four])]
    assert told == ["six 0", "four 0", "six 1", "four 1", "six 2"]


def test_a_refusal_passes_on_at_once_and_the_last_one_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with listening() as alive:
        resolves(monkeypatch, (socket.AF_INET, closed_port()), (socket.AF_INET, alive))
        with dial("half.example", PORT, 5.0) as sock:
            assert sock.getpeername() == alive
    resolves(monkeypatch, (socket.AF_INET, closed_port()), (socket.AF_INET, closed_port()))
    with pytest.raises(ConnectionRefusedError):
        dial("none.example", PORT, 5.0)


def test_silence_ends_at_the_time_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with black_hole() as dead:
        resolves(monkeypatch, (socket.AF_INET, dead), (socket.AF_INET, dead))
        began_s = time.monotonic()
        with pytest.raises(TimeoutError):
            dial("dead.example", PORT, 0.4)
        assert 0.3 < time.monotonic() - began_s < 3.0


def test_an_address_of_ipv6_in_brackets() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server, dial("[::1]", server.getsockname()[1], 5.0) as sock:
        assert sock.getpeername()[0] == "::1"
