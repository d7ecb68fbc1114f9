"""Stored verdicts as they are judged anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from itertools import repeat
from typing import Any, Final, NamedTuple

from ecgd.model.alert_mark import Verdict
from ecgd.model.finding import (
    ConfounderKind,
    EnsembleScore,
    EventType,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StRule,
)
from ecgd.model.past_window import PastAlert, PastLead, PastWindow
from ecgd.model.rhythm import UNKNOWN
from ecgd.store.reader import StoreReader
from ecgd.store.results import ENSEMBLE, RULES

_KINDS: Final = {kind.value: kind for kind in EventType}
_NEW: Final = "is_clearly_new"

ROWS_AT_ONCE: Final = 4000
"""Rows of one look at the database: no snapshot lasts long enough to keep its log from folding."""

_ROWS: Final = """
SELECT id, user_id, timestamp, outcome, risk_level, model_name, start_index, end_index, features
FROM analysis_results
WHERE id > :after AND id <= :last AND timestamp >= :start AND timestamp < :end
    AND model_name IN (:rules, :ensemble) AND (:user IS NULL OR +user_id = :user)
ORDER BY id LIMIT :limit
"""

_BOUNDS: Final = """
SELECT min(id), max(id) FROM analysis_results
WHERE user_id = :user AND timestamp >= :start AND timestamp < :end
"""

_ALERTS: Final = """
SELECT alert_id, patient_id, event_type, severity, timestamp, simulated, config_hash,
    acknowledged_unix_s, (SELECT verdict FROM alert_marks
        WHERE alert_marks.alert_id = alerts.alert_id ORDER BY id DESC LIMIT 1) AS verdict
