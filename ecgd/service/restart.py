"""What a restart takes up again: alarms, their pauses, and what was not delivered."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecgd.decision.alarm import AlarmBook, shift
from ecgd.decision.alarm_record import book_from_dict
from ecgd.errors import StoreError
from ecgd.model.alarm import OutboxItem
from ecgd.store.reader import StoreReader

_log = logging.getLogger(__name__)


def load_books(
    database: Path, *, boot_id: str, mono_s: float, unix_s: float
) -> dict[str, AlarmBook]:
    """Return every patient's alarms with times on this boot's monotonic clock.

    Within one boot the clock goes on; after another the wall clock says how much time passed.
    A database that cannot be read gives none: whatever persists is raised again.
    """
    try:
        records = StoreReader(database).alarm_books()
    except StoreError as error:
        _log.warning("alarms of the last run are not known: %s", error)
        return {}
    return {
        patient_id: _restore(patient_id, record, boot_id, mono_s, unix_s)
        for patient_id, record in records.items()
    }


def load_outbox(database: Path) -> tuple[OutboxItem, ...]:
    """Return what the last run did not deliver, the gravest and oldest first."""
    try:
        return StoreReader(database).pending_outbox()
    except StoreError as error:
        _log.warning("undelivered alerts of the last run are not known: %s", error)
        return ()


def _restore(
    patient_id: str, record: Mapping[str, Any], boot_id: str, mono_s: float, unix_s: float
) -> AlarmBook:
    book = book_from_dict(record.get("book") or {})
    for problem in book.unreadable:
        _log.warning("stored alarms of %s: %s", patient_id, problem)
    if record.get("boot_id") == boot_id and boot_id != "unknown":
        return book
    try:
        # A clock that was set back while the gateway was off makes nothing lie in the future.
        passed_s = max(0.0, unix_s - float(record["unix_s"]))
        return shift(book, mono_s - passed_s - float(record["mono_s"]))
    except (KeyError, TypeError, ValueError):
        return book
