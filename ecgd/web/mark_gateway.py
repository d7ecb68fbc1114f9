"""What the route for marks needs of the daemon."""

from __future__ import annotations

from typing import Protocol

from ecgd.errors import ControlError
from ecgd.model.alert_mark import AlertMark, Verdict


class UnmarkableAlertError(ControlError):
    """No alert has this id."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(
            f"no alert has the id {alert_id!r:.60}",
            "GET /v1/alerts (ecgctl alerts list) shows the alerts",
        )


class MarkGateway(Protocol):
    """What people say of alerts, whether they stand or are long over."""

    async def mark_alert(
        self, alert_id: str, verdict: Verdict, by: str, note: str
    ) -> tuple[AlertMark, ...]:
        """Keep a verdict and return all of this alert, oldest first, once it is on the disk.

        Raises UnmarkableAlertError, and StoreError while the disk is at fault; the mark then waits
        in memory.
        """
        ...
