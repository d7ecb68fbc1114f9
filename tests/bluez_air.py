"""A private bus with BlueZ of the tests on it, devices in the air, and the radio's far ends."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from daemon_process import wait_for

TEMPLATE = Path(__file__).resolve().parent / "bluez" / "air.py"
PYTHON = "/usr/bin/python3"
"""Debian's: python3-dbusmock is made for it, and no virtual environment has its parts."""

NEEDED = ("python3-dbusmock", "dbus-daemon")
AIR = "org.ecgd.Air"

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
  {more}
</busconfig>
"""


@dataclass
class Air:
    """A bus, BlueZ on it, and the hand that moves devices."""

    address: str
    process: subprocess.Popen[str] | None = None
    parameters: str = "{}"

    def start_bluez(self, *, is_reachable: bool = True) -> None:
        """Start BlueZ, and wait until it is there; where nobody may speak to it, it is listed."""
        command = [PYTHON, "-m", "dbusmock", "--system", "--template", str(TEMPLATE)]
        self.process = subprocess.Popen(
            [*command, "--parameters", self.parameters],
            env=os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": self.address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        is_there = self._is_there if is_reachable else self._is_listed
        wait_for(lambda: asyncio.run(is_there()), "BlueZ of the tests", 15.0)

    def stop_bluez(self) -> None:
        """Kill BlueZ, as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def call(self, member: str, signature: str = "", *body: Any) -> Any:
        """Move something in the air."""
        return asyncio.run(asyncio.wait_for(self.ask(member, signature, *body), 10))

    async def ask(self, member: str, signature: str = "", *body: Any) -> Any:
        """Do the same from within a loop, which meanwhile answers BlueZ."""
        return await self._send(AIR, member, signature, body)

    def put(self, address: str, port: Path, *, pin: str = "4711", name: str = "ecg") -> None:
        self.call("PutDevice", "ssss", address, name, pin, str(port))

    def calls(self) -> list[str]:
        return list(self.call("Calls"))

    async def _is_there(self) -> bool:
        with suppress(RuntimeError):
            await self._send("org.freedesktop.DBus.Peer", "Ping", "", ())
            return True
        return False

    async def _is_listed(self) -> bool:
        from dbus_fast import Message
        from dbus_fast.aio import MessageBus

        bus = await MessageBus(self.address).connect()
        bus_itself = "org.freedesktop.DBus"
        asking = Message(
            destination=bus_itself,
            path="/org/freedesktop/DBus",
            interface=bus_itself,
            member="NameHasOwner",
            signature="s",
            body=["org.bluez"],
        )
        reply = await bus.call(asking)
        bus.disconnect()
        return bool(reply is not None and reply.body[0])

    async def _send(self, interface: str, member: str, signature: str, body: Any) -> Any:
        from dbus_fast import Message, MessageType
        from dbus_fast.aio import MessageBus

        bus = await MessageBus(self.address).connect()
        reply = await bus.call(
            Message(
                destination="org.bluez",
                path="/",
                interface=interface,
                member=member,
                signature=signature,
                body=list(body),
            )
        )
        bus.disconnect()
        if reply.message_type is MessageType.ERROR:
            raise RuntimeError(f"{reply.error_name}: {reply.body}")
        return reply.body[0] if reply.body else None


def _listens(path: Path) -> bool:
    """Tell whether somebody answers: the socket's file is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
        line.connect(str(path))
        return True
    return False


@contextmanager
def private_bus(directory: Path, more: str = "") -> Iterator[str]:
    """Run a message bus of our own; yield its address."""
    pytest.importorskip("dbus_fast", reason="the Python package dbus-fast is missing")
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("dbus-daemon (package dbus-daemon) is missing")
    path, config = directory / "bus", directory / "bus.conf"
    config.write_text(_CONFIG.format(path=path, more=more))
    command = [program, f"--config-file={config}", "--nofork", "--nopidfile", "--nosyslog"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _listens(path), "the bus", 10.0)
            yield f"unix:path={path}"
        finally:
            process.terminate()


@contextmanager
def open_air(directory: Path, more: str = "", parameters: str = "{}") -> Iterator[Air]:
    """Run a bus and BlueZ on it."""
    with private_bus(directory, more) as address:
        air = Air(address, parameters=parameters)
        try:
            air.start_bluez()
            yield air
        finally:
            air.stop_bluez()


class PlayedDevice:
    """A device's serial port in the air, played by the test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen(4)
        self.listener.settimeout(10.0)
        self.line: socket.socket | None = None

    def answer(self) -> socket.socket:
        """Take the call that comes."""
        self.line, _ = self.listener.accept()
        self.line.settimeout(10.0)
        return self.line

    def drop(self) -> None:
        """Lose the line."""
        if self.line is not None:
            self.line.close()

    def close(self) -> None:
        self.drop()
        self.listener.close()
        self.path.unlink(missing_ok=True)


class NodeByAir:
    """Carries a simulated device's serial port through the air: its module, as it were."""

    def __init__(self, serial_port: Path, path: Path) -> None:
        self._module = PlayedDevice(path)
        self._serial_fd = os.open(serial_port, os.O_RDWR | os.O_NOCTTY)
        self._stopped = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def lose(self) -> None:
        """Lose the line at once."""
        self._lost.set()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._module.close()
        os.close(self._serial_fd)

    def _carry(self) -> None:
        line: socket.socket | None = None
        listener = self._module.listener
        while not self._stopped.is_set():
            if self._lost.is_set() and line is not None:
                line.close()
                line = None
                self._lost.clear()
            watched: list[Any] = [listener, self._serial_fd, *([line] if line else [])]
            ready, _, _ = select.select(watched, [], [], 0.05)
            if listener in ready:
                line = self._module.answer()
            line = self._pass_on(line, ready)

    def _pass_on(self, line: socket.socket | None, ready: list[Any]) -> socket.socket | None:
        try:
            if self._serial_fd in ready:
                data = os.read(self._serial_fd, 4096)
                if line is not None:
                    line.sendall(data)
            if line is not None and line in ready:
                heard = line.recv(4096)
                if not heard:
                    return None
                os.write(self._serial_fd, heard)
        except OSError:
            return None
        return line
