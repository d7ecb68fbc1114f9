"""Old figures: every minute of a patient becomes one row of ``trends``, then its rows go.

One step takes one minute of one patient from one table, in one transaction: a step that was cut off
has not been, and nothing is counted twice. Minimum, median, maximum and counts are exact.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ecgd.model.finding import Outcome, RiskLevel
from ecgd.store.marks import Due, due_rows
from ecgd.store.results import ENSEMBLE, RULES
from ecgd.store.rows import to_json

MINUTE_S = 60
MINUTES_A_STEP = 8
"""So many minutes are taken in one transaction: a few milliseconds."""

_NEAR_ROWS = 10_000
"""A minute whose rows go on within so many ids is under way; farther off, a clock was set back."""

_log = logging.getLogger(__name__)

Row = sqlite3.Row
Section = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Compaction:
    """One table on its way into ``trends``; ``marker`` is a column that only it fills."""

    table: str
    columns: str
    marker: str
    summarise: Callable[[Sequence[Row]], Section]


@dataclass(frozen=True, slots=True)
class CompactMinutes:
    """Compact the oldest minutes that are due; returns how many rows went, 0: nothing is due."""

    compaction: Compaction
    keep_days: float
    now_unix_s: float | None

    def apply(self, connection: sqlite3.Connection) -> int:
        due = due_rows(connection, self.compaction.table, self.keep_days, self.now_unix_s)
        removed = 0
        for _ in range(MINUTES_A_STEP):
            found = self._oldest(connection, due)
            if found is None:
                break
            removed += self._compact(connection, *found)
        return removed

    def _oldest(self, connection: sqlite3.Connection, due: Due) -> tuple[int, int, int] | None:
        """Return user, minute and last id of the minute that is to go next."""
        table = self.compaction.table
        head = connection.execute(
            f"SELECT user_id, timestamp FROM {table} WHERE id <= ? ORDER BY id LIMIT 1",
            (due.marked_id,),
        ).fetchone()
        if head is not None:
            minute = int(head[1] // MINUTE_S) * MINUTE_S
            under_way = self._goes_on(connection, head[0], minute, due.marked_id)
            return None if under_way else (head[0], minute, due.marked_id)
        return self._oldest_stamped(connection, due)

    def _oldest_stamped(
        self, connection: sqlite3.Connection, due: Due
    ) -> tuple[int, int, int] | None:
        before = int(due.before_unix_s // MINUTE_S) * MINUTE_S
        for (user,) in connection.execute("SELECT id FROM users").fetchall():
            row = connection.execute(
                f"SELECT timestamp FROM {self.compaction.table} WHERE user_id = ?"
                " AND timestamp < ? AND id <= ? ORDER BY timestamp LIMIT 1",
                (user, before, due.stamped_id),
            ).fetchone()
            if row is not None:
                return user, int(row[0] // MINUTE_S) * MINUTE_S, due.stamped_id
        return None

    def _goes_on(
        self, connection: sqlite3.Connection, user: int, minute: int, last_id: int
    ) -> bool:
        row = connection.execute(
            f"SELECT 1 FROM {self.compaction.table} WHERE user_id = ? AND timestamp >= ?"
            " AND timestamp < ? AND id > ? AND id <= ? LIMIT 1",
            (user, minute, minute + MINUTE_S, last_id, last_id + _NEAR_ROWS),
        ).fetchone()
        return row is not None

    def _section(self, rows: Sequence[Row]) -> Section:
        """Summarise a minute; of rows that make no sense only their number is kept."""
        try:
            return self.compaction.summarise(rows)
        except (TypeError, ValueError, AttributeError):
            _log.exception("old rows of %s make no sense", self.compaction.table)
            return {self.compaction.marker: len(rows)}

    def _compact(self, connection: sqlite3.Connection, user: int, minute: int, last_id: int) -> int:
        where = "user_id = ? AND timestamp >= ? AND timestamp < ? AND id <= ?"
        values = (user, minute, minute + MINUTE_S, last_id)
        cursor = connection.cursor()
        cursor.row_factory = sqlite3.Row
        rows = cursor.execute(
            f"SELECT {self.compaction.columns} FROM {self.compaction.table}"
            f" WHERE {where} ORDER BY id",
            values,
        ).fetchall()
        _keep(connection, user, minute, self.compaction.marker, self._section(rows))
        gone = connection.execute(f"DELETE FROM {self.compaction.table} WHERE {where}", values)
        return gone.rowcount


def _keep(
    connection: sqlite3.Connection, user: int, minute: int, marker: str, section: Section
) -> None:
    """Fill a section of a minute's row; a minute that comes twice (a clock set back) gets two."""
    free, taken = connection.execute(
        f"SELECT min(iif({marker} IS NULL, pass, NULL)), max(pass) FROM trends"
        " WHERE user_id = ? AND timestamp = ?",
        (user, minute),
    ).fetchone()
    if free is None:
        free = 0 if taken is None else taken + 1
        connection.execute("INSERT INTO trends (user_id, timestamp, pass) VALUES (?, ?, ?)", (
            user, minute, free,
        ))  # fmt: skip
    changes = ", ".join(f"{name} = ?" for name in section)
    connection.execute(
        f"UPDATE trends SET {changes} WHERE user_id = ? AND timestamp = ? AND pass = ?",
        (*section.values(), user, minute, free),
    )


