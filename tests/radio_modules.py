"""HC-05 and HC-06 modules as their owners have logged them: real answers, errors and oddities.

A module is told bytes and the baud rate they were sent at, and says what it answers, when, and at
which rate. ``OnPty`` puts one behind a pseudo terminal, whose speed it really looks at.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import termios
import threading
import time
import tty
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from ecgd.protocol.at_answer import Exchange

SPEEDS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
}

VERSIONS = {
    "2": "+VERSION:2.0-20100601",
    "3": "VERSION:3.0-20170601",
    "4": "+VERSION:4.0-20190815",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What a module says: after how long, and at which baud rate."""

    data: bytes
    baud: int
    delay_s: float = 0.0

    def heard_at(self, baud: int) -> bytes:
        """Return what a listener at this rate makes of it."""
        return self.data if baud == self.baud else bytes(byte ^ 0xA5 for byte in self.data)


@dataclass
class Hc05:
    """An HC-05; with ``firmware`` "3" and ``full`` False also an HC-06 of that firmware.

    ``full``: its button was held while it was switched on. ``held``: it still is at a restart.
    ``mute``: commands that get no answer, though they are obeyed; ``odd``: what it answers to a
    command in place of the truth.
    """

    firmware: str = "2"
    full: bool = True
    held: bool = False
    moves_at_once: bool = False
    echoes: bool = False
    delay_s: float = 0.0
    name: str = "HC-05"
    pin: str = "1234"
    role: str = "0"
    uart: str = "9600,0,0"
    forgets_pin: bool = False
    mute: frozenset[str] = frozenset()
    odd: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    in_data_mode: bool = False
    buffer: bytes = b""
    moved: bool = False

    @property
    def baud(self) -> int:
        if self.full and not self.in_data_mode:
            return 38400
        return self.data_baud if self.moved or not self.commands else self._started_baud

    @property
    def data_baud(self) -> int:
        return int(self.uart.split(",")[0])

    def __post_init__(self) -> None:
        self._started_baud = self.data_baud
        self._kept_pin = self.pin

    def hear(self, data: bytes, baud: int) -> list[Said]:
        if self.in_data_mode:
            return []
        answer_baud = self.baud
        if baud != answer_baud:
            self.buffer += bytes(byte | 0x80 for byte in data if byte not in b"\r\n")
            return []
        self.buffer += data
        said = [Said(data, baud)] if self.echoes else []
        while b"\r\n" in self.buffer:
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            said += self._obey(line, answer_baud)
        return said

    def pause(self) -> list[Said]:
        return []

    def _obey(self, line: bytes, baud: int) -> list[Said]:
        if not line:
            return []
        word = line.decode("latin-1")
        self.commands.append(word)
        answer = self.odd.get(word, None)
        if answer is None:
            answer = self._answer(word)
        key = re.split(r"[=?]", word)[0]
        if key in self.mute or word in self.mute or not answer:
            return []
        return [Said(answer.encode() + b"\r\n", baud, self.delay_s)]

    def _answer(self, word: str) -> str:
        if word == "AT":
            return "OK"
        if word == "AT+RESET":
            self._restart()
            return "OK"
        if word == "AT+RMAAD":
            return "OK" if self.firmware == "2" else "ERROR:(15)"
        asked = re.fullmatch(r"AT\+([A-Z]+)\??", word)
        if asked is not None:
            value = self._value(asked[1])
            return f"{value}\r\nOK" if value else "ERROR:(0)"
        told = re.fullmatch(r"AT\+([A-Z]+)=(.*)", word)
        return self._set(told[1], told[2]) if told is not None else "ERROR:(0)"

    def _value(self, key: str) -> str:
        shown = f'+PIN:"{self.pin}"' if self.firmware == "3" else f"+PSWD:{self.pin}"
        values = {
            "VERSION": VERSIONS[self.firmware],
            "NAME": f"+NAME:{self.name}",
            "PSWD": shown,
            "ROLE": f"+ROLE:{self.role}",
            "UART": f"+UART:{self.uart}",
            "ADDR": "+ADDR:98d3:31:fd2e5",
        }
        return values.get(key, "")

    def _set(self, key: str, value: str) -> str:
        match key:
            case "NAME":
                if not 0 < len(value) <= 32:
                    return "ERROR:(3)" if value else "ERROR:(4)"
                self.name = value
            case "PSWD":
                return self._set_pin(value)
            case "ROLE":
                if value not in {"0", "1", "2"}:
                    return "ERROR:(11)"
                self.role = value
            case "UART":
                return self._set_uart(value)
            case _:
                return "ERROR:(0)"
        return "OK"

    def _set_pin(self, value: str) -> str:
        quoted = re.fullmatch(r'"(.*)"', value)
        if (self.firmware == "3") != (quoted is not None):
            return "ERROR:(1D)" if self.firmware == "3" else "ERROR:(0)"
        pin = value.strip('"')
        if len(pin) > 16:
            return "ERROR:(10)"
        self.pin = pin
        if not self.forgets_pin:
            self._kept_pin = pin
        return "OK"

    def _set_uart(self, value: str) -> str:
        found = re.fullmatch(r"(\d+),([01]),([012])", value)
        if found is None or int(found[1]) not in SPEEDS.values() or int(found[1]) < 4800:
            return "ERROR:(12)"
        self.uart = value
        self.moved = self.moves_at_once
        return "OK"

    def _restart(self) -> None:
        self.pin = self._kept_pin
        self.moved = True
        self.buffer = b""
        # Only a module whose button is held comes back in command mode; an HC-06 always does.
        self.in_data_mode = self.full and not self.held