FROM alerts JOIN users ON users.id = alerts.user_id
WHERE alerts.timestamp >= ? AND event_type IN ({}) ORDER BY alerts.id
"""


class Progress(NamedTuple):
    """How far a scan is: ``done`` of ``total`` rows."""

    done: int
    total: int


class PastWindowReader(StoreReader):
    """Reads stored windows. Raises StoreError as every reader does."""

    def past_windows(
        self,
        patient_ids: Collection[str],
        start_unix_s: float,
        end_unix_s: float,
        looked: Callable[[Progress], None] = lambda _: None,
    ) -> Iterator[tuple[str, PastWindow]]:
        """Yield patient and window, in order of arrival; the networks' answer joined.

        One pass over the table, a few rows at a time: nothing is held meanwhile, and what the
        daemon adds after the call is not seen.
        """
        users = {user: name for user, name in self._users().items() if name in patient_ids}
        values: dict[str, Any] = {"start": start_unix_s, "end": end_unix_s}
        bounds = [self._rows(_BOUNDS, values | {"user": user})[0] for user in users]
        firsts = [first for first, _ in bounds if first is not None]
        if not firsts:
            return
        after, last = min(firsts) - 1, max(last for _, last in bounds if last is not None)
        values |= {"rules": RULES, "ensemble": ENSEMBLE, "last": last, "limit": ROWS_AT_ONCE}
        values["user"] = next(iter(users)) if len(users) == 1 else None
        total, pairs = last - after, _Pairs()
        while rows := self._rows(_ROWS, values | {"after": after}):
            for row in rows:
                if row["user_id"] in users:
                    yield from ((users[user], window) for user, window in pairs.take(row))
            after = rows[-1]["id"]
            looked(Progress(total - (last - after), total))
        yield from ((users[user], window) for user, window in pairs.rest())

    def has_scores(self, patient_id: str, start_unix_s: float, end_unix_s: float) -> bool:
        """Tell whether networks answered in this time."""
        found = self._rows(
            "SELECT 1 FROM analysis_results WHERE model_name = ? AND timestamp >= ?"
            " AND timestamp < ? AND user_id = (SELECT id FROM users WHERE patient_id = ?) LIMIT 1",
            (ENSEMBLE, start_unix_s, end_unix_s, patient_id),
        )
        return bool(found)

    def past_alerts(
        self, since_unix_s: float, kinds: Collection[EventType]
    ) -> tuple[PastAlert, ...]:
        """Return the alerts of some kinds, the oldest first."""
        query = _ALERTS.format(", ".join("?" * len(kinds)))
        rows = self._rows(query, (since_unix_s, *(kind.value for kind in kinds)))
        return tuple(map(_past_alert, rows))

    def _users(self) -> dict[int, str]:
        return {row[0]: str(row[1]) for row in self._rows("SELECT id, patient_id FROM users")}


class _Pairs:
    """Joins the networks' answer to the rules' row of the same window, which comes before it."""

    def __init__(self) -> None:
        self._waiting: dict[int, sqlite3.Row] = {}

    def take(self, row: sqlite3.Row) -> Iterator[tuple[int, PastWindow]]:
        user = row["user_id"]
        if row["model_name"] == RULES:
            before = self._waiting.get(user)
            self._waiting[user] = row
            if before is not None:
                yield user, _window(before, None)
            return
        before = self._waiting.get(user)
        place = (row["start_index"], row["end_index"])
        if before is not None and (before["start_index"], before["end_index"]) == place:
            del self._waiting[user]
            yield user, _window(before, row)

    def rest(self) -> Iterator[tuple[int, PastWindow]]:
        yield from ((user, _window(row, None)) for user, row in self._waiting.items())


def _past_alert(row: sqlite3.Row) -> PastAlert:
    verdict = row["verdict"]
    return PastAlert(
        alert_id=row["alert_id"],
        patient_id=row["patient_id"],
        event_type=EventType(row["event_type"]),
        severity=Severity[row["severity"]],
        at_unix_s=row["timestamp"],
        simulated=bool(row["simulated"]),
        config_hash=row["config_hash"],
        acknowledged_unix_s=row["acknowledged_unix_s"],
        verdict=None if verdict is None else Verdict(verdict),
    )


def _window(row: sqlite3.Row, scored: sqlite3.Row | None) -> PastWindow:
    figures = _figures(row)
    opinion = {} if scored is None else _figures(scored)
    levels, more = figures.get("st_mv") or {}, figures.get("st_more")
    rows = more if isinstance(more, list) and len(more) == len(levels) else repeat([])
    named = set(figures.get("findings") or ())
    if opinion and ConfounderKind.HYPERKALAEMIA.value not in (figures.get("confounders") or ()):
        # The rules know this kind by that pattern alone; what the networks say is asked again.
        named.discard(EventType.CARDIAC_ANOMALY.value)
    risk = row["risk_level"]
    return PastWindow(
        at_unix_s=row["timestamp"],
        outcome=Outcome(row["outcome"]),
        risk_level=None if risk is None else RiskLevel(risk),
        rhythm=RhythmFinding(
            label=figures.get("rhythm", UNKNOWN),
            heart_rate_bpm=figures.get("heart_rate_bpm"),
            longest_pause_s=figures.get("longest_pause_s"),
            lasted_s=figures.get("lasted_s", 0.0),
            fibrillates=figures.get("fibrillates"),
            fast_bpm=figures.get("fast_bpm"),
            slow_bpm=figures.get("slow_bpm"),
        ),
        leads=tuple(map(_lead, levels, levels.values(), rows)),
        rule=StRule(figures.get("st_rule", StRule.PLAIN)),
        scores=_score(opinion),
        kinds=frozenset(_KINDS[name] for name in named if name in _KINDS),
        ectopy_per_min=figures.get("ectopy_per_min"),
        detailed=(not levels or more is not None) and (not opinion or _NEW in opinion),
    )


def _lead(lead: str, level_mv: float, more: list[int | None]) -> PastLead:
    if not more:
        return PastLead(lead, level_mv)
    error_uv, change_uv = more[0], more[1]
    return PastLead(
        lead,
        level_mv,
        None if error_uv is None else error_uv / 1000,
        None if change_uv is None else change_uv / 1000,
        len(more) > 2,
    )


def _score(figures: dict[str, Any]) -> EnsembleScore | None:
    fused = figures.get("fused")
    if not isinstance(fused, int | float):
        return None
    told = figures.get("told") or ()
    return EnsembleScore(
        (),
        fused,
        fused,
        0,
        labels=tuple((f"{ENSEMBLE}: {label}", 1.0) for label in told),
        is_usual=bool(figures.get("is_usual")),
        is_clearly_new=bool(figures.get(_NEW)),
        explained_by=str(figures.get("explained_by") or ""),
    )


def _figures(row: sqlite3.Row) -> dict[str, Any]:
    try:
        figures = json.loads(row["features"] or "{}")
    except (ValueError, RecursionError):
        return {}
    return figures if isinstance(figures, dict) else {}
