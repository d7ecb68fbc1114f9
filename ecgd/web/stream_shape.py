"""What streams tell, as JSON: one object a line, each with its ``type``."""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.dsp.derivation import complete_limb_leads
from ecgd.model.assessment import Assessment
from ecgd.model.live import LiveEvent, LiveItem, LiveSamples, LiveState, Missed
from ecgd.model.signal import BoolArray, FloatArray
from ecgd.model.status import DaemonStatus, PatientStatus
from ecgd.web.clock import Clock
from ecgd.web.json_shape import Shape, alarm_shape, assessment_shape, patient_shape, plain

DECIMALS: Final = 3


def hello_shape(status: DaemonStatus, patient: PatientStatus, clock: Clock) -> Shape:
    """Shape of the first object of a patient's stream: who it is, and how everything stands."""
    return {
        "type": "hello",
        "version": status.version,
        "simulated": status.simulated,
        "mono_s": clock.mono_s(),
        "patient_id": patient.patient_id,
        "name": patient.name,
        "fs_hz": plain(patient.device.fs_hz) if patient.device else None,
        "leads": list(_leads(patient)),
        "audio_paused_s": plain(status.audio_paused_s),
        "sounding": status.sounding,
        "patient": patient_shape(patient, clock),
    }


def item_shape(item: LiveItem, clock: Clock) -> Shape:
    """Shape of whatever a stream tells."""
    match item:
        case LiveSamples():
            return samples_shape(item)
        case LiveState():
            return state_shape(item, clock)
        case LiveEvent():
            return event_shape(item, clock)
        case Assessment():
            shape = assessment_shape(item, clock.age_s(item.arrived_s))
            return {"type": "assessment", "arrived_mono_s": plain(item.arrived_s)} | (shape or {})
        case Missed():
            return {"type": "missed", "count": item.count}


def samples_shape(samples: LiveSamples) -> Shape:
    """Shape of one block: millivolts by lead, null where nothing was measured."""
    return {
        "type": "samples",
        "origin": samples.origin,
        "start_index": samples.start_index,
        "fs_hz": plain(samples.fs_hz),
        "arrived_mono_s": plain(samples.arrived_s),
        "mv": by_lead(samples.leads, samples.signal_mv, samples.valid),
    }


def by_lead(
    leads: tuple[str, ...], signal_mv: FloatArray, valid: BoolArray
) -> dict[str, list[float | None]]:
    """Return each lead's millivolts, shape (lead, sample); None where ``valid`` is False."""
    rows: list[list[float | None]] = np.round(signal_mv, DECIMALS).tolist()
    if not valid.all():
        for row in rows:
            for place in np.flatnonzero(~valid):
                row[place] = None
    return dict(zip(leads, rows, strict=True))


def state_shape(state: LiveState, clock: Clock) -> Shape:
    """Shape of how a patient stands: as in ``/v1/status``, without the assessment."""
    patient = patient_shape(state.patient, clock)
    del patient["assessment"]
    return {
        "type": "state",
        "mono_s": plain(state.mono_s),
        "audio_paused_s": plain(state.audio_paused_s),
        "sounding": state.sounding,
        "patient": patient,
    }


def event_shape(event: LiveEvent, clock: Clock) -> Shape:
    """Shape of an event; one about an alarm holds the alarm as ``/v1/status`` shows it."""
    return {
        "type": "alarm" if event.alarm else "event",
        "number": event.number,
        "kind": plain(event.kind),
        "change": event.change,
        "age_s": plain(clock.age_s(event.mono_s)),
        "time_unix_s": plain(event.unix_s),
        "patient_id": event.patient_id,
        "patient_name": event.patient_name,
        "severity": plain(event.severity),
        "message": event.message,
        "facts": plain(dict(event.facts)),
        "alarm": alarm_shape(event.alarm, clock) if event.alarm else None,
    }


def _leads(patient: PatientStatus) -> tuple[str, ...]:
    """Return the leads that the samples will have."""
    if patient.device is None:
        return ()
    leads = patient.device.leads
    return complete_limb_leads(leads, np.zeros((len(leads), 0)))[0]
