"""What the daemon tells while it happens: events, samples and states on their way to a client."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ecgd.model.alarm import Alarm
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Severity
from ecgd.model.signal import BoolArray, FloatArray
from ecgd.model.status import PatientStatus

Fact = str | int | float | bool | None


class EventKind(StrEnum):
    """What an event is about."""

    LINK = "link"
    DEVICE = "device"
    ALARM = "alarm"
    ALERT = "alert"
    DELIVERY = "delivery"
    AUDIO = "audio"
    PATIENT = "patient"
    PART = "part"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something happened. ``number`` counts since the daemon's start, from 1.

    ``change`` says what in one word, ``message`` in a sentence. ``patient_id`` None: it is about
    the gateway. ``alarm`` is there where an alarm changed.
    """

    number: int
    kind: EventKind
    change: str
    mono_s: float
    unix_s: float
    patient_id: str | None
    patient_name: str
    message: str
    severity: Severity | None = None
    facts: tuple[tuple[str, Fact], ...] = ()
    alarm: Alarm | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LiveSamples:
    """Consecutive samples in mV, shape (lead, sample), the six limb leads first where derivable.

    ``valid`` has shape (sample,); ``start_index`` counts within ``origin``: an index that is ahead
    of the block before leaves samples out that were lost.
    """

    origin: int
    start_index: int
    fs_hz: float
    leads: tuple[str, ...]
    signal_mv: FloatArray
    valid: BoolArray
    arrived_s: float


@dataclass(frozen=True, slots=True)
class LiveState:
    """How one patient, and the sound, stand at ``mono_s``; told about once a second."""

    mono_s: float
    patient: PatientStatus
    audio_paused_s: float | None
    sounding: str | None


@dataclass(frozen=True, slots=True)
class Missed:
    """So many items found no room: the client was too slow."""

    count: int


LiveItem = LiveEvent | LiveSamples | LiveState | Assessment | Missed
