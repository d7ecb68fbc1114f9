"""Notes about patients, over the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ecgd.errors import StoreError
from ecgd.store.entries import Note
from ecgd.store.reader import StoreReader
from ecgd.store.writer import StoreWriter
from ecgd.web.note_gateway import NoteEntry

DURABLE_WITHIN_S: Final = 5.0
"""A note that is not on the disk by then is answered for as waiting."""

_ROOM_FOR_OTHERS: Final = 100


class NoteDesk:
    """Implements ``ecgd.web.note_gateway.NoteGateway``; ``watched`` names today's patients."""

    def __init__(
        self, writer: StoreWriter, reader: StoreReader, watched: Callable[[], tuple[str, ...]]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._watched = watched

    async def noted_patients(self) -> tuple[str, ...]:
        """Return who is watched, and whom the database remembers."""
        try:
            stored = await asyncio.to_thread(self._reader.patients)
        except StoreError:
            # A note about somebody who is watched must not wait for a disk at fault.
            stored = ()
        return tuple(dict.fromkeys((*self._watched(), *(each.patient_id for each in stored))))

    async def list_notes(
        self, patient_id: str, since_unix_s: float, limit: int
    ) -> tuple[NoteEntry, ...]:
        """Return the newest notes first; raises StoreError when they cannot be read."""
        notes = await asyncio.to_thread(self._reader.notes, patient_id, since_unix_s, limit)
        return tuple(_entry(note) for note in notes)

    async def add_note(self, patient_id: str, author: str, text: str) -> NoteEntry:
        """Keep a note and return it as the database holds it.

        Raises StoreError when it was refused, and when it is not yet on the disk.
        """
        stored = asyncio.wrap_future(self._writer.store_note(patient_id, author, text))
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                # Giving up the wait cancels the answer only: the writer keeps what it was given.
                note_id = await stored
        except TimeoutError:
            raise StoreError(
                f"The note is not on the disk yet: {self._writer.health.detail}",
                "It waits in memory and is written when the disk works: do not enter it again, "
                "look for it with ecgctl notes list",
            ) from None
        return await self._stored(patient_id, note_id)

    async def _stored(self, patient_id: str, note_id: int) -> NoteEntry:
        notes = await self.list_notes(patient_id, 0.0, _ROOM_FOR_OTHERS)
        for note in notes:
            if note.note_id == note_id:
                return note
        raise StoreError(
            f"Note {note_id} was written but cannot be read back", "Run ecgctl diagnostics"
        )


def _entry(note: Note) -> NoteEntry:
    return NoteEntry(note.id, note.patient_id, note.at_unix_s, note.author, note.text)
