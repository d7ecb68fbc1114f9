"""What a restart takes up again: alarms, their pauses, and what was not delivered."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from ecgd.decision.alarm import AlarmBook, shift
from ecgd.decision.alarm_book import no_later
from ecgd.decision.alarm_record import book_from_dict
from ecgd.decision.baseline_record import baseline_from_dict
from ecgd.errors import StoreError
from ecgd.model.alarm import UNKNOWN_BOOT, OutboxItem
from ecgd.model.baseline import Baseline
from ecgd.store.reader import StoreReader

_log = logging.getLogger(__name__)


def load_books(
    database: Path, *, boot_id: str, mono_s: float, unix_s: float
) -> dict[str, AlarmBook]:
    """Return every patient's alarms with times on this boot's monotonic clock.

    Within one boot the clock goes on; after another the wall clock says how much time passed.
    Raises StoreError when the database cannot be read.
    """
    records = StoreReader(database).alarm_books()
    return {
        patient_id: _restore(patient_id, record, boot_id, mono_s, unix_s)
        for patient_id, record in records.items()
    }


def load_outbox(database: Path) -> tuple[OutboxItem, ...]:
    """Return what was not delivered, the gravest and oldest first. Raises StoreError."""
    return StoreReader(database).pending_outbox()


def load_baseline(database: Path, patient_id: str) -> Baseline | None:
    """Return what was usual for one patient; None where nothing is known, or can be read."""
    try:
        record = StoreReader(database).baselines().get(patient_id)
        return baseline_from_dict(record) if record else None
    except (StoreError, ValueError) as error:
        _log.warning("what is usual for %s is learned anew: %s", patient_id, error)
        return None


def _restore(
    patient_id: str, record: Mapping[str, Any], boot_id: str, mono_s: float, unix_s: float
) -> AlarmBook:
    kept = record.get("book")
    book = book_from_dict(kept if isinstance(kept, dict) else {})
    for problem in book.unreadable:
        _log.warning("stored alarms of %s: %s", patient_id, problem)
    if record.get("boot_id") != boot_id or boot_id == UNKNOWN_BOOT:
        book = shift(book, clock_shift_s(record, mono_s, unix_s))
    return no_later(book, mono_s)


def clock_shift_s(record: Mapping[str, Any], mono_s: float, unix_s: float) -> float:
    """Return by how much another boot's monotonic times have to move; 0 where nothing is known."""
    try:
        then_mono_s, then_unix_s = float(record["mono_s"]), float(record["unix_s"])
    except (KeyError, TypeError, ValueError):
        return 0.0
    # A clock that was set back while the gateway was off makes nothing lie in the future.
    shift_s = mono_s - max(0.0, unix_s - then_unix_s) - then_mono_s
    return shift_s if isfinite(shift_s) else 0.0
