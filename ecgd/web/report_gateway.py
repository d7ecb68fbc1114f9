"""What the route for reports needs of the daemon."""

from __future__ import annotations

from typing import Protocol


class ReportGateway(Protocol):
    """Reports of alerts, as clinicians get them."""

    async def report_of(self, alert_id: str, kind: str | None) -> tuple[str, bytes]:
        """Return content type and content of a report that names nobody; seconds may pass.

        ``kind`` is the content type that is wanted, None: what can be drawn. Raises
        UnmarkableAlertError where no alert has this id, StoreError where no report can be made.
        """
        ...
