"""Whose device is which: the first that comes is a patient's own, every other one is foreign."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from ecgd.config.settings import DeviceSettings, PatientSettings
from ecgd.model.device import DeviceInfo
from ecgd.pipeline.six_lead_line import DEVICE_ID as SIX_LEAD_ID

RECORDED_SCHEMES: Final = ("replay:", "synthetic:")
"""Sources that are nobody's heart at this moment: they are bound to nobody, their alerts are
simulated."""

ANONYMOUS: Final = frozenset({"", SIX_LEAD_ID})
"""Ids that many devices have: a six-lead device cannot say which one it is."""

_DESCRIBED: Final = {
    "fs_hz": ("sampling rate", "Hz"),
    "leads": ("leads", ""),
    "counts_per_mv": ("scale", "counts/mV"),
    "baseline_counts": ("baseline", "counts"),
    "adc_bits": ("converter", "bit"),
    "highpass_hz": ("analogue high-pass", "Hz"),
    "lowpass_hz": ("analogue low-pass", "Hz"),
    "input_range_mv": ("input range", "mV"),
    "notch_on": ("notch filter", ""),
}
"""What must not change unnoticed, because it changes what a millivolt or a second is."""


class Standing(StrEnum):
    """What the device on a patient's line is to the patient."""

    NOT_BOUND = "not bound"
    AWAITED = "awaited"
    BOUND = "bound"
    CHANGED = "changed"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Binding:
    """A patient's own device as it was accepted; ``by`` empty: it was the first that came.

    ``configured`` is what the patient's settings said of it then.
    """

    device: DeviceInfo
    configured: DeviceSettings
    bound_unix_s: float
    by: str = ""
    seen_unix_s: float = 0.0


SEE_STATUS: Final = "ecgctl status says more"


