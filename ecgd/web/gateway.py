"""What the API needs of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from ecgd.config.settings import PatientSettings
from ecgd.errors import ControlError
from ecgd.model.alarm import AlarmState, Alert
from ecgd.model.alert_mark import AlertMark
from ecgd.model.status import DaemonStatus, Diagnostics
from ecgd.web.baseline_gateway import BaselineGateway
from ecgd.web.bluetooth_gateway import BluetoothDesk
from ecgd.web.config_gateway import ConfigGateway
from ecgd.web.coverage_gateway import CoverageGateway
from ecgd.web.mark_gateway import MarkGateway
from ecgd.web.note_gateway import NoteGateway
from ecgd.web.patient_gateway import PatientDesk
from ecgd.web.report_gateway import ReportGateway
from ecgd.web.st_gateway import StGateway
from ecgd.web.stream_gateway import LiveFeed
from ecgd.web.trial_gateway import TrialGateway

GATEWAY_ID: Final = "gateway"
"""Whose the gateway's own alarms are; no patient may have this id."""


class UnknownAlertError(ControlError):
    """No alarm that stands has this alert id."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(
            f"no alarm that can be acknowledged has the id {alert_id!r}",
            "GET /v1/alerts?unacknowledged=true (ecgctl alerts list) shows those that can",
        )


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """One alert with what became of it. ``state`` is that of its alarm, CLEARED once it is over."""

    alert: Alert
    state: AlarmState
    acknowledged_by: str | None = None
    acknowledged_unix_s: float | None = None
    marks: tuple[AlertMark, ...] = ()


class Gateway(Protocol):
    """The daemon as the control socket sees it. All methods are called on the loop's thread."""

    @property
    def feed(self) -> LiveFeed:
        """What happens, as it happens."""
        ...

    @property
    def patient_desk(self) -> PatientDesk:
        """Who is watched, and by which device."""
        ...

    @property
    def bluetooth(self) -> BluetoothDesk:
        """The radio: finding, pairing and forgetting devices."""
        ...

    @property
    def notes(self) -> NoteGateway:
        """Remarks about patients."""
        ...

    @property
    def marks(self) -> MarkGateway:
        """What people say of alerts."""
        ...

    @property
    def reports(self) -> ReportGateway:
        """Alerts as clinicians see them."""
        ...

    @property
    def trials(self) -> TrialGateway:
        """Tests of the alarms."""
        ...

    @property
    def baselines(self) -> BaselineGateway:
        """What is usual for the patients."""
        ...

    @property
    def coverage(self) -> CoverageGateway:
        """What could have been seen."""
        ...

    @property
    def st(self) -> StGateway:
        """ST and its episodes."""
        ...

    @property
    def config(self) -> ConfigGateway:
        """The settings that are in force."""
        ...

    def status(self) -> DaemonStatus:
        """Return a snapshot; never waits."""
        ...

    def diagnostics(self) -> Diagnostics:
        """Return the figures for fault-finding; never waits."""
        ...

    def patients(self) -> tuple[PatientSettings, ...]:
        """Return the patients who are watched; never waits."""
        ...

    async def list_alerts(
        self, limit: int, patient: str | None, unacknowledged: bool
    ) -> tuple[AlertEntry, ...]:
        """Return the newest alerts first, at most ``limit``.

        Raises StoreError when the database cannot be read.
        """
        ...

    async def acknowledge(
        self, alert_id: str | None, patient: str | None, by: str
    ) -> tuple[str, ...]:
        """Acknowledge one alert, or with None every alarm of ``patient`` that waits for it.

        Returns the alert ids that this call acknowledged; one that had been acknowledged before
        is not among them. Raises UnknownAlertError.
        """
        ...

    def pause_audio(self, by: str) -> float:
        """Silence the buzzer and return after how many seconds the sound comes back."""
        ...
