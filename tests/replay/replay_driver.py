"""A byte recording through the daemon's session, analysis and alarms, in virtual time.

What the daemon does in its loop happens here at the recorded times: bytes at their arrival, a look
at link and device each second, and an analysis that takes no time. As in the daemon, only the
newest of the windows that one piece of data completes is analysed. Rules only: what the corpus
expects does not depend on the networks that are installed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

from replay_build import read_cuts

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.decision.alarm import Changes
from ecgd.inference.scorer import NoModels
from ecgd.model.alarm import Alarm, AlarmChange, AlarmState, ChangeKind
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EventType
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received
from ecgd.model.signal import Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import (
    DeviceReset,
    DeviceSeen,
    FaultSeen,
    IntakeEvent,
    ReplySeen,
    SamplesPlaced,
    StatusSeen,
    WindowReady,
)
from ecgd.service.session import PatientSession
from ecgd.sources.byte_log import ByteLogReader, Direction, LoggedBytes
from ecgd.sources.byte_log_device import device_from_notes

WATCH_S: Final = 1.0
RETRY_S: Final = 0.5
"""A cut link is tried again: it has not ended."""

Event = dict[str, Any]


def replay(path: Path) -> list[Event]:
    """Return every event of a recording, in order, and the account at its end.

    Raises RecordingError where the file is no byte recording.
    """
    reader = ByteLogReader(path)
    notes = reader.header.notes
    return replay_records(reader, read_cuts(notes), device_from_notes(notes))


def replay_records(
    records: Iterable[LoggedBytes],
    cuts: tuple[tuple[float, float], ...] = (),
    device: DeviceSettings = DeviceSettings(),  # noqa: B008 (a frozen value)
) -> list[Event]:
    """Return the events of records in order of time; ``cuts`` are spans of a closed link."""
    run = _Run(cuts, device)
    for logged in records:
        run.reach(logged.time_s)
        if logged.direction is Direction.FROM_DEVICE:
            run.take(BytesReceived(logged.data, logged.time_s))
    return run.finish()


def _link_moments(cuts: tuple[tuple[float, float], ...]) -> Iterator[Received]:
    yield LinkOpened(0.0)
    for closed_s, opened_s in cuts:
        yield LinkClosed(closed_s, "the line was cut", retry_s=RETRY_S)
        yield LinkOpened(opened_s)


class _Run:
    """One recording on its way; ``now_s`` is the recording's time."""

    def __init__(self, cuts: tuple[tuple[float, float], ...], device: DeviceSettings) -> None:
        settings = Settings()
        ids = (f"alert-{number}" for number in count(1))
        self._session = PatientSession(
            PatientSettings(id="replay", source="replay:", device=device),
            settings,
            phase_s=0.0,
            new_alert_id=lambda: next(ids),
            now_s=0.0,
        )
        self._analysis = Analysis(
            settings.analysis, settings.ensemble, NoModels("rules only"), lambda: 0.0
        )
        self._history = History()
        self._window: Window | None = None
        self._analysed = 0
        self._replaced = 0
        self._statuses = 0
        self._shown: dict[str, Event] = {}
        self._pending: dict[EventType, Alarm] = {}
        self._moments = list(_link_moments(cuts))
        self._watch_s = WATCH_S
        self._now_s = 0.0
        self._events: list[Event] = []

    def reach(self, time_s: float) -> None:
        """Do everything that is due before ``time_s``."""
        if time_s > self._now_s:
            self._analyse()
        while (due_s := self._due_s()) < time_s or (due_s == time_s == 0.0):
            self._now_s = due_s
            if self._moments and _moment_s(self._moments[0]) == due_s:
                self.take(self._moments.pop(0))
            else:
                self._watch_s += WATCH_S
                self._changed(self._session.watch(due_s))
        self._now_s = time_s

    def take(self, received: Received) -> None:
        """Hand on what comes now."""
        for event in self._session.receive(received):
            self._note(event)
        self._look()

    def finish(self) -> list[Event]:
        """Let the last second pass, close the account and return all events."""
        self.reach(math.floor(self._now_s) + WATCH_S + 0.001)
        status = self._session.status(self._now_s, analysed=self._analysed, replaced=self._replaced)
        link = status.link
        self._tell(
            "end",
            bytes_in=link.bytes_in,
            bytes_accepted=link.bytes_accepted,
            bytes_discarded=link.bytes_discarded,
            bytes_pending=link.bytes_pending,
            packets=link.packets,
            crc_errors=link.crc_errors,
            repeats_dropped=link.repeats_dropped,
            gaps=link.gaps,
            samples=link.samples,
            samples_lost=link.samples_lost,
            resets=link.resets,
            clock_ppm=_rounded(link.clock_ppm, 1),
            statuses=self._statuses,
            windows_analysed=status.windows_analysed,
            windows_replaced=status.windows_replaced,
            alarms={alarm.event_type.value: alarm.state.value for alarm in status.alarms},
        )
        return self._events

    def _due_s(self) -> float:
        return min(self._watch_s, _moment_s(self._moments[0]) if self._moments else math.inf)

    def _note(self, event: IntakeEvent) -> None:
        match event:
            case WindowReady():
                self._replaced += self._window is not None
                self._window = event.window
            case SamplesPlaced() if event.gap_samples:
                start = event.block.start_index - event.gap_samples
                self._tell("gap", origin=event.origin, start=start, samples=event.gap_samples)
            case SamplesPlaced():
                pass
            case StatusSeen():
                self._statuses += 1
                self._show_status()
            case DeviceSeen():
                device = event.device
                self._tell(
                    "device",
                    origin=event.origin,
                    device_id=device.device_id,
                    fs_hz=device.fs_hz,
                    leads=list(device.leads),
                    counts_per_mv=device.counts_per_mv,
                    firmware=device.firmware,
                )
            case DeviceReset():
                self._tell("reset", origin=event.origin, reason=str(event.reason))
            case FaultSeen():
                fault = event.fault
                self._tell(
                    "fault",
                    kind=fault.kind.value,
                    discarded=fault.discarded,
                    crc_errors=fault.crc_errors,
                    detail=fault.detail,
                )
            case ReplySeen():
                reply = event.reply
                self._tell("reply", code=int(reply.code), answer=reply.answer.name.lower())

    def _analyse(self) -> None:
        window, self._window = self._window, None
        if window is None or window.origin != self._session.intake.origin:
            return
        assessed = self._analysis.assess(window, self._history)
        self._history = assessed.history
        self._analysed += 1
        changes = self._session.conclude(assessed.assessment, window.arrived_s)
        self._tell("window", **_describe(assessed.assessment))
        self._changed(changes)

    def _changed(self, changes: Changes) -> None:
        for change in changes:
            self._tell("alarm", **_describe_change(change))
        self._look()

    def _look(self) -> None:
        """Tell what a bystander sees, where it has changed."""
        status = self._session.status(self._now_s, analysed=0, replaced=0)
        self._show("link", state=status.link_state.value, reason=status.link_reason)
        self._show_pending()
        seen = self._session.alarms.annunciate(self._now_s)
        self._show(
            "annunciation",
            sound=seen.priority.value if seen.priority and seen.sounding else "none",
            light=seen.light.value if seen.light else "none",
            well=seen.priority is None and self._session.is_well(self._now_s),
        )

    def _show_pending(self) -> None:
        states = {alarm.event_type: alarm for alarm in self._session.alarms.book.alarms}
        pending = {kind: a for kind, a in states.items() if a.state is AlarmState.PENDING}
        for kind in sorted(pending.keys() - self._pending.keys()):
            self._tell("alarm", change="pending", event_type=kind.value)
        for kind in sorted(self._pending.keys() - states.keys()):
            self._tell("alarm", change="lapsed", event_type=kind.value)
        self._pending = pending

    def _show_status(self) -> None:
        status = self._session.device_status
        assert status is not None
        snapshot = self._session.status(self._now_s, analysed=0, replaced=0)
        off, percent = status.electrodes_off, snapshot.battery_percent
        self._show(
            "status",
            battery_percent=None if percent is None else round(percent),
            electrodes_off=None if off is None else sorted(off),
            saturated=bool(status.saturated_count),
            overrun_count=status.overrun_count,
            reset_cause=status.reset_cause,
            sending=status.sending,
            self_test=status.self_test,
        )

    def _show(self, kind: str, /, **fields: Any) -> None:
        """Tell what has changed since it was told last; None and [] read "none" and "unknown"."""
        before = self._shown.get(kind, {})
        changed = {
            name: ("none" if value == [] else "unknown" if value is None else value)
            for name, value in fields.items()
            if name not in before or before[name] != value
        }
        if changed:
            self._shown[kind] = fields
            self._tell(kind, **changed)

    def _tell(self, kind: str, /, **fields: Any) -> None:
        """Add an event; what is empty is left out."""
        told = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
        self._events.append({"t": round(self._now_s, 3), "event": kind, **told})


