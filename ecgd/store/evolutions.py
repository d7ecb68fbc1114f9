"""The course of ST, T and Q of each patient, over restarts."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ecgd.store.operations import replace_record, user_id


@dataclass(frozen=True, slots=True)
class SaveEvolution:
    """The course of one patient's ST, T and Q, to be taken up after a restart."""

    patient_id: str
    record: str
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        user = user_id(connection, self.patient_id, self.at_unix_s)
        replace_record(connection, ("evolutions", "record"), user, self.record, self.at_unix_s)
        return user
