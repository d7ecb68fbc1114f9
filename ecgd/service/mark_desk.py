"""What people say of alerts, over the store."""

from __future__ import annotations

import asyncio
from typing import Final

from ecgd.errors import StoreError
from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter
from ecgd.web.mark_gateway import UnmarkableAlertError

MARKED_WITHIN_S: Final = 5.0
"""A mark that is not on the disk by then is answered for as waiting."""


class MarkDesk:
    """Implements ``ecgd.web.mark_gateway.MarkGateway``."""

    def __init__(self, writer: StoreWriter, reader: StoreReader) -> None:
        self._writer = writer
        self._reader = reader

    async def mark_alert(
        self, alert_id: str, verdict: Verdict, by: str, note: str
    ) -> tuple[AlertMark, ...]:
        """Keep a verdict; see the protocol."""
        # An alert that still waits for the disk is written before its mark: the queue keeps order.
        written = asyncio.wrap_future(self._writer.mark_alert(alert_id, verdict, by, note))
        try:
            async with asyncio.timeout(MARKED_WITHIN_S):
                # Giving up the wait cancels the answer only: the writer keeps what it was given.
                row = await written
        except TimeoutError:
            raise StoreError(
                f"The mark is not on the disk yet: {self._writer.health.detail}",
                "It waits in memory and is written when the disk works: do not enter it again, "
                "look for it with ecgctl alerts list",
            ) from None
        stored = await asyncio.to_thread(self._reader.alert, alert_id) if row else None
        if stored is None or stored.alert.alert_id != alert_id:
            raise UnmarkableAlertError(alert_id)
        return stored.marks
