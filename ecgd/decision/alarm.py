"""The alarms of one patient: a value that is stepped by observations, time and people.

Evidence of one kind is kept as a short history of judged windows. It has lasted when, over the
hold-off, at least 80 % of the judged windows had it, and it is gone when for as long at least
95 % of them were without it (``hold_off.lasting_s``). Only judged windows move an alarm; what
could not be judged leaves it where it is. What each trigger does in each state stands in
``alarm_table.TABLE``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm_book import (
    RANK,
    AlarmBook,
    Annunciation,
    Track,
    annunciate,
    doubts,
    heart_in_doubt,
    highest_priority,
    shift,
)
from ecgd.decision.alarm_family import (
    graver_kinds,
    gravest_kind_first,
    is_subsumed,
    with_implied,
)
from ecgd.decision.alarm_table import SHOWN, STANDING, TABLE, Trigger
from ecgd.decision.hold_off import (
    GONE_SHARE,
    LASTING_SHARE,
    STALE_S,
    Judgement,
    clear_s,
    hold_off_s,
    lasting_s,
)
from ecgd.decision.technical_table import muted_longest_s
from ecgd.model.alarm import (
    Alarm,
    AlarmChange,
    AlarmState,
    ChangeKind,
    Observation,
    Priority,
)
from ecgd.model.finding import Domain, EventType, Finding, Severity

__all__ = [
    "AlarmBook",
    "Annunciation",
    "Changes",
    "Track",
    "acknowledge",
    "annunciate",
    "doubts",
    "heart_in_doubt",
    "observe",
    "pause_audio",
    "shift",
    "telling",
    "tick",
]

RETURN_S: Final = 120.0
"""Equipment that fails again within this after it was well again has not been well."""

UPDATE_INTERVAL_S: Final = 10.0
"""Updates of one alarm are told no more often than this."""

Changes = tuple[AlarmChange, ...]


def observe(
    book: AlarmBook, observation: Observation, settings: AlarmSettings, new_id: Callable[[], str]
) -> tuple[AlarmBook, Changes]:
    """Take in one observation of one domain; return the new book and what changed.

    ``new_id`` names each occurrence that is raised. An unjudged observation only lets time pass.
    A time before the domain's newest judgement counts as that judgement's time.
    """
    if not observation.judged:
        return tick(book, observation.now_s, settings, new_id)
    domain = observation.domain
    judged_s = dict(book.judged_s)
    now_s = judged_s[domain] = max(observation.now_s, judged_s.get(domain, observation.now_s))
    found = with_implied(observation.findings)
    tracks = {track.alarm.event_type: track for track in book.tracks}
    changes: list[AlarmChange] = []
    for event_type in gravest_kind_first({*found, *tracks}):
        finding = found.get(event_type)
        track = tracks.get(event_type) or _new_track(event_type, domain, now_s)
        if track.alarm.domain is not domain or (
            finding is None and event_type in observation.unjudged
        ):
            continue
        subsumed = is_subsumed(event_type, tracks)
        judged = _judged(track, finding, now_s, settings)
        already_s = 0.0 if finding is None else finding.lasted_s
        trigger, severity = _trigger_of_judgement(judged, settings, subsumed, already_s)
        tracks[event_type], told = _move(judged, trigger, now_s, new_id, severity=severity)
        changes += told
    stepped = replace(book, tracks=tuple(tracks.values()), judged_s=tuple(judged_s.items()))
    ticked, later = tick(_heed_pause(stepped, changes), now_s, settings, new_id)
    return ticked, (*changes, *later)


def tick(
    book: AlarmBook, now_s: float, settings: AlarmSettings, new_id: Callable[[], str]
) -> tuple[AlarmBook, Changes]:
    """Let time pass: stale pending alarms lapse, overdue acknowledged ones are raised again."""
    tracks = {track.alarm.event_type: track for track in book.tracks}
    changes: list[AlarmChange] = []
    for event_type, track in tuple(tracks.items()):
        trigger = _trigger_of_time(track, now_s, settings, is_subsumed(event_type, tracks))
        if trigger is not None:
            tracks[event_type], told = _move(track, trigger, now_s, new_id)
            changes += told
    kept = tuple(track for track in tracks.values() if _is_kept(track, now_s))
    return _heed_pause(replace(book, tracks=kept), changes), tuple(changes)


def acknowledge(
    book: AlarmBook, alert_id: str | None, by: str, now_s: float
) -> tuple[AlarmBook, Changes]:
    """Acknowledge one occurrence, or with None all that are shown; unknown ids change nothing."""
    tracks: list[Track] = []
    changes: list[AlarmChange] = []
    for track in book.tracks:
        moved = track
        if track.alarm.state in SHOWN and alert_id in (None, track.alarm.alert_id):
            moved, told = _move(track, Trigger.ACKNOWLEDGE, now_s, _no_id, by=by)
            changes += told
        tracks.append(moved)
    return replace(book, tracks=tuple(tracks)), tuple(changes)


def pause_audio(book: AlarmBook, now_s: float, settings: AlarmSettings) -> AlarmBook:
    """Silence the sound for a time.

    A new occurrence ends the pause when it is HIGH or of higher priority than what was paused.
    """
    return replace(
        book,
        audio_paused_until_s=now_s + settings.audio_pause_s,
        paused_priority=annunciate(book, now_s).priority,
    )


def telling(book: AlarmBook) -> tuple[Alarm, ...]:
    """Return the alarms that say something of their own, gravest first.

    A pending one that a graver kind of the same evidence speaks for is not among them.
    """
    kinds = {alarm.event_type for alarm in book.alarms}
    return tuple(
        alarm
        for alarm in book.alarms
        if alarm.state is not AlarmState.PENDING or kinds.isdisjoint(graver_kinds(alarm.event_type))
    )


def _judged(track: Track, finding: Finding | None, now_s: float, settings: AlarmSettings) -> Track:
    """Add one judgement to a track, and what its evidence says."""
    judgement = Judgement(now_s, 0 if finding is None else int(finding.severity))
    judged = _remember(track, judgement, settings)
    if finding is None:
        return judged
    alarm = replace(
        judged.alarm,
        evidence_s=now_s,
        evidence=finding.evidence,
        territory=finding.territory,
        confidence=finding.confidence,
    )
    return replace(judged, alarm=alarm)


def _trigger_of_judgement(
    track: Track, settings: AlarmSettings, subsumed: bool, already_s: float
) -> tuple[Trigger, Severity | None]:
    """Return what the newest judgement does, and the severity that it speaks for.

    ``already_s``: the evidence had lasted that long by its definition when it was first seen.
    """
    alarm, newest = track.alarm, track.judgements[-1].severity
    if not newest:
        absent_s = (
            lasting_s(track.judgements, lambda judgement: not judgement.severity, GONE_SHARE) or 0.0
        )
        gone = absent_s >= clear_s(alarm.event_type, settings.hold_off)
        gone = gone and not _lingers(track, track.judgements[-1].time_s)
        return (Trigger.GONE if gone else Trigger.MISSED), None
    hold_s = hold_off_s(alarm.event_type, settings.hold_off) - already_s
    lasted = _lasted_severity(track, hold_s)
    if subsumed or lasted is None:
        return (Trigger.MISSED if _may_return(track) else Trigger.SEEN), Severity(newest)
    if alarm.state in STANDING and lasted > alarm.severity:
        return Trigger.GRAVER, lasted
    return (Trigger.RETURNED if _returns(track, lasted, settings) else Trigger.LASTED), lasted


def _returns(track: Track, severity: Severity, settings: AlarmSettings) -> bool:
    """Tell whether lasting evidence is of an occurrence that was over, and no new one.

    A graver one that nobody has answered keeps its place. A fault of the equipment that comes and
    goes is one and the same until it is time to remind of it: a message each time would be a flood.
    """
    alarm = track.alarm
    if alarm.state is AlarmState.LATCHED and severity < alarm.severity:
        return True
    told_s = track.acknowledged_s if alarm.state is AlarmState.CLEARED else alarm.raised_s
    if not _may_return(track) or told_s is None or severity > alarm.severity:
        return False
    return alarm.evidence_s - told_s < muted_longest_s(alarm.event_type, settings.reminder_s)


def _may_return(track: Track) -> bool:
    """Tell whether present evidence began so soon after the end that it may be the same fault."""
    return _ended_within(track, _since_s(track), (AlarmState.LATCHED, AlarmState.CLEARED))


def _lingers(track: Track, now_s: float) -> bool:
    """Tell whether an answered fault is still remembered: it may come back as the same."""
    return _ended_within(track, now_s, (AlarmState.CLEARED,))


def _ended_within(track: Track, now_s: float, states: tuple[AlarmState, ...]) -> bool:
    alarm, over_s = track.alarm, track.told_s
    if alarm.state not in states or alarm.domain is Domain.HEART or over_s is None:
        return False
    return alarm.severity < Severity.HIGH and now_s - over_s <= RETURN_S


def _lasted_severity(track: Track, hold_s: float) -> Severity | None:
    """Return the greatest severity at or above which the evidence has lasted for ``hold_s``."""

    def has_lasted(level: int) -> bool:
        lasted_s = lasting_s(
            track.judgements, lambda judgement: judgement.severity >= level, LASTING_SHARE
        )
        return lasted_s is not None and lasted_s >= hold_s

    levels = sorted({j.severity for j in track.judgements if j.severity}, reverse=True)
    return next((Severity(level) for level in levels if has_lasted(level)), None)


def _trigger_of_time(
    track: Track, now_s: float, settings: AlarmSettings, subsumed: bool
) -> Trigger | None:
    """Return what the time alone does. A reminder needs fresh evidence: the condition persists."""
    fresh = now_s - track.alarm.evidence_s <= STALE_S
    if not fresh and track.alarm.state in {AlarmState.PENDING, AlarmState.CLEARED}:
        return None if _lingers(track, now_s) else Trigger.STALE
    persists = fresh and bool(track.judgements) and track.judgements[-1].severity > 0
    if track.acknowledged_s is None or not persists or subsumed or _is_told_once(track.alarm):
        return None
    muted_s = muted_longest_s(track.alarm.event_type, settings.reminder_s)
    overdue = now_s - track.acknowledged_s >= muted_s
    return Trigger.OVERDUE if overdue and track.alarm.state is AlarmState.ACKNOWLEDGED else None


def _is_told_once(alarm: Alarm) -> bool:
    """Tell whether what persists is told once: an answered chronic finding is no news again."""
    mild = alarm.severity is Severity.LOW or alarm.event_type is EventType.ATRIAL_FIBRILLATION
    return alarm.domain is Domain.HEART and mild


def _move(
    track: Track,
    trigger: Trigger,
    now_s: float,
    new_id: Callable[[], str],
    *,
    severity: Severity | None = None,
    by: str | None = None,
) -> tuple[Track, list[AlarmChange]]:
    """Step one track by the table, and set what belongs to the new state."""
    step = TABLE[track.alarm.state][trigger]
    moved = replace(track, alarm=replace(track.alarm, state=step.state))
    graver = severity or track.alarm.severity
    if step.state is AlarmState.PENDING and trigger is Trigger.SEEN:
        moved = _pending(moved, graver)
    elif ChangeKind.RAISED in step.changes or ChangeKind.ESCALATED in step.changes:
        since_s = track.alarm.since_s if track.alarm.state in STANDING else _since_s(track)
        moved = _occurrence(moved, graver, since_s, now_s, new_id())
        before = track.alarm.alert_id if track.alarm.state in SHOWN else None
        return moved, [AlarmChange(kind, moved.alarm, before) for kind in step.changes]
    if ChangeKind.ACKNOWLEDGED in step.changes:
        answered = replace(moved.alarm, acknowledged_by=by)
        moved = replace(moved, alarm=answered, acknowledged_s=now_s)
    elif ChangeKind.UPDATED in step.changes:
        if track.told_s is not None and now_s - track.told_s < UPDATE_INTERVAL_S:
            return moved, []
        moved = replace(moved, told_s=now_s)
    elif step.changes:
        moved = replace(moved, told_s=now_s)
    return moved, [AlarmChange(kind, moved.alarm) for kind in step.changes]


def _pending(track: Track, severity: Severity) -> Track:
    """Make a track pending: an earlier occurrence's marks are gone."""
    alarm = replace(
        track.alarm,
        severity=severity,
        since_s=_since_s(track),
        alert_id=None,
        raised_s=None,
        acknowledged_by=None,
    )
    return replace(track, alarm=alarm, acknowledged_s=None, told_s=None)


