"""What a person sees of a capsule: the deciding window, and how it came to that, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ecgd.model.alarm import AlarmChange
from ecgd.model.assessment import Assessment
from ecgd.model.link import LinkClosed, LinkOpened
from ecgd.model.signal import Window
from ecgd.pipeline.intake import WindowReady
from ecgd.service.capsule import Capsule, Intakes
from ecgd.service.capsule_journal import Came, LineAnew
from ecgd.service.capsule_lines import JudgedRead, StepRead, occurrences
from ecgd.service.exact_plain import from_plain


@dataclass(frozen=True, slots=True)
class Row:
    """One step of the alarm machine on a window; ``at_s`` is seconds after the first alert.

    ``waits`` are pending alarms: kind, how long its evidence lasted and has to, in s.
    """

    at_s: float
    assessment: Assessment
    waits: tuple[tuple[str, float, float], ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """``window`` is the one that the first alert rests on; None: it rests on no signal."""

    window: Window | None
    assessment: Assessment | None
    rows: tuple[Row, ...]


def look_at(capsule: Capsule) -> Sight:
    """Return what a capsule shows. Raises CapsuleError where it cannot be read."""
    rows = tuple(_rows(capsule))
    deciding = _deciding_window(capsule)
    found = None if deciding is None else _window(capsule, *deciding[:2])
    assessment = next(
        (row.assessment for row in rows if deciding is not None and _is_of(row, deciding)), None
    )
    return Sight(found, assessment, rows)


def _rows(capsule: Capsule) -> Iterator[Row]:
    judged: dict[tuple[int, int], object] = {}
    for entry in capsule.entries:
        if isinstance(entry, JudgedRead):
            judged[entry.origin, entry.end_index] = entry.assessment
        elif isinstance(entry, StepRead) and entry.window is not None:
            plain = entry.scored or judged.get(entry.window[:2])
            if plain is None:
                continue
            changes: tuple[AlarmChange, ...] = from_plain(entry.told)
            yield Row(
                at_s=float(entry.arguments[0].now_s) - capsule.raised_s,
                assessment=from_plain(plain),
                waits=entry.progress,
                changes=tuple(
                    f"{each.alarm.event_type.value} {each.kind.value}" for each in changes
                ),
            )


def _deciding_window(capsule: Capsule) -> tuple[int, int, bool] | None:
    for entry in capsule.entries:
        if isinstance(entry, StepRead):
            ids = [alarm["alert_id"] for alarm in occurrences(entry.told)]
            if capsule.capsule_id in ids:
                return entry.window
    return None


def _is_of(row: Row, window: tuple[int, int, bool]) -> bool:
    seen = row.assessment
    return (seen.origin, seen.end_index) == window[:2] and bool(row.changes)


def _window(capsule: Capsule, origin: int, end_index: int) -> Window | None:
    intakes = Intakes(capsule)
    intake = intakes.first()
    for entry in capsule.entries:
        if isinstance(entry, LineAnew):
            intake = intakes.anew(entry)
        if not isinstance(entry, Came) or isinstance(entry.received, LinkOpened):
            continue
        if isinstance(entry.received, LinkClosed):
            events = intake.interrupt(entry.received.arrived_s)
        else:
            events = intake.receive(entry.received)
        for event in events:
            if isinstance(event, WindowReady):
                window = event.window
                if (window.origin, window.end_index) == (origin, end_index):
                    return window
    return None
