"""What the routes for the own baseline need of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ecgd.errors import ControlError
from ecgd.model.baseline import Confirmation
from ecgd.model.st_change import StChange, StReference


class BaselineRefusedError(ControlError):
    """The baseline cannot be changed as wished now."""


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """What is usual for a patient as it stands.

    ``learned_s`` is how much clean signal the baseline was learned from, 0 without one; ``st_mv``
    is by lead. ``session`` is what the running signal is compared with, ``change`` how it has
    changed from that; None: not known, none.
    """

    patient_id: str
    is_complete: bool
    learned_s: float
    st_mv: tuple[tuple[str, float], ...]
    qrs_s: float | None
    postures: tuple[StReference, ...]
    session: StReference | None
    change: StChange | None
    confirmed: Confirmation | None


class BaselineGateway(Protocol):
    """The own baselines of the patients who are watched."""

    def baseline_of(self, patient_id: str) -> BaselineEntry | None:
        """Return what is usual for a patient; None: nobody of that id is watched."""
        ...

    async def reset_baseline(self, patient_id: str, by: str) -> BaselineEntry:
        """Forget what is usual, and return when that is on the disk; raises StoreError."""
        ...

    async def confirm_baseline(self, patient_id: str, by: str, valid_s: float) -> BaselineEntry:
        """Take ST as it is now for chronic, and return when that is on the disk.

        Raises BaselineRefusedError where ST cannot be measured now, StoreError as above.
        """
        ...

    async def revoke_confirmation(self, patient_id: str, by: str) -> BaselineEntry:
        """End a confirmation before its time. Raises StoreError as above."""
        ...
