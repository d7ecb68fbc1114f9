"""What patients are called where their names are not told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ecgd.model.alarm import Alert
from ecgd.service.roster import Member


@dataclass(frozen=True, slots=True)
class PatientTag:
    """A label that somebody gave, and the place in the list; None where there is one patient."""

    label: str = ""
    number: int | None = None

    def called(self) -> str:
        """Return what messages call the patient, in English; empty where they need not."""
        return self.label or ("" if self.number is None else f"patient {self.number}")

    def words(self) -> str:
        """Return who it is, in English."""
        return self.called() or "the patient"


TagOf = Callable[[str], PatientTag]
"""Returns the tag of the patient with this id; an empty one for the gateway, and for strangers."""


def tag_of(patient_id: str, everybody: tuple[Member, ...]) -> PatientTag:
    """Return what one of these patients is called.

    Places count those who are archived too: nobody else is called by a number that was another's
    before.
    """
    ids = [member.settings.id for member in everybody]
    if patient_id not in ids:
        return PatientTag()
    place = ids.index(patient_id)
    several = sum(not member.archived for member in everybody) > 1
    return PatientTag(everybody[place].settings.label, place + 1 if several else None)


def tagged(alert: Alert, tag: PatientTag) -> Alert:
    """Return an alert that says what its patient is called."""
    return replace(alert, patient_label=tag.label, patient_number=tag.number)
