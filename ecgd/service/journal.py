"""Sends records with fields to systemd's journal (systemd.journal-fields(7))."""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

SOCKET = "/run/systemd/journal/socket"
FIELD_LIMIT_BYTES = 16 * 1024
"""Longest value of one field; a datagram must fit the socket's buffer."""

Fields = Iterable[tuple[str, str]]

_PRIORITIES = ((50, 2), (40, 3), (30, 4), (20, 6), (0, 7))


def stderr_is_journal(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Return whether systemd connected this stream to the journal ($JOURNAL_STREAM)."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def native_message(fields: Fields) -> bytes:
    """Return fields in the journal's native protocol: each with its length, so any text fits."""
    message = bytearray()
    for name, value in fields:
        data = value.encode("utf-8", "replace")[:FIELD_LIMIT_BYTES]
        message += name.encode("ascii") + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
    return bytes(message)


def native_sender(path: str = SOCKET) -> Callable[[Fields], None]:
    """Return a function that sends fields to journald; it raises OSError and never blocks."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    sock.setblocking(False)

    def send(fields: Fields) -> None:
        sock.sendto(native_message(fields), path)

    return send


def journal_sender() -> Callable[[Fields], None]:
    """Return systemd-python's sender where it is installed, else our own."""
    try:
        from systemd.journal import sendv  # noqa: PLC0415 - an optional library
    except ImportError:
        return native_sender()

    def send(fields: Fields) -> None:
        sendv(*(f"{name}={value[:FIELD_LIMIT_BYTES]}" for name, value in fields))

    return send


class JournalHandler(logging.Handler):
    """Hands records to the journal; what it does not take goes to ``fallback`` as lines."""

    def __init__(self, send: Callable[[Fields], None], fallback: TextIO | None = None) -> None:
        super().__init__()
        self._send = send
        self._fallback = fallback or sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._send(record_fields(record))
        except OSError:
            self._fallback.write(f"<{priority(record.levelno)}>{self.format(record)}\n")
            self._fallback.flush()


def priority(level: int) -> int:
    """Return syslog's priority for a level of logging."""
    return next(number for least, number in _PRIORITIES if level >= least)


def record_fields(record: logging.LogRecord) -> list[tuple[str, str]]:
    """Return a record as journal fields; its event and facts become ECGD_… fields."""
    fields = [
        ("MESSAGE", record.getMessage()),
        ("PRIORITY", str(priority(record.levelno))),
        ("SYSLOG_IDENTIFIER", "ecgd"),
        ("LOGGER", record.name),
        ("THREAD_NAME", record.threadName or ""),
        ("CODE_FILE", record.pathname),
        ("CODE_LINE", str(record.lineno)),
        ("CODE_FUNC", record.funcName),
    ]
    if record.exc_text:
        fields.append(("EXCEPTION", record.exc_text))
    elif record.exc_info and record.exc_info[0]:
        fields.append(("EXCEPTION", "".join(traceback.format_exception(*record.exc_info))))
    facts: dict[str, str] = getattr(record, "facts", {})
    return fields + [(f"ECGD_{name.upper()}", value) for name, value in facts.items()]
