from __future__ import annotations

import io
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from ecgd.config.settings import DaemonSettings
from ecgd.model.finding import EventType, Severity
from ecgd.model.status import PartHealth
from ecgd.service import journal, logs
from ecgd.service.journal import JournalHandler, native_message, native_sender, record_fields
from ecgd.service.logs import Logs, log_event, start_logs

logger = logging.getLogger("ecgd.test")


@contextmanager
def logging_to(stream: TextIO, settings: DaemonSettings | None = None) -> Iterator[Logs]:
    running = start_logs(settings or DaemonSettings(), stream=stream, environ={})
    try:
        yield running
    finally:
        running.close()


def test_event_is_one_readable_line_with_its_facts() -> None:
    out = io.StringIO()
    with logging_to(out):
        log_event(
            logger,
            "alert",
            "ST elevation in II, III, aVF",
            level=logging.WARNING,
            patient="anna",
            severity=Severity.CRITICAL,
            event_type=EventType.STEMI_DETECTED,
            confidence=0.912345678,
            territory="high lateral",
            nothing=None,
        )
    [line] = out.getvalue().splitlines()
    assert line[4] == line[7] == "-"
    assert line[24:] == (
        "WARNING  ST elevation in II, III, aVF event=alert patient=anna severity=CRITICAL "
        'event_type=STEMI_DETECTED confidence=0.912346 territory="high lateral"'
    )


def test_foreign_text_cannot_forge_a_line() -> None:
    out = io.StringIO()
    with logging_to(out):
        log_event(logger, "link", "device said: x\n2026 CRITICAL forged", device="a\r\nb\x1b[2J")
    [line] = out.getvalue().splitlines()
    assert "\x1b" not in line


def test_level_is_that_of_the_settings_and_comes_back_at_close() -> None:
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    out = io.StringIO()
    with logging_to(out, DaemonSettings(log_level="warning")):
        logger.info("too light")
        logger.warning("heavy %s", "enough")
    assert "too light" not in out.getvalue()
    assert "heavy enough" in out.getvalue()
    assert (root.level, root.handlers[:]) == before


def test_traceback_follows_its_line() -> None:
    out = io.StringIO()
    with logging_to(out):
        try:
            int("boom")
        except ValueError:
            logger.exception("it failed")
    text = out.getvalue()
    assert "it failed\nTraceback" in text
    assert text.endswith("base 10: 'boom'\n")


def test_arguments_are_rendered_when_logged() -> None:
    out, changing = io.StringIO(), ["before"]
    with logging_to(out):
        logger.info("%s", changing)
        changing[0] = "after"
    assert "before" in out.getvalue()


