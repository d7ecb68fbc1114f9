"""The account of what could have been seen, hour by hour, on its way into the database."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from ecgd.model.coverage import CoverageSum, Danger, Unseen
from ecgd.store.operations import user_id
from ecgd.store.rows import to_json


@dataclass(frozen=True, slots=True)
class AddCoverage:
    """A part of an hour, added to what is stored of it; a restart goes on where it was."""

    patient_id: str
    added: CoverageSum
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        user = user_id(connection, self.patient_id, self.at_unix_s)
        row = connection.execute(
            "SELECT hour_unix_s, from_unix_s, watched_s, unseen FROM coverage"
            " WHERE user_id = ? AND hour_unix_s = ?",
            (user, self.added.hour_unix_s),
        ).fetchone()
        total = self.added if row is None else sum_of(row) + self.added
        connection.execute(
            "INSERT OR REPLACE INTO coverage"
            " (user_id, hour_unix_s, from_unix_s, watched_s, unseen) VALUES (?, ?, ?, ?, ?)",
            (
                user,
                total.hour_unix_s,
                total.from_unix_s,
                total.watched_s,
                to_json(rounded(total.unseen_s)),
            ),
        )
        return user


def rounded(unseen_s: Unseen) -> dict[str, dict[str, float]]:
    """Return the seconds as they are kept: to a hundredth."""
    return {
        danger.value: {reason: round(each_s, 2) for reason, each_s in reasons.items()}
        for danger, reasons in unseen_s.items()
    }


def sum_of(row: Any) -> CoverageSum:
    """Return the sum of a row; one that a flipped bit made unreadable counts as not watched."""
    hour, from_unix_s, watched_s, text = row
    try:
        unseen_s = {
            Danger(danger): {str(reason): float(each_s) for reason, each_s in reasons.items()}
            for danger, reasons in json.loads(text).items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        return CoverageSum(int(hour), float(from_unix_s))
    return CoverageSum(int(hour), float(from_unix_s), float(watched_s), unseen_s)
