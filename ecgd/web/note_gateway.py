"""What the routes for notes need of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NoteEntry:
    """One remark about a patient; ``note_id`` grows with every note."""

    note_id: int
    patient_id: str
    at_unix_s: float
    author: str
    text: str


class NoteGateway(Protocol):
    """Notes, also those of patients who are no longer watched."""

    async def noted_patients(self) -> tuple[str, ...]:
        """Return the ids of everybody about whom there can be notes: watched, or stored."""
        ...

    async def list_notes(
        self, patient_id: str, since_unix_s: float, limit: int
    ) -> tuple[NoteEntry, ...]:
        """Return the newest notes first; raises StoreError when they cannot be read."""
        ...

    async def add_note(self, patient_id: str, author: str, text: str) -> NoteEntry:
        """Keep a note and return it once it is on the disk.

        Raises StoreError while the disk is at fault; the note then waits in memory.
        """
        ...