def _occurrence(
    track: Track, severity: Severity, since_s: float, now_s: float, alert_id: str
) -> Track:
    """Make a track a new occurrence, which nobody has acknowledged yet."""
    alarm = replace(
        track.alarm,
        severity=severity,
        since_s=since_s,
        alert_id=alert_id,
        raised_s=now_s,
        acknowledged_by=None,
    )
    return replace(track, alarm=alarm, acknowledged_s=None, told_s=now_s)


def _since_s(track: Track) -> float:
    """Return when the present stretch of evidence began."""
    lasted_s = lasting_s(track.judgements, lambda judgement: judgement.severity > 0, LASTING_SHARE)
    return track.alarm.evidence_s - (lasted_s or 0.0)


def _remember(track: Track, judgement: Judgement, settings: AlarmSettings) -> Track:
    """Add a judgement, at most one an instant, and forget what no hold-off can ask for."""
    horizon_s = clear_s(track.alarm.event_type, settings.hold_off) + STALE_S
    kept = tuple(j for j in track.judgements if j.time_s >= judgement.time_s - horizon_s)
    if kept and kept[-1].time_s == judgement.time_s:
        judgement = Judgement(judgement.time_s, max(judgement.severity, kept[-1].severity))
        kept = kept[:-1]
    return replace(track, judgements=(*kept, judgement))


def _heed_pause(book: AlarmBook, changes: Iterable[AlarmChange]) -> AlarmBook:
    """End the audio pause when something new is graver than what was paused."""
    occurrences = (
        change.alarm
        for change in changes
        if change.kind in {ChangeKind.RAISED, ChangeKind.ESCALATED}
    )
    newest = highest_priority(occurrences)
    if newest is Priority.HIGH or RANK[newest] > RANK[book.paused_priority]:
        return replace(book, audio_paused_until_s=None, paused_priority=None)
    return book


def _new_track(event_type: EventType, domain: Domain, now_s: float) -> Track:
    state = AlarmState.INACTIVE
    return Track(Alarm(event_type, domain, state, Severity.LOW, since_s=now_s, evidence_s=now_s))


def _is_kept(track: Track, now_s: float) -> bool:
    """Tell whether a track still matters: it is shown, pending, or has evidence to remember."""
    if track.alarm.state in SHOWN or track.alarm.state is AlarmState.PENDING:
        return True
    if _lingers(track, now_s):
        return True
    return any(judgement.severity for judgement in track.judgements)


def _no_id() -> str:
    raise AssertionError("an acknowledgement starts no occurrence")
