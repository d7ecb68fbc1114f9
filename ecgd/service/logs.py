"""Log records: one queue in, journal or lines out, and nobody ever waits for a disk.

``log_event`` adds facts to a record. Under systemd they are fields of the journal
(``journalctl -u ecgd ECGD_EVENT=alert``), elsewhere they stand at the end of the line.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import sys
import threading
import time
from collections.abc import Mapping
from enum import Enum
from logging.handlers import QueueHandler, RotatingFileHandler
from pathlib import Path
from typing import TextIO

from ecgd.config.settings import DaemonSettings
from ecgd.model.status import PartHealth
from ecgd.service.journal import JournalHandler, journal_sender, stderr_is_journal

QUEUE_LIMIT = 4096
FILE_LIMIT_BYTES = 5 * 1024 * 1024
FILES_KEPT = 5

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_A_FIELD = re.compile(r"[^A-Za-z0-9_]")


def log_event(
    logger: logging.Logger,
    event: str,
    message: str,
    *,
    level: int = logging.INFO,
    patient: str | None = None,
    **facts: object,
) -> None:
    """Log an event: ``event`` and ``patient`` and all ``facts`` that are not None as fields.

    ``log_event(log, "alert", "STEMI", patient="anna", severity=Severity.CRITICAL)`` gives
    ECGD_EVENT=alert, ECGD_PATIENT=anna, ECGD_SEVERITY=CRITICAL. Never blocks, never raises.
    """
    named = {"event": event, "patient": patient, **facts}
    texts = {
        _NOT_A_FIELD.sub("_", name): _text(value)
        for name, value in named.items()
        if value is not None
    }
    logger.log(level, "%s", message, extra={"facts": texts}, stacklevel=2)


class Lines(logging.Formatter):
    """One readable line per record, controls made harmless; a traceback follows it."""

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        facts: dict[str, str] = getattr(record, "facts", {})
        pairs = "".join(f" {name}={_quoted(value)}" for name, value in facts.items())
        text = _CONTROL.sub("�", record.getMessage())
        line = f"{seconds}.{int(record.msecs):03d} {record.levelname:<8} {text}{pairs}"
        return f"{line}\n{record.exc_text}" if record.exc_text else line


class BoundedQueueHandler(QueueHandler):
    """Puts records on a queue and counts those that found no room."""

    def __init__(self, records: queue.Queue[logging.LogRecord | None]) -> None:
        super().__init__(records)
        self.dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Render what may change later: the message and the traceback."""
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        self.dropped += 1


class Logs:
    """The daemon's logging, from ``start_logs`` to ``close``."""

    def __init__(self, level: int, outputs: list[logging.Handler], problem: str = "") -> None:
        self._outputs = outputs
        self._problem = problem
        self._failed = 0
        self._records: queue.Queue[logging.LogRecord | None] = queue.Queue(QUEUE_LIMIT)
        self._entry = BoundedQueueHandler(self._records)
        self._thread = threading.Thread(target=self._write, name="ecgd-log", daemon=True)
        self._thread.start()
        root = logging.getLogger()
        self._before = (root.level, root.handlers[:])
        root.handlers[:] = [self._entry]
        root.setLevel(level)
        for noisy in ("urllib3", "asyncio", "aiohttp.access"):
            logging.getLogger(noisy).setLevel(max(level, logging.WARNING))

    @property
    def dropped(self) -> int:
        """Records that found no room or could not be written."""
        return self._entry.dropped + self._failed

    @property
    def depth(self) -> int:
        """Records that wait to be written."""
        return self._records.qsize()

    def health(self) -> PartHealth:
        """Say whether records are written."""
        troubles = [self._problem] if self._problem else []
        if self.dropped:
            troubles.append(f"{self.dropped} records lost")
        return PartHealth("log", not troubles, "; ".join(troubles) or "writing")

    def close(self, timeout_s: float = 1.0) -> None:
        """Write what waits, for ``timeout_s`` at most, and give logging back."""
        root = logging.getLogger()
        root.level, root.handlers[:] = self._before
        deadline_s = time.monotonic() + timeout_s
        try:
            self._records.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(max(0.0, deadline_s - time.monotonic()))

    def _write(self) -> None:
        while (record := self._records.get()) is not None:
            for output in self._outputs:
                if record.levelno >= output.level:
                    self._write_one(output, record)
        for output in self._outputs:
            output.close()

    def _write_one(self, output: logging.Handler, record: logging.LogRecord) -> None:
        try:
            output.handle(record)
        except Exception:  # noqa: BLE001 - a full disk or a closed terminal must not end logging
            self._failed += 1


class _Loud(logging.Handler):
    """Lets errors out, so that they are counted instead of printed."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        error = sys.exception()
        if error is not None:
            raise error


class _Stream(_Loud, logging.StreamHandler[TextIO]):
    pass


class _File(_Loud, RotatingFileHandler):
    pass


def start_logs(
    settings: DaemonSettings,
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> Logs:
    """Send all logging of the process to the journal or to ``stream`` (stderr), and to a file.

    The file (``log_file``) rotates: 5 old ones of 5 MiB are kept. If it cannot be opened, the
    rest works and ``health`` says so.
    """
    stream = sys.stderr if stream is None else stream
    environ = os.environ if environ is None else environ
    outputs: list[logging.Handler] = []
    problem = ""
    # Python has no stderr at all where the descriptor was closed before the start.
    if stream is None:
        problem = "stderr is closed"
    elif stderr_is_journal(environ, stream):
        outputs.append(JournalHandler(journal_sender(), stream))
    else:
        outputs.append(_Stream(stream))
    if settings.log_file:
        try:
            outputs.append(_file(settings.log_file))
        except OSError as error:
            problem = f"log file {settings.log_file}: {error.strerror}"
    for output in outputs:
        output.setFormatter(Lines())
    logs = Logs(getattr(logging, settings.log_level.upper()), outputs, problem)
    if problem:
        logging.getLogger(__name__).error("%s", problem)
    return logs


def _file(name: str) -> _File:
    path = Path(name).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    return _File(path, maxBytes=FILE_LIMIT_BYTES, backupCount=FILES_KEPT, encoding="utf-8")


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _quoted(value: str) -> str:
    clean = _CONTROL.sub("�", value)
    return f'"{clean}"' if " " in clean or not clean else clean