@dataclass(slots=True)
class Bond:
    """One patient, the device that is theirs, and the one that is on the line."""

    patient: PatientSettings
    registry: Registry
    binding: Binding | None = None
    seen: DeviceInfo | None = None

    @property
    def name(self) -> str:
        return self.patient.name or self.patient.id

    @property
    def is_recorded(self) -> bool:
        return self.patient.source.startswith(RECORDED_SCHEMES)

    @property
    def expected_id(self) -> str:
        """The id of the patient's device; empty: whichever comes first."""
        if self.patient.device_id:
            return self.patient.device_id
        return self.binding.device.device_id if self.binding and not self.is_recorded else ""

    @property
    def is_foreign(self) -> bool:
        """Tell whether the device on the line is not this patient's: nothing of it is used."""
        if self.seen is None:
            return False
        if self.expected_id:
            return self.seen.device_id != self.expected_id
        return not self.is_recorded and self._owner() is not None

    @property
    def changes(self) -> tuple[str, ...]:
        """How the patient's own device describes itself otherwise than when it was accepted."""
        if self.seen is None or self.binding is None or self.is_recorded or self.is_foreign:
            return ()
        return describe_changes(self.binding.device, self.seen)

    @property
    def standing(self) -> Standing:
        if self.is_foreign:
            return Standing.FOREIGN
        if self.is_recorded:
            return Standing.NOT_BOUND
        if self.binding is None:
            return Standing.AWAITED
        return Standing.CHANGED if self.changes else Standing.BOUND

    def renew(self, patient: PatientSettings) -> None:
        """Take new settings; a binding to another device than the one they name is over."""
        self.patient = patient
        named = patient.device_id
        if self.binding is not None and named not in ("", self.binding.device.device_id):
            self.binding = None

    def meet(self, device: DeviceInfo) -> None:
        """Take note of the device on the line, and bind the first that comes."""
        self.seen = device
        if self.is_recorded or self.is_foreign:
            return
        now_s = self.registry.unix_clock()
        if self.binding is None or self.binding.device.device_id != device.device_id:
            self.binding = Binding(device, self.patient.device, now_s, seen_unix_s=now_s)
            return
        # What a person has just said of the device explains how it differs.
        explained = self.binding.configured != self.patient.device
        kept = device if explained or not self.changes else self.binding.device
        self.binding = replace(
            self.binding, device=kept, configured=self.patient.device, seen_unix_s=now_s
        )

    def accept(self, device: DeviceInfo, by: str) -> None:
        """Bind a device because a person says so."""
        now_s = self.registry.unix_clock()
        self.binding = Binding(device, self.patient.device, now_s, by, now_s)

    def foreign_words(self) -> tuple[str, ...]:
        """Say which device is on the line, whose it is and what to do; () where it is right."""
        if not self.is_foreign or self.seen is None:
            return ()
        seen, owner = self.seen.device_id, self._owner()
        whose = f", which is {owner.name}'s" if owner else ""
        wanted = f" instead of {self.expected_id!r}" if self.expected_id else ""
        words = [f"device {seen!r}{whose}, is on {self.name}'s line{wanted}"]
        if owner and owner.seen and owner.is_foreign and owner.seen.device_id == self.expected_id:
            words.append(f"the devices of {self.name} and {owner.name} are swapped")
        return (*words, self._command("if it is the right one"))

    def change_words(self) -> tuple[str, ...]:
        """Say what the device tells otherwise than before and what to do; () where nothing."""
        changes = self.changes
        return (*changes, self._command("if that is meant")) if changes else ()

    def alarm_words(self) -> tuple[str, ...]:
        """Say the same as an alarm may, which leaves the house: it names no patient."""
        if not self.is_foreign or self.seen is None:
            return (*self.changes, SEE_STATUS) if self.changes else ()
        owner = self._owner()
        whose = ", which is another patient's," if owner else ""
        wanted = f" instead of {self.expected_id!r}" if self.expected_id else ""
        words = f"device {self.seen.device_id!r}{whose} is on this patient's line{wanted}"
        return (words, SEE_STATUS)

    def _command(self, when: str) -> str:
        device = shlex.quote(self.seen.device_id) if self.seen else ""
        return f"{when}: ecgctl device accept {self.patient.id} {device}"

    def _owner(self) -> Bond | None:
        device_id = self.seen.device_id if self.seen else ""
        return self.registry.owner_of(device_id, besides=self.patient.id)


@dataclass(slots=True)
class Registry:
    """The bonds of all patients, of archived ones too: their devices are still theirs."""

    unix_clock: Callable[[], float] = time.time
    bonds: dict[str, Bond] = field(default_factory=dict)

    def bond(self, patient: PatientSettings, binding: Binding | None = None) -> Bond:
        """Return a patient's bond; it is made, with ``binding``, where there is none."""
        known = self.bonds.get(patient.id)
        if known is None:
            known = self.bonds[patient.id] = Bond(patient, self, binding)
        known.renew(patient)
        return known

    def owner_of(self, device_id: str, *, besides: str) -> Bond | None:
        """Return whose a device is, of all but one patient."""
        if device_id in ANONYMOUS:
            return None
        return next((bond for bond in self._others(besides) if bond.expected_id == device_id), None)

    def _others(self, besides: str) -> Iterator[Bond]:
        return (bond for patient_id, bond in self.bonds.items() if patient_id != besides)


def describe_changes(before: DeviceInfo, now: DeviceInfo) -> tuple[str, ...]:
    """Return what a device says of its measuring otherwise than before, each as "old -> new"."""
    return tuple(
        f"{name} {_said(getattr(before, key), unit)} -> {_said(getattr(now, key), unit)}"
        for key, (name, unit) in _DESCRIBED.items()
        if getattr(before, key) != getattr(now, key)
    )


def _said(value: object, unit: str) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "on" if value else "off"
        case tuple():
            return ", ".join(value)
        case int() | float():
            return f"{value:g} {unit}"
    return str(value)
