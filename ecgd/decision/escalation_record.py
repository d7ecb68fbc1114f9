"""An escalation as plain values for storing, and back. Versioned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Any, Final

from ecgd.decision.escalation import Escalation, Phase, Step, StepState
from ecgd.model.finding import EventType, Severity

VERSION: Final = 1

Plain = dict[str, Any]


def escalation_to_dict(escalation: Escalation) -> Plain:
    """Return the escalation as dicts, lists, strings and numbers, fit for JSON."""
    return {
        "version": VERSION,
        "alert_id": escalation.alert_id,
        "patient_id": escalation.patient_id,
        "event_type": escalation.event_type.value,
        "severity": escalation.severity.name,
        "simulated": escalation.simulated,
        "since_s": escalation.since_s,
        "phase": escalation.phase.value,
        "turn_count": escalation.turn_count,
        "alarmed": list(escalation.alarmed),
        "answered_by": escalation.answered_by,
        "known": dict(escalation.known),
        "steps": [
            {
                "rung": step.rung,
                "contact": step.contact_id,
                "channel": step.channel,
                "wait_s": step.wait_s,
                "state": step.state.value,
                "at_s": step.at_s,
            }
            for step in escalation.steps
        ],
    }


def escalation_from_dict(record: Mapping[str, Any], shift_s: float, now_s: float) -> Escalation:
    """Return the escalation of a record, its times moved by ``shift_s`` and never in the future.

    Raises ValueError for what is no such record.
    """

    def moved(time_s: Any) -> float:
        at_s = float(time_s) + shift_s
        if not isfinite(at_s):
            raise ValueError(f"{time_s!r} is no time")
        return min(at_s, now_s)

    try:
        answered_by = record.get("answered_by")
        read = Escalation(
            alert_id=str(record["alert_id"]),
            patient_id=str(record["patient_id"]),
            event_type=EventType(record["event_type"]),
            severity=Severity[record["severity"]],
            simulated=bool(record["simulated"]),
            since_s=moved(record["since_s"]),
            steps=tuple(_step_of(each) for each in record["steps"]),
            phase=Phase(record["phase"]),
            turn_count=int(record["turn_count"]),
            alarmed=tuple(str(channel) for channel in record["alarmed"]),
            answered_by=None if answered_by is None else str(answered_by),
            known=tuple((str(name), moved(at_s)) for name, at_s in record["known"].items()),
        )
        steps = (
            step if step.at_s is None else replace(step, at_s=moved(step.at_s))
            for step in read.steps
        )
        return replace(read, steps=tuple(steps))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"no escalation: {type(error).__name__} {error}") from error


def _step_of(record: Mapping[str, Any]) -> Step:
    wait_s, at_s = record["wait_s"], record["at_s"]
    return Step(
        rung=int(record["rung"]),
        contact_id=str(record["contact"]),
        channel=str(record["channel"]),
        wait_s=None if wait_s is None else float(wait_s),
        state=StepState(record["state"]),
        at_s=None if at_s is None else float(at_s),
    )
