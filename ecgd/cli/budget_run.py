"""Stored windows of some patients, judged and alarmed anew with other settings, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ecgd.config.settings import AlarmSettings
from ecgd.decision.budget import (
    REPLAYED,
    Knob,
    Outcomes,
    Told,
    added,
    compare,
    value_of,
    with_value,
)
from ecgd.decision.past_alarms import PastAlarm, PastAnswer, PastMachine, families_of
from ecgd.decision.past_judge import Judge, Stream
from ecgd.decision.past_runs import Fan, Held, Run
from ecgd.decision.past_verdict import PastVerdict, Thresholds
from ecgd.model.finding import EventType
from ecgd.model.past_window import PastAlert, PastWindow

FAMILIES = families_of(REPLAYED)

Family = frozenset[EventType]
Verdicts = tuple[PastVerdict, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """One value of one setting, and all settings with it."""

    knob: Knob
    value: float
    is_now: bool
    thresholds: Thresholds


@dataclass(slots=True)
class Account:
    """What the stored windows hold, and what each trial would have done."""

    windows: int = 0
    coarse_windows: int = 0
    scored_windows: int = 0
    oldest_unix_s: float | None = None
    newest_unix_s: float | None = None
    raised: int = 0
    simulated: int = 0
    configurations: set[str] = field(default_factory=set)
    replayed: Counter[str] = field(default_factory=Counter)
    outcomes: list[Outcomes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often windows come, and how long a stored verdict holds, in s."""

    hop_s: float
    held_s: float


def trials_of(now: Thresholds, knobs: Iterable[Knob]) -> tuple[Trial, ...]:
    """Return every value to be tried, today's own among them, in order of size."""
    trials = []
    for knob in knobs:
        today = value_of(now, knob.key)
        for value in sorted({*knob.values, today}):
            is_now = value == today
            thresholds = now if is_now else with_value(now, knob.key, value)
            trials.append(Trial(knob, value, is_now, thresholds))
    return tuple(trials)


class Replay:
    """Every patient's alarms under every trial, window by window: only alarms are remembered."""

    def __init__(
        self,
        alerts: Iterable[PastAlert],
        *,
        now: Thresholds,
        trials: Sequence[Trial],
        pace: Pace,
        has_networks: Mapping[str, bool],
    ) -> None:
        self._account = Account()
        self._told: dict[str, list[Told]] = {name: [] for name in has_networks}
        answers: dict[str, list[PastAnswer]] = {name: [] for name in has_networks}
        for alert in alerts:
            if alert.patient_id in answers:
                self._meet(alert)
                if alert.acknowledged_unix_s is not None:
                    answered = PastAnswer(alert.acknowledged_unix_s, alert.event_type)
                    answers[alert.patient_id].append(answered)
        self._trials = tuple(trials)
        self._courses = {
            name: _Course(now, trials, pace, sorted(answers[name]), has_networks=networks)
            for name, networks in has_networks.items()
        }

    def take(self, patient_id: str, window: PastWindow) -> None:
        """Take in a patient's next window."""
        account, at_s = self._account, window.at_unix_s
        account.windows += 1
        account.coarse_windows += not window.detailed
        account.scored_windows += window.scores is not None
        account.oldest_unix_s = min(account.oldest_unix_s or at_s, at_s)
        account.newest_unix_s = max(account.newest_unix_s or at_s, at_s)
        self._courses[patient_id].take(window)

    def finish(self) -> Account:
        """Return the account of all patients together."""
        account = self._account
        for name, course in self._courses.items():
            course.finish()
            account.replayed.update(alarm.event_type.value for alarm in course.today())
            outcomes = [course.outcome(trial, self._told[name]) for trial in self._trials]
            if account.outcomes:
                outcomes = [added(*pair) for pair in zip(account.outcomes, outcomes, strict=True)]
            account.outcomes = outcomes
        return account

    def _meet(self, alert: PastAlert) -> None:
        """Take in an alert of a kind that a replay can give again, if it is of a real heart."""
        self._account.configurations.add(alert.config_hash)
        if alert.simulated:
            self._account.simulated += 1
            return
        self._account.raised += 1
        told = Told(
            alert.alert_id, alert.event_type, alert.severity, alert.at_unix_s, alert.verdict
        )
        self._told[alert.patient_id].append(told)


class _Course:
    """One patient: verdicts of each stream, and the alarm machines that they go through."""

    def __init__(
        self,
        now: Thresholds,
        trials: Sequence[Trial],
        pace: Pace,
        answers: Sequence[PastAnswer],
        *,
        has_networks: bool,
    ) -> None:
        self._now = now
        self._pace = pace
        self._answers = answers
        streams: list[Stream] = []
        self._machines: dict[tuple[Family, Thresholds], PastMachine] = {}
        fed: dict[tuple[Family, object, object], dict[AlarmSettings, PastMachine]] = {}
        for family, thresholds in _lanes(now, trials):
            key = (family, thresholds.analysis, thresholds.ensemble)
            if key not in fed:
                streams.append(Stream(family, thresholds))
            machines = fed.setdefault(key, {})
            if thresholds.alarms not in machines:
                machines[thresholds.alarms] = self._machine(family, thresholds)
            self._machines[family, thresholds] = machines[thresholds.alarms]
        self._judge = Judge(now, streams, has_networks=has_networks)
        self._fan = Fan[PastVerdict](pace.hop_s, [_feed(machines) for machines in fed.values()])
        self._held = Held[Verdicts](pace.hop_s, pace.held_s, self._fan.take)

    def take(self, window: PastWindow) -> None:
        self._held.add(window.at_unix_s, self._judge.verdicts(window))

    def finish(self) -> None:
        self._held.finish()
        self._fan.finish()
        for machine in self._machines.values():
            machine.finish()

    def today(self) -> list[PastAlarm]:
        """Return the alarms with today's settings."""
        return self._alarms(self._now, REPLAYED)

    def outcome(self, trial: Trial, told: Sequence[Told]) -> Outcomes:
        """Return what a trial would have done to this patient's alarms."""
        kinds = trial.knob.kinds
        now = self._alarms(self._now, kinds)
        other = now if trial.is_now else self._alarms(trial.thresholds, kinds)
        return compare(
            trial.knob, trial.value, is_now=trial.is_now, now=now, other=other, told=told
        )

    def _alarms(self, thresholds: Thresholds, kinds: frozenset[EventType]) -> list[PastAlarm]:
        families = (family for family in FAMILIES if family & kinds)
        found = [each for family in families for each in self._machines[family, thresholds].told]
        return sorted(found, key=lambda alarm: alarm.raised_s)

    def _machine(self, family: Family, thresholds: Thresholds) -> PastMachine:
        answers = [each for each in self._answers if each.event_type in family]
        return PastMachine(family, thresholds.alarms, self._pace.hop_s, answers)


def _lanes(now: Thresholds, trials: Iterable[Trial]) -> Iterator[tuple[Family, Thresholds]]:
    """Yield what has to go through an alarm machine: today's all, of a trial what it concerns."""
    yield from ((family, now) for family in FAMILIES)
    for trial in trials:
        if not trial.is_now:
            yield from ((f, trial.thresholds) for f in FAMILIES if f & trial.knob.kinds)


def _feed(
    machines: Mapping[AlarmSettings, PastMachine],
) -> Callable[[Run[PastVerdict]], None]:
    def take(run: Run[PastVerdict]) -> None:
        for machine in machines.values():
            machine.take(run)

    return take