def _heartbeats(rows: Sequence[Row]) -> Section:
    rates = _known(rows, "bpm")
    anomalies = Counter(_known(rows, "anomaly_type"))
    return {
        "heartbeats": len(rows),
        "bpm_count": len(rates),
        "bpm_min": min(rates, default=None),
        "bpm_median": median(rates) if rates else None,
        "bpm_max": max(rates, default=None),
        "anomalies": anomalies.total(),
        "anomaly_type": anomalies.most_common(1)[0][0] if anomalies else None,
    }


def _verdicts(rows: Sequence[Row]) -> Section:
    ruled = [row for row in rows if row["model_name"] == RULES]
    outcomes = Counter(row["outcome"] for row in ruled)
    risks = {row["risk_level"] for row in ruled}
    quality = _known(ruled, "confidence")
    scores = _known([row for row in rows if row["model_name"] == ENSEMBLE], "prediction")
    return {
        "verdicts": len(ruled),
        "anomaly_verdicts": outcomes[Outcome.ANOMALY],
        "unjudged_verdicts": outcomes[Outcome.CANNOT_JUDGE],
        "risk_level": next((risk.value for risk in RiskLevel if risk in risks), None),
        "quality_median": median(quality) if quality else None,
        "st_mv": _st_mv(ruled),
        "score_max": max(scores, default=None),
    }


def _st_mv(rows: Iterable[Row]) -> str | None:
    """Return least, median and greatest ST level of each lead, as JSON."""
    levels: dict[str, list[float]] = {}
    for row in rows:
        for lead, level_mv in json.loads(row["features"] or "{}").get("st_mv", {}).items():
            levels.setdefault(lead, []).append(level_mv)
    figures = {lead: [min(mv), round(median(mv), 5), max(mv)] for lead, mv in levels.items()}
    return to_json(figures) if figures else None


def _reports(rows: Sequence[Row]) -> Section:
    battery_mv = _known(rows, "battery_mv")
    off = {name for text in _known(rows, "electrodes_off") for name in json.loads(text)}
    return {
        "reports": len(rows),
        "connected_reports": sum(row["bluetooth_connected"] for row in rows),
        "battery_level_min": min(_known(rows, "battery_level"), default=None),
        "battery_mv_median": median(battery_mv) if battery_mv else None,
        "contact_min": min(_known(rows, "electrode_contact_quality"), default=None),
        "electrodes_off": to_json(sorted(off)) if off else None,
        "saturated_count": max(_known(rows, "saturated_count"), default=None),
        "overrun_count": max(_known(rows, "overrun_count"), default=None),
    }


def _known(rows: Iterable[Row], column: str) -> list[Any]:
    return [row[column] for row in rows if row[column] is not None]


COMPACTIONS = (
    Compaction("heartbeats", "bpm, anomaly_type", "heartbeats", _heartbeats),
    Compaction(
        "analysis_results",
        "model_name, outcome, risk_level, confidence, prediction, features",
        "verdicts",
        _verdicts,
    ),
    Compaction(
        "device_status",
        "bluetooth_connected, battery_level, battery_mv, electrode_contact_quality,"
        " electrodes_off, saturated_count, overrun_count",
        "reports",
        _reports,
    ),
)
"""Every table that is compacted, and how."""