def _moment_s(received: Received) -> float:
    assert isinstance(received, LinkOpened | LinkClosed)
    return received.arrived_s


def _describe(assessment: Assessment) -> Event:
    st = assessment.st
    levels = st.leads if st is not None else ()
    return {
        "origin": assessment.origin,
        "end": assessment.end_index,
        "outcome": assessment.outcome.value,
        "risk": assessment.risk_level.value if assessment.risk_level else None,
        "territory": st.territory.value if st and st.territory else None,
        "rhythm": assessment.rhythm.label,
        "bpm": _rounded(assessment.rhythm.heart_rate_bpm, 1),
        "st_mv": {lead.lead: _rounded(lead.level_mv, 3) for lead in levels},
        "sqi": round(assessment.sqi, 2),
        "beats": [beat.r_peak for beat in assessment.beats],
        "findings": [finding.event_type.value for finding in assessment.findings],
        "cannot_judge": list(assessment.cannot_judge),
    }


def _describe_change(change: AlarmChange) -> Event:
    alarm = change.alarm
    fields: Event = {"change": change.kind.value, "event_type": alarm.event_type.value}
    if change.kind not in (ChangeKind.RAISED, ChangeKind.ESCALATED):
        return fields | {"alert_id": alarm.alert_id}
    return fields | {
        "alert_id": alarm.alert_id,
        "severity": alarm.severity.name,
        "since": round(alarm.since_s, 3),
        "territory": alarm.territory.value if alarm.territory else None,
        "evidence": list(alarm.evidence),
    }


def _rounded(figure: float | None, digits: int) -> float | None:
    return None if figure is None else round(figure, digits)
