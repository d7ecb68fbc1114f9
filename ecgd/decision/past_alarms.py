"""The real alarm machine over stored verdicts: which alarms would have been told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf
from typing import Final, NamedTuple

import numpy as np

from ecgd.config.settings import AlarmSettings
from ecgd.decision.alarm import AlarmBook, Changes, Track, acknowledge, observe
from ecgd.decision.alarm_family import IMPLIES, gravest_kind_first, is_subsumed
from ecgd.decision.alarm_table import SHOWN, STANDING
from ecgd.decision.hold_off import STALE_S, clear_s
from ecgd.decision.past_evidence import Evidence, gather
from ecgd.decision.past_runs import Run
from ecgd.decision.past_verdict import PastVerdict
from ecgd.decision.technical_table import muted_longest_s
from ecgd.model.alarm import Alarm, AlarmState, ChangeKind, Observation
from ecgd.model.finding import Domain, EventType, Severity
from ecgd.model.signal import FloatArray, IntArray

WINDOWS_AT_ONCE: Final = 8192
"""Windows that are looked at together: more than two hours."""

_BY: Final = "the person who did"


class PastAnswer(NamedTuple):
    """Somebody acknowledged an alarm of this kind."""

    at_s: float
    event_type: EventType


@dataclass(frozen=True, slots=True)
class PastAlarm:
    """One alarm that would have been told. ``ended_s`` is infinite where it stood at the end.

    ``reminds``: it had been acknowledged, and was told again because it went on.
    """

    event_type: EventType
    severity: Severity
    since_s: float
    raised_s: float
    ended_s: float = inf
    reminds: bool = False


def families_of(kinds: Iterable[EventType]) -> tuple[frozenset[EventType], ...]:
    """Return the kinds in groups that the alarm machine treats apart from each other.

    What one kind does depends on another only where the graver implies the milder.
    """
    wanted = set(kinds)
    families: list[frozenset[EventType]] = []
    while wanted:
        family: set[EventType] = set()
        found = {next(kind for kind in EventType if kind in wanted)}
        while found:
            family |= found
            found = {near for kind in family for near in _near(kind)} - family
        families.append(frozenset(family & wanted))
        wanted -= family
    return tuple(families)


def _near(kind: EventType) -> Iterator[EventType]:
    yield from (milder for milder, _ in IMPLIES.get(kind, ()))
    yield from (graver for graver, implied in IMPLIES.items() if kind in {k for k, _ in implied})


@dataclass(slots=True)
class PastMachine:
    """The alarm machine over runs that come one after the other; ``told`` is what it told.

    ``family`` are the kinds that it knows, ``answers`` are in order of time. The machine is asked
    at the windows where its answer may change something; what it remembers of those between is
    put there.
    """

    family: frozenset[EventType]
    settings: AlarmSettings
    hop_s: float
    answers: Sequence[PastAnswer] = ()
    told: list[PastAlarm] = field(default_factory=list)
    _book: AlarmBook = field(default_factory=AlarmBook)
    _now_s: float = -inf
    _answered: int = 0
    _places: dict[EventType, int] = field(default_factory=dict)
    _open: set[EventType] = field(default_factory=set)
    _ids: Iterator[int] = field(default_factory=lambda: count(1))
    _waiting: list[Run[PastVerdict]] = field(default_factory=list)
    _looked: int = 0
    _new: int = 0

    def take(self, run: Run[PastVerdict]) -> None:
        """Take in the windows of a run."""
        at_s, left = run.begin_s, run.windows
        while left:
            windows = min(left, WINDOWS_AT_ONCE)
            self._waiting.append(Run(at_s, windows, run.verdict))
            self._new += windows
            at_s, left = at_s + windows * self.hop_s, left - windows
            if self._new >= WINDOWS_AT_ONCE:
                self._look()

    def finish(self) -> None:
        """Look at what has come since the last look."""
        self._look()

    def _look(self) -> None:
        """Go through the runs that are new; those before are only remembered."""
        stands = any(track.alarm.state in STANDING for track in self._book.tracks)
        numbered = range(self._looked, len(self._waiting))
        begin = next((n for n in numbered if stands or self._waiting[n].verdict.findings), None)
        if begin is not None:
            first, before = begin, 0
            while first and before * self.hop_s < self._longest_s():
                first, before = first - 1, before + self._waiting[first - 1].windows
            self._step_through(_Stretch.of(self._waiting[first:], self.hop_s), before)
        if self._waiting:
            last = self._waiting[-1]
            self._now_s = max(self._now_s, last.begin_s + (last.windows - 1) * self.hop_s)
        self._forget()

    def _forget(self) -> None:
        """Keep what hold-offs may still ask for."""
        longest_s = self._longest_s()
        kept: list[Run[PastVerdict]] = []
        for run in reversed(self._waiting):
            end_s = run.begin_s + run.windows * self.hop_s
            if end_s < self._now_s - longest_s:
                break
            windows = min(run.windows, round((end_s - self._now_s + longest_s) / self.hop_s) + 1)
            kept.append(Run(end_s - windows * self.hop_s, windows, run.verdict))
        self._waiting = kept[::-1]
        self._looked, self._new = len(kept), 0

    def _longest_s(self) -> float:
        """Return for how long judgements matter, and some more."""
        longest_s = max(clear_s(kind, self.settings.hold_off) for kind in self.family)
        return longest_s + 3.0 * STALE_S

    def _step_through(self, stretch: _Stretch, place: int) -> None:
        kinds = gravest_kind_first(self.family)
        hold_off = self.settings.hold_off
        seen = [
            gather(kind, stretch.times_s, stretch.numbers, stretch.verdicts, hold_off)
            for kind in kinds
        ]
        while (found := self._next(stretch, seen, place)) is not None:
            at_s = float(stretch.times_s[found])
            self._recall(seen, found, at_s)
            self._answer(at_s)
            self._observe(stretch.verdicts[stretch.numbers[found]], at_s)
            place = found + 1

    def _next(self, stretch: _Stretch, seen: Sequence[Evidence], place: int) -> int | None:
        """Return the next window at which something may change; None: there is none."""
        if place >= len(stretch.times_s):
            return None
        tracks = {track.alarm.event_type: track for track in self._book.tracks}
        if any(track.alarm.state is AlarmState.CLEARED for track in tracks.values()):
            return place
        answer = self._next_answer()
        found = [None if answer is None else stretch.first_from(place, answer.at_s)]
        for each in seen:
            track = tracks.get(each.kind)
            stands = track is not None and track.alarm.state in STANDING
            above = int(track.alarm.severity) if track is not None and stands else 0
            if stands or not is_subsumed(each.kind, tracks):
                found.append(each.next_lasting(place, above))
            if track is not None and stands:
                found.append(each.next_gone(place))
                found.append(self._next_reminder(stretch, each, track, place))
        return min((each for each in found if each is not None), default=None)

    def _next_reminder(
        self, stretch: _Stretch, seen: Evidence, track: Track, place: int
    ) -> int | None:
        """Return the next window at which an acknowledged alarm may be told again."""
        if track.acknowledged_s is None:
            return None
        due_s = track.acknowledged_s + muted_longest_s(seen.kind, self.settings.reminder_s)
        first = stretch.first_from(place, due_s)
        if first is None:
            return None
        newest_s = seen.seen_before_s(first)
        if newest_s is not None and stretch.times_s[first] - newest_s <= STALE_S:
            return first
        return seen.next_evidence(first)

    def _recall(self, seen: Sequence[Evidence], place: int, at_s: float) -> None:
        """Put into the book what the machine would remember of the windows before this one."""
        tracks = {track.alarm.event_type: track for track in self._book.tracks}
        recalled = []
        for each in seen:
            horizon_s = clear_s(each.kind, self.settings.hold_off) + STALE_S
            track, judgements = tracks.get(each.kind), each.judgements(place, horizon_s)
            evidence_s = each.seen_before_s(place)
            if track is None and (evidence_s is None or at_s - evidence_s > horizon_s):
                continue
            alarm = _unknown(each.kind, at_s) if track is None else track.alarm
            if evidence_s is not None:
                alarm = replace(alarm, evidence_s=evidence_s)
            track = Track(alarm) if track is None else track
            recalled.append(replace(track, alarm=alarm, judgements=judgements))
        self._book = replace(self._book, tracks=tuple(recalled))

    def _observe(self, verdict: PastVerdict, at_s: float) -> None:
        observation = Observation(
            Domain.HEART, at_s, verdict.judged, verdict.findings, verdict.unjudged
        )
        book, changes = observe(self._book, observation, self.settings, self._new_id)
        self._note(changes, at_s)
        remembered = SHOWN | {AlarmState.CLEARED}
        shown = tuple(track for track in book.tracks if track.alarm.state in remembered)
        self._book = replace(book, tracks=shown)
        self._now_s = max(self._now_s, at_s)

    def _answer(self, at_s: float) -> None:
        """Acknowledge what was acknowledged up to now."""
        while (answer := self._next_answer()) is not None and answer.at_s <= at_s:
            self._answered += 1
            for track in self._book.tracks:
                if track.alarm.event_type is answer.event_type and track.alarm.alert_id is not None:
                    self._book, changes = acknowledge(self._book, track.alarm.alert_id, _BY, at_s)
                    self._note(changes, at_s)

    def _next_answer(self) -> PastAnswer | None:
        return self.answers[self._answered] if self._answered < len(self.answers) else None

    def _note(self, changes: Changes, at_s: float) -> None:
        for change in changes:
            kind = change.alarm.event_type
            if change.kind in {ChangeKind.RAISED, ChangeKind.ESCALATED}:
                reminds = kind in self._open and change.kind is ChangeKind.RAISED
                self._end(kind, at_s)
                self._places[kind] = len(self.told)
                self._open.add(kind)
                since_s = min(change.alarm.since_s, at_s)
                self.told.append(
                    PastAlarm(kind, change.alarm.severity, since_s, at_s, reminds=reminds)
                )
            elif change.kind in {ChangeKind.LATCHED, ChangeKind.CLEARED}:
                self._end(kind, at_s)
            elif change.kind is ChangeKind.RETURNED and kind in self._places:
                place = self._places[kind]
                self.told[place] = replace(self.told[place], ended_s=inf)
                self._open.add(kind)

    def _end(self, kind: EventType, at_s: float) -> None:
        if kind in self._open:
            self._open.remove(kind)
            place = self._places[kind]
            self.told[place] = replace(self.told[place], ended_s=at_s)

    def _new_id(self) -> str:
        return f"{next(self._ids)}"


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """Windows one after the other: window ``i`` has the verdict ``verdicts[numbers[i]]``."""

    times_s: FloatArray
    numbers: IntArray
    verdicts: tuple[PastVerdict, ...]

    @classmethod
    def of(cls, runs: Sequence[Run[PastVerdict]], hop_s: float) -> _Stretch:
        """Return the windows of some runs; time never goes back, whatever the clock did."""
        places: dict[int, int] = {}
        verdicts: list[PastVerdict] = []
        for run in runs:
            if places.setdefault(id(run.verdict), len(verdicts)) == len(verdicts):
                verdicts.append(run.verdict)
        lengths = [run.windows for run in runs]
        times_s = np.concatenate([r.begin_s + hop_s * np.arange(r.windows) for r in runs])
        numbers = np.repeat([places[id(run.verdict)] for run in runs], lengths)
        return cls(np.maximum.accumulate(times_s), numbers, tuple(verdicts))

    def first_from(self, place: int, at_s: float) -> int | None:
        """Return the first window from ``place`` on that is not before a time."""
        found = max(place, int(np.searchsorted(self.times_s, at_s)))
        return found if found < len(self.times_s) else None


def _unknown(kind: EventType, at_s: float) -> Alarm:
    return Alarm(
        kind, Domain.HEART, AlarmState.INACTIVE, Severity.LOW, since_s=at_s, evidence_s=at_s
    )
