"""The alarm book as plain values for storing, and back. Versioned; reading tolerates damage."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from ecgd.decision.alarm_book import AlarmBook, Track
from ecgd.decision.hold_off import Judgement
from ecgd.model.alarm import Alarm, AlarmState, Priority
from ecgd.model.finding import Domain, EventType, Severity, Territory

VERSION: Final = 1

Plain = dict[str, Any]


def book_to_dict(book: AlarmBook) -> Plain:
    """Return the book as dicts, lists, strings and numbers, fit for JSON."""
    paused = book.paused_priority
    return {
        "version": VERSION,
        "tracks": [_track_to_dict(track) for track in book.tracks],
        "audio_paused_until_s": book.audio_paused_until_s,
        "paused_priority": None if paused is None else paused.value,
        "judged_s": {domain.value: time_s for domain, time_s in book.judged_s},
    }


def book_from_dict(record: Mapping[str, Any]) -> AlarmBook:
    """Return the book of a record; what cannot be read is left out and told in ``unreadable``.

    A record of another version is read as far as it is understood: an alarm is worth more than
    a clean start.
    """
    problems: list[str] = []
    if record.get("version") != VERSION:
        problems.append(f"record of version {record.get('version')!r}, expected {VERSION}")
    tracks: dict[EventType, Track] = {}
    for position, each in enumerate(_list(record.get("tracks"), "tracks", problems)):
        try:
            track = _track_from_dict(each)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problems.append(f"alarm {position}: {type(error).__name__} {error}")
            continue
        tracks[track.alarm.event_type] = track
    paused_until_s, paused_priority = _pause_from_dict(record, problems)
    return AlarmBook(
        tracks=tuple(tracks.values()),
        audio_paused_until_s=paused_until_s,
        paused_priority=paused_priority,
        judged_s=_judged_from_dict(record, problems),
        unreadable=tuple(problems),
    )


def _track_to_dict(track: Track) -> Plain:
    alarm = track.alarm
    return {
        "event_type": alarm.event_type.value,
        "domain": alarm.domain.value,
        "state": alarm.state.value,
        "severity": alarm.severity.name,
        "since_s": alarm.since_s,
        "evidence_s": alarm.evidence_s,
        "alert_id": alarm.alert_id,
        "raised_s": alarm.raised_s,
        "acknowledged_by": alarm.acknowledged_by,
        "evidence": list(alarm.evidence),
        "territory": None if alarm.territory is None else alarm.territory.value,
        "confidence": alarm.confidence,
        "judgements": [[judgement.time_s, judgement.severity] for judgement in track.judgements],
        "acknowledged_s": track.acknowledged_s,
        "told_s": track.told_s,
    }


def _track_from_dict(record: Mapping[str, Any]) -> Track:
    territory = record.get("territory")
    alarm = Alarm(
        event_type=EventType(record["event_type"]),
        domain=Domain(record["domain"]),
        state=AlarmState(record["state"]),
        severity=Severity[record["severity"]],
        since_s=_number(record["since_s"]),
        evidence_s=_number(record["evidence_s"]),
        alert_id=_text(record.get("alert_id")),
        raised_s=_optional(record.get("raised_s")),
        acknowledged_by=_text(record.get("acknowledged_by")),
        evidence=tuple(str(line) for line in record.get("evidence") or ()),
        territory=None if territory is None else Territory(territory),
        confidence=_optional(record.get("confidence")),
    )
    judgements = (
        Judgement(_number(time_s), int(severity))
        for time_s, severity in record.get("judgements") or ()
    )
    return Track(
        alarm,
        tuple(sorted(judgements)),
        _optional(record.get("acknowledged_s")),
        _optional(record.get("told_s")),
    )


def _pause_from_dict(
    record: Mapping[str, Any], problems: list[str]
) -> tuple[float | None, Priority | None]:
    """Return the pause; one that cannot be read is over, so that the sound comes back."""
    try:
        paused = record.get("paused_priority")
        priority = None if paused is None else Priority(paused)
        return _optional(record.get("audio_paused_until_s")), priority
    except (TypeError, ValueError) as error:
        problems.append(f"audio pause: {error}")
        return None, None


def _judged_from_dict(
    record: Mapping[str, Any], problems: list[str]
) -> tuple[tuple[Domain, float], ...]:
    try:
        times = dict(record.get("judged_s") or {})
        return tuple((Domain(domain), _number(time_s)) for domain, time_s in times.items())
    except (TypeError, ValueError) as error:
        problems.append(f"judged times: {error}")
        return ()


def _list(value: Any, what: str, problems: list[str]) -> list[Any]:
    if isinstance(value, list):
        return value
    problems.append(f"{what}: not a list")
    return []


def _number(value: Any) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError(f"{value!r} is no time")
    return number


def _optional(value: Any) -> float | None:
    return None if value is None else _number(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