@dataclass
class Hc06:
    """An HC-06 with firmware linvor 1.8 (or ``version``): no line ends, it answers a pause."""

    version: str = "OKlinvorV1.8"
    name: str = "linvor"
    pin: str = "1234"
    baud: int = 9600
    delay_s: float = 0.0
    overlooks_line_ends: bool = False
    echoes: bool = False
    mute: frozenset[str] = frozenset()
    stays: bool = False
    commands: list[str] = field(default_factory=list)
    buffer: bytes = b""

    def hear(self, data: bytes, baud: int) -> list[Said]:
        garbled = bytes(byte | 0x80 for byte in data)
        self.buffer += data if baud == self.baud else garbled
        return [Said(data, baud)] if self.echoes and baud == self.baud else []

    def pause(self) -> list[Said]:
        word, self.buffer = self.buffer.decode("latin-1"), b""
        if self.overlooks_line_ends:
            word = word.rstrip("\r\n")
        if not word:
            return []
        self.commands.append(word)
        baud = self.baud
        answer = self._answer(word)
        muted = any(word.startswith(mute) for mute in self.mute)
        return [Said(answer.encode(), baud, self.delay_s)] if answer and not muted else []

    def _answer(self, word: str) -> str:
        if word == "AT":
            return "OK"
        if word == "AT+VERSION":
            return self.version
        if found := re.fullmatch(r"AT\+NAME(.{1,20})", word):
            self.name = found[1]
            return "OKsetname"
        if found := re.fullmatch(r"AT\+PIN(\d{4})", word):
            self.pin = found[1]
            return "OKsetPIN"
        if found := re.fullmatch(r"AT\+BAUD([1-9AB])", word):
            baud = sorted(SPEEDS.values())[int(found[1], 16) - 1]
            self.baud = self.baud if self.stays else baud
            return f"OK{baud}"
        return ""


Radio = Hc05 | Hc06


class Wire:
    """A module at a line without time: makes exchanges as the cable does, at once.

    What comes after an exchange's patience is heard in the next one, before its answer.
    """

    def __init__(self, module: Radio) -> None:
        self.module = module
        self.exchanges: list[Exchange] = []
        self._late: deque[Said] = deque()

    def exchange(self, step: Exchange) -> bytes:
        self.exchanges.append(step)
        late = [said.heard_at(step.baud) for said in self._late]
        self._late.clear()
        said = [*self.module.hear(step.sent, step.baud), *self.module.pause()]
        self._late.extend(each for each in said if each.delay_s > step.patience_s)
        came = [each.heard_at(step.baud) for each in said if each.delay_s <= step.patience_s]
        return b"".join([*late, *came])


class OnPty:
    """A module behind a pseudo terminal at ``path``; it hears at the speed the host has set.

    ``pause_s``: what an HC-06 takes for the end of a command. ``pulled_at``: after so many
    commands the cable is pulled. ``stream``: what comes without being asked, again and again.
    """

    def __init__(
        self,
        module: Radio,
        path: Path,
        *,
        pause_s: float = 0.03,
        pulled_at: int | None = None,
        stream: bytes = b"",
    ) -> None:
        self.module = module
        self._path = path
        self._pause_s = pause_s
        self._pulled_at = pulled_at
        self._stream = stream
        self._done = threading.Event()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        path.symlink_to(os.ttyname(self._slave))
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._slave)
            self._serve()
        os.close(self._master)

    def _serve(self) -> None:
        while not self._done.is_set():
            if self._stream and self._host():
                os.write(self._master, self._stream)
            try:
                readable = select.select([self._master], [], [], self._pause_s)[0]
                data = os.read(self._master, 4096) if readable else b""
            except OSError:
                # No host has the port open.
                time.sleep(self._pause_s)
                continue
            said = self.module.hear(data, self._speed()) if data else self.module.pause()
            if self._pulled_at is not None and len(self.module.commands) >= self._pulled_at:
                return
            for each in said:
                time.sleep(each.delay_s)
                os.write(self._master, each.heard_at(self._speed()))

    def _host(self) -> bool:
        poll = select.poll()
        poll.register(self._master, 0)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    def _speed(self) -> int:
        return SPEEDS.get(termios.tcgetattr(self._master)[5], 0)