class Blocked(io.StringIO):
    """A terminal that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def write(self, text: str) -> int:
        self.free.wait(20.0)
        return super().write(text)


def test_blocked_output_never_blocks_the_caller_and_losses_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "QUEUE_LIMIT", 50)
    out = Blocked()
    running = start_logs(DaemonSettings(), stream=out, environ={})
    began_s = time.monotonic()
    for n in range(500):
        logger.warning("line %d", n)
    assert time.monotonic() - began_s < 5.0
    assert running.depth == 50
    assert 440 <= running.dropped <= 450
    health = running.health()
    assert not health.healthy
    assert "records lost" in health.detail
    began_s = time.monotonic()
    running.close(timeout_s=0.2)
    assert time.monotonic() - began_s < 2.0
    out.free.set()


def test_closed_output_is_counted_and_nothing_raises() -> None:
    out = io.StringIO()
    running = start_logs(DaemonSettings(), stream=out, environ={})
    out.close()
    logger.warning("into the void")
    running.close()
    assert running.dropped == 1


def test_record_that_cannot_be_rendered_is_counted() -> None:
    out = io.StringIO()
    with logging_to(out) as running:
        logger.warning("%d", "no number")
        logger.warning("after")
    assert running.dropped == 1
    assert "after" in out.getvalue()


def test_log_file_gets_the_same_lines_and_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "FILE_LIMIT_BYTES", 2000)
    monkeypatch.setattr(logs, "FILES_KEPT", 2)
    path = tmp_path / "new" / "ecgd.log"
    out = io.StringIO()
    with logging_to(out, DaemonSettings(log_file=str(path))) as running:
        for n in range(200):
            logger.info("line %d", n)
        assert running.health().healthy
    assert "line 199" in path.read_text()
    assert "line 0\n" in out.getvalue()
    kept = sorted(path.parent.iterdir())
    assert [one.name for one in kept] == ["ecgd.log", "ecgd.log.1", "ecgd.log.2"]
    assert all(one.stat().st_size <= 2000 for one in kept)


def test_log_file_that_cannot_be_opened_is_told_and_the_rest_works(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "ecgd.log"
    out = io.StringIO()
    with logging_to(out, DaemonSettings(log_file=str(path))) as running:
        logger.warning("still here")
        assert str(path) in running.health().detail
    assert "still here" in out.getvalue()
    assert str(path) in out.getvalue()


def test_stderr_of_systemd_is_recognised_by_its_inode(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        assert stat.S_ISREG(status.st_mode)
        environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert journal.stderr_is_journal(environ, stream)
        assert not journal.stderr_is_journal({"JOURNAL_STREAM": "1:2"}, stream)
        assert not journal.stderr_is_journal({}, stream)
    assert not journal.stderr_is_journal(environ, io.StringIO())


def parsed(message: bytes) -> dict[str, str]:
    """Read the journal's native protocol, as journald's documentation describes it."""
    fields = {}
    while message:
        name, _, rest = message.partition(b"\n")
        length = int.from_bytes(rest[:8], "little")
        fields[name.decode()] = rest[8 : 8 + length].decode("utf-8", "replace")
        assert rest[8 + length : 9 + length] == b"\n"
        message = rest[9 + length :]
    return fields


def record(**facts: object) -> logging.LogRecord:
    held: list[logging.LogRecord] = []

    class Holding(logging.Handler):
        def emit(self, one: logging.LogRecord) -> None:
            held.append(one)

    handler = Holding()
    logger.addHandler(handler)
    try:
        log_event(logger, "alert", "two\nlines", level=logging.ERROR, patient="anna", **facts)
    finally:
        logger.removeHandler(handler)
    return held[0]


def test_native_message_carries_any_text() -> None:
    fields = parsed(native_message(record_fields(record(alert_id="a\nb=é"))))
    assert fields["MESSAGE"] == "two\nlines"
    assert fields["PRIORITY"] == "3"
    assert fields["SYSLOG_IDENTIFIER"] == "ecgd"
    assert fields["ECGD_EVENT"] == "alert"
    assert fields["ECGD_PATIENT"] == "anna"
    assert fields["ECGD_ALERT_ID"] == "a\nb=é"
    assert fields["CODE_FILE"] == __file__, "the place is the caller's, not log_event's"


def test_long_field_is_cut_so_that_the_datagram_fits() -> None:
    assert len(native_message([("ECGD_X", "y" * 10**6)])) < 17_000


def test_native_sender_reaches_a_datagram_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.bind(path)
        native_sender(path)([("MESSAGE", "hello")])
        assert parsed(journald.recv(4096)) == {"MESSAGE": "hello"}


def test_journal_that_is_away_gets_priority_lines_on_stderr(tmp_path: Path) -> None:
    out = io.StringIO()
    handler = JournalHandler(native_sender(str(tmp_path / "nobody")), out)
    handler.setFormatter(logs.Lines())
    handler.emit(record())
    assert out.getvalue().startswith("<3>")
    assert "event=alert patient=anna" in out.getvalue()


@pytest.mark.parametrize(("level", "priority"), [(50, 2), (40, 3), (30, 4), (20, 6), (10, 7)])
def test_priorities_are_those_of_syslog(level: int, priority: int) -> None:
    assert journal.priority(level) == priority


def test_a_process_without_stderr_logs_to_its_file_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    settings = DaemonSettings(log_file=str(tmp_path / "log"))
    running = start_logs(settings, environ={})
    try:
        logger.error("still told")
        assert running.health() == PartHealth("log", False, "stderr is closed")
    finally:
        running.close()
    assert "still told" in (tmp_path / "log").read_text()
