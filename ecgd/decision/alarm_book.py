"""What is remembered of one patient's alarms, and what follows from it for ears and eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from ecgd.decision.alarm_table import SHOWN, STANDING, UNANSWERED
from ecgd.decision.hold_off import Judgement
from ecgd.decision.technical_table import TECHNICAL
from ecgd.model.alarm import PRIORITY, Alarm, AlarmState, Alert, Priority
from ecgd.model.finding import Domain, EventType

LETHAL_RHYTHMS: Final = frozenset(
    {
        *(EventType.ASYSTOLE, EventType.EXTREME_BRADYCARDIA, EventType.EXTREME_TACHYCARDIA),
        *(EventType.VENTRICULAR_FIBRILLATION, EventType.VENTRICULAR_TACHYCARDIA),
    }
)
"""Kinds after which a signal that cannot be judged calls for a look at the patient."""

PAUSE_MAX_S: Final = 600.0
"""No pause of the sound lasts longer, whatever was stored."""

RANK: Final = {None: 0, Priority.LOW: 1, Priority.MEDIUM: 2, Priority.HIGH: 3}
"""Order of the priorities; None is silence."""


@dataclass(frozen=True, slots=True)
class Track:
    """One alarm with what its next step needs."""

    alarm: Alarm
    judgements: tuple[Judgement, ...] = ()
    acknowledged_s: float | None = None
    told_s: float | None = None


@dataclass(frozen=True, slots=True)
class AlarmBook:
    """Every alarm of one patient, at most one of a kind. Times are monotonic seconds.

    ``judged_s`` holds the newest judged observation of each domain. ``unreadable`` says what a
    stored book lost when it was read back.
    """

    tracks: tuple[Track, ...] = ()
    audio_paused_until_s: float | None = None
    paused_priority: Priority | None = None
    judged_s: tuple[tuple[Domain, float], ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Pending, active, acknowledged and latched alarms, gravest first."""
        shown = (
            track.alarm
            for track in self.tracks
            if track.alarm.state in SHOWN or track.alarm.state is AlarmState.PENDING
        )
        return tuple(sorted(shown, key=lambda alarm: -alarm.severity))


@dataclass(frozen=True, slots=True)
class Annunciation:
    """What buzzer, lights and page show of one patient.

    ``priority`` is the highest of the unacknowledged standing alarms: the one that sounds unless
    paused. ``light`` is the highest of all ``alarms``: standing, acknowledged or latched.
    """

    priority: Priority | None
    sounding: bool
    light: Priority | None
    alarms: tuple[Alarm, ...]
    audio_paused_s: float | None = None


def annunciate(book: AlarmBook, now_s: float) -> Annunciation:
    """Say what sounds and what is shown at ``now_s``."""
    shown = tuple(alarm for alarm in book.alarms if alarm.state in SHOWN)
    priority = highest_priority(alarm for alarm in shown if _sounds(alarm))
    until_s = book.audio_paused_until_s
    paused_s = until_s - now_s if until_s is not None and until_s > now_s else None
    return Annunciation(
        priority=priority,
        sounding=priority is not None and paused_s is None,
        light=highest_priority(shown),
        alarms=shown,
        audio_paused_s=paused_s,
    )


def shift(book: AlarmBook, delta_s: float) -> AlarmBook:
    """Move every time by ``delta_s``: the monotonic clock of another boot has another zero."""
    until_s = book.audio_paused_until_s
    return replace(
        book,
        tracks=tuple(_moved_track(track, lambda time_s: time_s + delta_s) for track in book.tracks),
        audio_paused_until_s=None if until_s is None else until_s + delta_s,
        judged_s=tuple((domain, time_s + delta_s) for domain, time_s in book.judged_s),
    )


