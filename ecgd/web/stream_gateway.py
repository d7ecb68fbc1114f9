"""What the streams of the API need of the daemon."""

from __future__ import annotations

from typing import Final, Protocol

from ecgd.errors import ControlError
from ecgd.model.live import LiveItem

MAX_STREAMS: Final = 16
"""So many streams may be open at once, of all kinds together."""


class TooManyStreamsError(ControlError):
    """Every place for a stream is taken."""

    def __init__(self) -> None:
        super().__init__(
            f"{MAX_STREAMS} streams are open, which is the most",
            "close one (ecgctl live, tail or record, or a page) and try again",
        )


class NoBytesError(ControlError):
    """The patient's source is no line: samples come from it, no bytes."""

    def __init__(self, patient_id: str) -> None:
        super().__init__(
            f"the source of {patient_id!r} gives samples, not the bytes of a device",
            "what was measured is in the database: ecgctl records export",
        )


class Stream(Protocol):
    """What one client is told, oldest first. Used on the loop's thread."""

    @property
    def ended(self) -> str | None:
        """Why nothing more comes; None while it goes on."""
        ...

    async def take(self, patience_s: float) -> tuple[LiveItem, ...]:
        """Return what has come, after ``patience_s`` at the latest, empty where nothing came."""
        ...

    def close(self) -> None:
        """Give the place back; a second call does nothing."""
        ...


class ByteStream(Protocol):
    """The bytes of one line as a byte recording (``.ecgdbytes``). Used on the loop's thread."""

    @property
    def ended(self) -> str | None:
        """Why nothing more comes; None while it goes on."""
        ...

    @property
    def is_cut(self) -> bool:
        """Tell whether bytes were lost because nobody took them: the recording is not whole."""
        ...

    async def take(self, patience_s: float) -> bytes:
        """Return the recording's next bytes, after ``patience_s`` at the latest; may be empty."""
        ...

    def close(self) -> None:
        """Give the place back; a second call does nothing."""
        ...


class LiveFeed(Protocol):
    """The daemon's live feed. Each method raises TooManyStreamsError."""

    @property
    def run_id(self) -> str:
        """Another one in every run of the daemon: numbers of events count within it."""
        ...

    def watch_events(self, patient_id: str | None, since_start: bool) -> Stream:
        """Return the events of one patient, or with None of all and of the gateway.

        ``since_start`` puts those first that happened since the daemon's start, as far as they
        are kept.
        """
        ...

    def watch_patient(self, patient_id: str) -> Stream:
        """Return a patient's samples, assessments, events, and once a second the state."""
        ...

    def record_bytes(self, patient_id: str) -> ByteStream:
        """Return what goes over a patient's line. Raises NoBytesError where there is no line."""
        ...
