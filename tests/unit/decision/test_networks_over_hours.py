"""What the networks alarm over hours: news at once, chronic findings once, nothing back and forth.

Simulated scores go through what the daemon does with them: the patient's own distribution, the
findings and the alarms with their hold-off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import numpy as np

from ecgd.config.settings import AlarmSettings, AnalysisSettings, EnsembleSettings
from ecgd.decision.alarm import AlarmBook, acknowledge, observe
from ecgd.decision.findings import find
from ecgd.decision.network_findings import explanation
from ecgd.decision.score_watch import (
    EXPLAINED,
    ScoreLesson,
    ScoreWatch,
    learn_score,
    may_teach,
)
from ecgd.model.alarm import ChangeKind, Observation
from ecgd.model.finding import (
    Domain,
    EnsembleScore,
    EventType,
    RhythmFinding,
    Severity,
    StFinding,
)
from ecgd.model.rhythm import ATRIAL_FIBRILLATION

STEP_S = 5.0
ANALYSIS, ENSEMBLE, ALARMS = AnalysisSettings(), EnsembleSettings(), AlarmSettings()
SINUS = RhythmFinding("regular", 70.0, longest_pause_s=0.9)
AF = RhythmFinding(ATRIAL_FIBRILLATION, 90.0, longest_pause_s=1.2, fibrillates=True)
SEES_AF = (("lstm: atrial fibrillation", 0.99), ("cnn: ST/T change", 0.6))
SEES_INFARCT = (("cnn: infarction", 0.9),)
Labels = tuple[tuple[str, float], ...]


class Patient:
    """One patient in front of the networks; every alarm is acknowledged a minute after it came."""

    def __init__(self) -> None:
        self.watch = ScoreWatch()
        self.now_s = 0.0
        self.occurrences: list[tuple[float, EventType, Severity]] = []
        self._book = AlarmBook()
        self._ids = count(1)
        self._since_s: float | None = None

    def sees(
        self,
        scores: float | Iterable[float],
        hours: float,
        labels: Labels = (),
        rhythm: RhythmFinding = SINUS,
        st: StFinding | None = None,
    ) -> Patient:
        steps = round(hours * 3600.0 / STEP_S)
        values = [scores] * steps if isinstance(scores, float) else list(scores)
        for fused in values:
            self._step(fused, labels, rhythm, st)
        return self

    def anomalies(self) -> list[tuple[float, Severity]]:
        kind = EventType.CARDIAC_ANOMALY
        return [(at_s, severity) for at_s, found, severity in self.occurrences if found is kind]

    def _step(
        self, fused: float, labels: Labels, rhythm: RhythmFinding, st: StFinding | None
    ) -> None:
        self.now_s += STEP_S
        members = (("cnn", fused), ("lstm", fused))
        scores = EnsembleScore(members, fused, fused, 2, labels=labels)
        by_rules = find(st, rhythm, None, analysis=ANALYSIS, ensemble=ENSEMBLE)
        reason = explanation(scores, by_rules, st, rhythm) if fused > EXPLAINED else ""
        lesson = ScoreLesson(fused, self.now_s, may_teach(by_rules), bool(reason))
        scores = replace(
            scores,
            is_usual=self.watch.is_usual(fused),
            is_clearly_new=self.watch.is_clearly_new(fused),
            explained_by=reason,
        )
        self.watch = learn_score(self.watch, lesson, ENSEMBLE)
        found = find(st, rhythm, scores, analysis=ANALYSIS, ensemble=ENSEMBLE)
        observation = Observation(Domain.HEART, self.now_s, True, found)
        self._book, changes = observe(self._book, observation, ALARMS, lambda: str(next(self._ids)))
        for change in changes:
            if change.kind in (ChangeKind.RAISED, ChangeKind.ESCALATED):
                alarm = change.alarm
                self.occurrences.append((self.now_s, alarm.event_type, alarm.severity))
                self._since_s = self.now_s
        if self._since_s is not None and self.now_s >= self._since_s + 60.0:
            self._book, _ = acknowledge(self._book, None, "somebody", self.now_s)
            self._since_s = None


def test_an_infarction_after_hours_of_usual_scores_alarms_within_its_hold_off() -> None:
    patient = Patient().sees(0.2, 4.0)
    begun_s = patient.now_s
    patient.sees(0.95, 0.5, SEES_INFARCT)
    at_s, severity = patient.anomalies()[0]
    assert severity is Severity.CRITICAL
    assert at_s - begun_s <= ALARMS.hold_off.ensemble_s + 2 * STEP_S
    assert len(patient.anomalies()) == 3, "and every ten minutes again, while it lasts"


def test_an_old_infarct_is_told_once_and_as_nothing_that_calls_an_ambulance() -> None:
    patient = Patient().sees(0.93, 8.0, SEES_INFARCT)
    ((at_s, severity),) = patient.anomalies()
    assert severity is Severity.MEDIUM
    assert at_s <= 120.0
    assert patient.watch.adoptions == 1


def test_a_new_infarction_on_top_of_an_old_one_alarms() -> None:
    patient = Patient().sees(0.80, 3.0, SEES_INFARCT)
    begun_s = patient.now_s
    patient.sees(0.97, 0.1, SEES_INFARCT)
    told, (at_s, severity) = patient.anomalies()
    assert told[1] is Severity.MEDIUM
    assert severity is Severity.CRITICAL
    assert at_s - begun_s <= ALARMS.hold_off.ensemble_s + 2 * STEP_S


def test_permanent_fibrillation_is_the_rules_to_tell() -> None:
    patient = Patient().sees(0.97, 3.0, SEES_AF, AF)
    kinds = {kind for _, kind, _ in patient.occurrences}
    assert kinds == {EventType.ATRIAL_FIBRILLATION}
    begun_s = patient.now_s
    patient.sees(0.98, 0.1, (*SEES_AF, *SEES_INFARCT), AF)
    ((at_s, severity),) = patient.anomalies()
    assert severity is Severity.CRITICAL
    assert at_s - begun_s <= ALARMS.hold_off.ensemble_s + 2 * STEP_S


def test_paroxysms_of_fibrillation_teach_nothing_that_could_hide_an_infarction() -> None:
    patient = Patient().sees(0.2, 2.0)
    for _ in range(8):
        patient.sees(0.95, 0.5, SEES_AF, AF).sees(0.2, 1.0)
    assert patient.anomalies() == []
    assert patient.watch.adoptions == 0
    patient.sees(0.95, 0.1, SEES_INFARCT)
    assert [severity for _, severity in patient.anomalies()] == [Severity.CRITICAL]


def test_fibrillation_that_only_networks_see_is_no_graver_than_the_rules_would_have_it() -> None:
    patient = Patient().sees(0.2, 2.0).sees(0.97, 0.2, SEES_AF)
    assert {severity for _, severity in patient.anomalies()} == {Severity.MEDIUM}


def test_scores_that_wander_around_the_threshold_do_not_go_on_and_off() -> None:
    rng = np.random.default_rng(4)
    for level in (0.70, 0.75, 0.80):
        drift = np.cumsum(rng.normal(0.0, 0.03, 4 * 720))
        wandering = level + 0.06 * np.sin(drift) + rng.normal(0.0, 0.03, drift.size)
        patient = Patient().sees(np.clip(wandering, 0.0, 1.0).tolist(), 4.0)
        assert len(patient.anomalies()) <= 1, level
        assert all(severity is Severity.MEDIUM for _, severity in patient.anomalies())


def test_single_windows_far_above_what_is_usual_alarm_nobody() -> None:
    rng = np.random.default_rng(5)
    scores = np.where(rng.random(6 * 720) < 0.1, 0.97, 0.25)
    assert Patient().sees(scores.tolist(), 6.0).anomalies() == []
