"""Reading what a report of an alert is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ecgd.store.reader import StoreReader

RULES = "rules"


@dataclass(frozen=True, slots=True)
class AlertMessages:
    """How an alert's messages to one target stand; ``own_waits`` is that of its report."""

    waits: bool
    delivered: bool
    own_waits: bool


class ReportReader(StoreReader):
    """Reads for reports. Raises StoreError as every reader does."""

    def alert_messages(self, alert_id: str, target: str, report_id: str) -> AlertMessages:
        """Return how an alert's messages to a target stand, that of its report apart."""
        rows = self._rows(
            "SELECT state, message_id = ? FROM outbox WHERE alert_id = ? AND target = ?",
            (report_id, alert_id, target),
        )
        others = {state for state, is_report in rows if not is_report}
        own = {state for state, is_report in rows if is_report}
        return AlertMessages("pending" in others, "delivered" in others, "pending" in own)

    def figures_before(self, alert_id: str) -> dict[str, Any]:
        """Return the figures of the newest verdict of the rules up to an alert; empty: none."""
        rows = self._rows(
            "SELECT analysis_results.features FROM alerts"
            " JOIN analysis_results ON analysis_results.recording_id = alerts.recording_id"
            " WHERE alerts.alert_id = ? AND analysis_results.model_name = ?"
            " AND analysis_results.end_index <= alerts.sample_index"
            " ORDER BY analysis_results.end_index DESC LIMIT 1",
            (alert_id, RULES),
        )
        try:
            found = json.loads(rows[0][0]) if rows else {}
        except (ValueError, TypeError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}
