"""Reports for whoever asks the control socket for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ecgd.config.settings import Settings
from ecgd.errors import StoreError
from ecgd.service.report_png import can_draw
from ecgd.service.report_request import PNG, Report, ReportRequest
from ecgd.store.reader import StoreReader
from ecgd.web.mark_gateway import UnmarkableAlertError


class PictureDesk:
    """Implements ``ecgd.web.report_gateway.ReportGateway``. ``draw`` blocks until it is made."""

    def __init__(
        self,
        database: Path,
        settings: Settings,
        config_hash: Callable[[], str],
        draw: Callable[[ReportRequest], Report],
    ) -> None:
        self._reader = StoreReader(database)
        self._database = database
        self._settings = settings
        self._config_hash = config_hash
        self._draw = draw

    async def report_of(self, alert_id: str, kind: str | None) -> tuple[str, bytes]:
        """Return a report; see the protocol."""
        if kind == PNG and not can_draw():
            raise StoreError(
                "pictures need Pillow",
                "pip install 'ecgd[report]' in the gateway's environment, or ask for kind=html",
            )
        report = await asyncio.to_thread(self._make, alert_id, kind)
        return report.content_type, report.content

    def _make(self, alert_id: str, kind: str | None) -> Report:
        stored = self._reader.alert(alert_id)
        if stored is None or stored.alert.alert_id != alert_id:
            raise UnmarkableAlertError(alert_id)
        return self._draw(
            ReportRequest(
                database=self._database,
                alert_id=alert_id,
                analysis=self._settings.analysis,
                report=self._settings.report,
                config_hash=self._config_hash(),
                kind=kind,
            )
        )