def merge(book: AlarmBook, earlier: AlarmBook) -> AlarmBook:
    """Add an earlier book to one that began without it: what is shown now goes first.

    A graver one that nobody has answered stays in its place. The pause of then does not silence
    what has been raised since and is graver than it.
    """
    before = {track.alarm.event_type: track.alarm for track in earlier.tracks}
    kept = {
        track.alarm.event_type: track
        for track in book.tracks
        if _goes_first(track.alarm, before.get(track.alarm.event_type))
    }
    old = (track for track in earlier.tracks if track.alarm.event_type not in kept)
    new = highest_priority(track.alarm for track in kept.values() if _sounds(track.alarm))
    ends = new is Priority.HIGH or RANK[new] > RANK[earlier.paused_priority]
    return replace(
        earlier,
        audio_paused_until_s=None if ends else earlier.audio_paused_until_s,
        tracks=(*kept.values(), *old),
        judged_s=tuple((dict(earlier.judged_s) | dict(book.judged_s)).items()),
    )


def latched_of(alert: Alert, now_s: float) -> Alarm:
    """Return the alarm of an alert of which nothing else is known: nobody has answered it."""
    is_technical = alert.event_type in TECHNICAL
    return Alarm(
        event_type=alert.event_type,
        domain=Domain.TECHNICAL if is_technical else Domain.HEART,
        state=AlarmState.LATCHED,
        severity=alert.severity,
        since_s=now_s,
        evidence_s=now_s,
        alert_id=alert.alert_id,
        raised_s=now_s,
        evidence=alert.evidence,
        territory=alert.territory,
        confidence=alert.confidence,
    )


def take_back(book: AlarmBook, alarm: Alarm) -> AlarmBook:
    """Add an alarm that the book does not know, unless one of its kind is shown."""
    of_kind = [each for each in book.tracks if each.alarm.event_type is alarm.event_type]
    if any(track.alarm.state in SHOWN for track in of_kind):
        return book
    others = tuple(track for track in book.tracks if track not in of_kind)
    return replace(book, tracks=(*others, Track(alarm)))


def no_later(book: AlarmBook, now_s: float) -> AlarmBook:
    """Bring times of the future back to ``now_s``: until they came, nothing would be judged."""
    until_s = book.audio_paused_until_s
    return replace(
        book,
        tracks=tuple(
            _moved_track(track, lambda time_s: min(time_s, now_s)) for track in book.tracks
        ),
        audio_paused_until_s=None if until_s is None else min(until_s, now_s + PAUSE_MAX_S),
        judged_s=tuple((domain, min(time_s, now_s)) for domain, time_s in book.judged_s),
    )


def heart_in_doubt(book: AlarmBook) -> bool:
    """Tell whether the patient needs a look if nothing can be judged any longer."""
    return bool(doubts(book))


def doubts(book: AlarmBook) -> frozenset[EventType]:
    """Return the kinds for which the patient needs a look if they cannot be judged any longer.

    Those of the heart alarms that stand, and a lethal rhythm that the last judged window suspected.
    """
    return frozenset(
        track.alarm.event_type
        for track in book.tracks
        if track.alarm.domain is Domain.HEART
        and (
            track.alarm.state in STANDING
            or (
                track.alarm.event_type in LETHAL_RHYTHMS
                and bool(track.judgements)
                and track.judgements[-1].severity > 0
            )
        )
    )


def highest_priority(alarms: Iterable[Alarm]) -> Priority | None:
    """Return the highest priority among some alarms; None without any."""
    priorities = [PRIORITY[alarm.severity] for alarm in alarms]
    return max(priorities, key=lambda priority: RANK[priority], default=None)


def _goes_first(alarm: Alarm, before: Alarm | None) -> bool:
    """Tell whether an alarm of now takes the place of the one of the same kind before it."""
    if before is None:
        return True
    unanswered = before.state in UNANSWERED
    return alarm.state in SHOWN and not (unanswered and before.severity > alarm.severity)


def _sounds(alarm: Alarm) -> bool:
    return alarm.state is AlarmState.ACTIVE


def _moved_track(track: Track, move: Callable[[float], float]) -> Track:
    def moved(time_s: float | None) -> float | None:
        return None if time_s is None else move(time_s)

    alarm = replace(
        track.alarm,
        since_s=move(track.alarm.since_s),
        evidence_s=move(track.alarm.evidence_s),
        raised_s=moved(track.alarm.raised_s),
    )
    return Track(
        alarm,
        tuple(Judgement(move(j.time_s), j.severity) for j in track.judgements),
        moved(track.acknowledged_s),
        moved(track.told_s),
    )
