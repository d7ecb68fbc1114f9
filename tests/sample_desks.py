"""Notes and configuration as a gateway of the tests has them."""

from __future__ import annotations

from ecgd.config.listing import list_settings
from ecgd.config.settings import PatientSettings, Settings, WebhookSettings
from ecgd.web.config_gateway import ConfigInForce
from ecgd.web.note_gateway import NoteEntry

SETTINGS = Settings(
    patients=(PatientSettings(id="p1", source="serial:hc05", name="Ada Example"),),
    webhooks=(WebhookSettings(name="home", url="https://u:secret@example.org/hook/token?k=v"),),
)


class FakeNotes:
    """Keeps notes; every one is a minute older than ``now_unix_s``."""

    def __init__(self, now_unix_s: float) -> None:
        self._now_unix_s = now_unix_s
        self.kept: list[NoteEntry] = []
        self.failure: Exception | None = None

    async def noted_patients(self) -> tuple[str, ...]:
        return ("p1", "p2", "archived")

    async def list_notes(
        self, patient_id: str, since_unix_s: float, limit: int
    ) -> tuple[NoteEntry, ...]:
        theirs = [n for n in self.kept if n.patient_id == patient_id]
        recent = [n for n in reversed(theirs) if n.at_unix_s >= since_unix_s]
        return tuple(recent[:limit])

    async def add_note(self, patient_id: str, author: str, text: str) -> NoteEntry:
        if self.failure is not None:
            raise self.failure
        at_unix_s = self._now_unix_s - 60.0
        note = NoteEntry(len(self.kept) + 1, patient_id, at_unix_s, author, text)
        self.kept.append(note)
        return note


class FakeConfig:
    """A daemon whose file names two keys."""

    async def show(self) -> ConfigInForce:
        written = {"patients[p1].source", "webhooks[home].url"}
        return ConfigInForce(
            "/etc/ecgd/ecgd.toml", False, list_settings(SETTINGS, SETTINGS, written)
        )
