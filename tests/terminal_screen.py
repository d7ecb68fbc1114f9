"""A terminal for tests: a pseudo-terminal with a program on it, and the screen that it draws."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

_TOKEN = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b.|([^\x1b]+)", re.DOTALL)


_FRAME_BEGINS, _FRAME_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"


class ScreenModel:
    """What a terminal of ``width`` x ``height`` shows after the output it was fed.

    Knows what ecgctl live uses: positions, styles, erasing, the second screen and the cursor.
    ``printed`` is what went to the first screen, as a text.
    """

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.is_second_screen = False
        self.printed = ""
        self.is_cursor_hidden = False
        self._at = (0, 0)
        self._style = "0"

    def feed(self, text: str) -> None:
        for match in _TOKEN.finditer(text):
            arguments, command, plain = match.groups()
            if plain is not None:
                self._print(plain)
            elif command is not None:
                self._obey(arguments, command)

    def lines(self) -> list[str]:
        width, height = self.size
        return [
            "".join(self.cells.get((row, column), (" ", ""))[0] for column in range(width)).rstrip()
            for row in range(height)
        ]

    def style_at(self, text: str) -> str:
        """Return the style of the first place where ``text`` stands."""
        for row, line in enumerate(self.lines()):
            if text in line:
                return self.cells[row, line.index(text)][1]
        raise AssertionError(f"{text!r} is not on the screen")

    def _print(self, text: str) -> None:
        if not self.is_second_screen:
            self.printed += text
            return
        row, column = self._at
        for char in text:
            assert char not in "\r\n\t", "the page is placed, never scrolled"
            self.cells[row, column] = (char, self._style)
            column += 1
        assert column <= self.size[0], f"row {row} is {column} cells wide"
        self._at = (row, column)

    def _obey(self, arguments: str, command: str) -> None:
        match command, arguments:
            case "H", _:
                row, column = (int(part) - 1 for part in arguments.split(";"))
                self._at = (row, column)
            case "m", _:
                self._style = arguments
            case "J", "2":
                self.cells.clear()
            case (("h" | "l"), "?1049"):
                self.is_second_screen = command == "h"
            case (("h" | "l"), "?25"):
                self.is_cursor_hidden = command == "l"
            case (("h" | "l"), "?2026"):
                pass
            case _:
                raise AssertionError(f"unknown to this terminal: {arguments}{command}")


class TerminalProgram:
    """A program on a pseudo-terminal."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, screen: ScreenModel) -> None:
        self.process = process
        self.screen = screen
        self.raw = b""
        self.master = master
        self._undecoded = b""

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def resize(self, width: int, height: int) -> None:
        _set_size(self.master, width, height)
        self.process.send_signal(signal.SIGWINCH)
        self.screen.size = (width, height)

    def pump(self, seconds_s: float) -> None:
        """Feed the screen with what the program writes in so long."""
        until_s = time.monotonic() + seconds_s
        while (left_s := until_s - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left_s)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self.raw += data
            self._show(data)

    def wait_for(
        self, look: Callable[[list[str]], bool], what: str, patience_s: float = 20
    ) -> None:
        until_s = time.monotonic() + patience_s
        while time.monotonic() < until_s:
            self.pump(0.05)
            if look(self.screen.lines()):
                return
        shown = "\n".join(self.screen.lines())
        raise AssertionError(f"waited {patience_s:g} s for {what}; the screen shows:\n{shown}")

    def wait_for_text(self, text: str, patience_s: float = 20) -> None:
        self.wait_for(lambda lines: any(text in line for line in lines), repr(text), patience_s)

    def is_echo_on(self) -> bool:
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def _show(self, data: bytes) -> None:
        # A frame that has begun waits for its end, so that nothing is cut in the middle.
        text = self._undecoded + data
        begun = text.rfind(_FRAME_BEGINS)
        end = len(text) if begun <= text.rfind(_FRAME_ENDS) else begun
        self._undecoded = text[end:]
        self.screen.feed(text[:end].decode())


def _set_size(descriptor: int, width: int, height: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


def _control_terminal() -> None:
    """Make the terminal the one from which Ctrl-C reaches the program."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def on_terminal(
    command: Sequence[str], width: int, height: int, environ: dict[str, str]
) -> Iterator[TerminalProgram]:
    """Run a program on a terminal of its own; it is killed at the end if it still runs."""
    master, slave = pty.openpty()
    _set_size(master, width, height)
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
        start_new_session=True,
        preexec_fn=_control_terminal,  # noqa: PLW1509 - no thread holds a lock here
    )
    try:
        yield TerminalProgram(process, master, ScreenModel(width, height))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        os.close(slave)
        os.close(master)
