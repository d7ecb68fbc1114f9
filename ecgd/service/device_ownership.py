"""People's word on whose device is which: accepting one, forgetting one, listing all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ecgd.config.settings import PatientSettings
from ecgd.model.device import DeviceInfo
from ecgd.service.binding import Bond, Registry
from ecgd.service.session import PatientSession
from ecgd.web.patient_gateway import DeviceEntry, PatientRefusedError

NOT_FOUND: Final = 404
CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class Ownership:
    """The bonds of all patients and the sessions of those who are watched."""

    registry: Registry
    sessions: Mapping[str, PatientSession]

    def find(self, patient: PatientSettings, device_id: str) -> DeviceInfo:
        """Return a device as it describes itself. Raises PatientRefusedError."""
        if self.registry.bond(patient).is_recorded:
            raise PatientRefusedError(
                CONFLICT,
                f"{patient.id} has no device: the source is {patient.source}",
                "only what comes from a line is bound to a patient",
            )
        own_first = [self.registry.bond(patient), *self.registry.bonds.values()]
        on_lines = [bond.seen for bond in own_first if bond.seen is not None]
        accepted = [bond.binding.device for bond in own_first if bond.binding is not None]
        for device in (*on_lines, *accepted):
            if device.device_id == device_id:
                return device
        known = ", ".join(dict.fromkeys(d.device_id for d in (*on_lines, *accepted))) or "none"
        raise PatientRefusedError(
            NOT_FOUND,
            f"no device is called {device_id!r:.80}",
            f"known: {known}. A device is known once it has been on a line",
        )

    def refuse_configured(self, patient: PatientSettings, device_id: str) -> None:
        """Raise PatientRefusedError where another patient's settings name the device."""
        owner = self._owner(patient, device_id)
        if owner is not None and owner.patient.device_id and not self._are_two(owner, device_id):
            raise PatientRefusedError(
                CONFLICT,
                f"device {device_id!r} is {owner.name}'s by their settings",
                f"change those first: ecgctl patients edit {owner.patient.id} --device-id ID",
            )

    def hand_over(self, patient: PatientSettings, device: DeviceInfo, by: str) -> tuple[str, ...]:
        """Make a device the patient's; return what follows for another patient.

        Two patients on whose lines the same id is heard have two devices that call themselves
        alike: each keeps its own. Else whose it was has no device until the next one comes.
        """
        foreign = [bond for bond in self.registry.bonds.values() if bond.is_foreign]
        owner = self._owner(patient, device.device_id)
        notes: tuple[str, ...] = ()
        if owner is not None and self._are_two(owner, device.device_id):
            notes = (
                f"{owner.name}'s device calls itself {device.device_id!r} too: give one of the "
                "two another id, or nobody will notice when they are swapped",
            )
        elif owner is not None:
            owner.binding = None
            notes = (f"{owner.name} has no device now: the next one that comes is theirs",)
        self.registry.bond(patient).accept(device, by)
        for bond in foreign:
            if bond.seen is not None and not bond.is_foreign:
                bond.meet(bond.seen)
        return notes

    def forget(self, patient: PatientSettings) -> None:
        """Take a patient's device away. Raises PatientRefusedError where there is none to take."""
        bond = self.registry.bond(patient)
        if patient.device_id:
            raise PatientRefusedError(
                CONFLICT,
                f"{patient.id}'s settings name the device {patient.device_id!r}",
                f"change that instead: ecgctl patients edit {patient.id} --device-id ''",
            )
        if bond.binding is None:
            raise PatientRefusedError(
                CONFLICT, f"{patient.id} is bound to no device", "ecgctl device list shows all"
            )
        bond.binding = None

    def entries(self, now_s: float) -> tuple[DeviceEntry, ...]:
        """Return every device on a line, and every patient's own that is not there."""
        return tuple(
            entry for bond in self.registry.bonds.values() for entry in self._of(bond, now_s)
        )

    def _of(self, bond: Bond, now_s: float) -> Iterator[DeviceEntry]:
        own = bond.binding.device if bond.binding else None
        if bond.seen is not None:
            yield self._entry(bond, bond.seen, now_s, on_line=True)
        if own is not None and (bond.seen is None or bond.is_foreign) and not bond.is_recorded:
            yield self._entry(bond, own, now_s, on_line=False)

    def _entry(self, bond: Bond, device: DeviceInfo, now_s: float, *, on_line: bool) -> DeviceEntry:
        status = None
        session = self.sessions.get(bond.patient.id)
        if session is not None and on_line:
            status = session.status(now_s, analysed=0, replaced=0)
        bond_unix_s = bond.registry.unix_clock()
        binding = None if on_line and bond.is_foreign else bond.binding
        seen_age_s = session.samples_age_s(now_s) if session is not None and on_line else None
        if seen_age_s is None and binding is not None:
            seen_age_s = max(0.0, bond_unix_s - binding.seen_unix_s)
        reported = status.device_status if status else None
        return DeviceEntry(
            device=device,
            patient_id=bond.patient.id,
            name=bond.name,
            standing=bond.standing.value if on_line else "bound",
            words=(*bond.foreign_words(), *bond.change_words()) if on_line else (),
            link_state=status.link_state.value if status else None,
            seen_age_s=seen_age_s,
            bound_age_s=max(0.0, bond_unix_s - binding.bound_unix_s) if binding else None,
            bound_by=binding.by if binding else "",
            battery_percent=status.battery_percent if status else None,
            battery_mv=reported.battery_mv if reported else None,
            battery_age_s=status.device_status_age_s if status else None,
        )

    def _owner(self, patient: PatientSettings, device_id: str) -> Bond | None:
        return self.registry.owner_of(device_id, besides=patient.id)

    def _are_two(self, owner: Bond, device_id: str) -> bool:
        """Tell whether the owner's own device is on the owner's line at this moment."""
        session = self.sessions.get(owner.patient.id)
        on_line = session is not None and session.is_link_open
        return on_line and owner.seen is not None and owner.seen.device_id == device_id
