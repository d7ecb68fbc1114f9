"""What the API needs of the daemon to show and change who is watched, and by which device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ecgd.config.settings import PatientSettings
from ecgd.errors import ControlError
from ecgd.model.device import DeviceInfo


class PatientRefusedError(ControlError):
    """A change of patients or devices that cannot be made; ``status`` is HTTP's."""

    def __init__(self, status: int, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.status = status


@dataclass(frozen=True, slots=True)
class PatientEntry:
    """One patient as the list shows it. ``origin`` says where the settings come from.

    ``reason`` says why an archived patient is not watched. ``link_state`` and its age are None
    for those. ``changed_age_s`` None: nothing was changed while the daemon ran.
    """

    settings: PatientSettings
    origin: str
    archived: bool
    reason: str
    link_state: str | None
    link_age_s: float | None
    changed_age_s: float | None
    changed_by: str


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """One device: as it describes itself on the line, else as it was accepted.

    ``standing`` says what it is to the patient: bound, changed, foreign, not bound. ``words`` say
    what is wrong with it. Ages None: never.
    """

    device: DeviceInfo
    patient_id: str
    name: str
    standing: str
    words: tuple[str, ...]
    link_state: str | None
    seen_age_s: float | None
    bound_age_s: float | None
    bound_by: str
    battery_percent: float | None
    battery_mv: int | None
    battery_age_s: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """What a change led to: the patient now, and what a person should know besides."""

    patient: PatientEntry
    notes: tuple[str, ...] = ()


class PatientDesk(Protocol):
    """Who is watched. A change is on the disk when it is answered.

    Changes raise PatientRefusedError, or EcgdError where the disk refuses.
    """

    def list_patients(self) -> tuple[PatientEntry, ...]:
        """Return everybody, archived ones too; never waits."""
        ...

    def list_devices(self) -> tuple[DeviceEntry, ...]:
        """Return every device that is known; never waits."""
        ...

    async def add(self, table: Mapping[str, Any], by: str) -> Done:
        """Watch one patient more; ``table`` is what ``[[patients]]`` of the configuration is."""
        ...

    async def edit(self, patient_id: str, changes: Mapping[str, Any], by: str) -> Done:
        """Change some values of a patient; ``changes`` is such a table with these alone."""
        ...

    async def archive(self, patient_id: str, by: str, *, force: bool) -> Done:
        """Stop watching a patient, and keep all data."""
        ...

    async def restore(self, patient_id: str, by: str) -> Done:
        """Watch an archived patient again."""
        ...

    async def accept(self, patient_id: str, device_id: str, by: str) -> Done:
        """Make a device the patient's, as it describes itself now."""
        ...

    async def forget(self, patient_id: str, by: str) -> Done:
        """Let the next device that comes be the patient's."""
        ...
