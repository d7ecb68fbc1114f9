"""When a score is worth a health event: it has lasted, and is told once until it is over."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.settings import EnsembleSettings
from ecgd.decision.hold_off import GONE_SHARE, LASTING_SHARE, STALE_S, Judgement, lasting_s
from ecgd.model.finding import EnsembleScore


@dataclass(frozen=True, slots=True)
class NotableScores:
    """The last scores, notable or not; ``told``: they are, and that has been told."""

    judgements: tuple[Judgement, ...] = ()
    told: bool = False


def is_notable(scores: EnsembleScore, settings: EnsembleSettings) -> bool:
    """Tell whether a score is no alarm, and yet no score to pass over.

    It is below an anomaly, or an anomaly that the rules explain, and not usual for the patient.
    """
    is_alarm = scores.fused >= settings.anomaly_threshold and not scores.explained_by
    return scores.fused >= settings.event_threshold and not is_alarm and not scores.is_usual


def follow_scores(
    before: NotableScores, notable: bool, now_s: float, hold_s: float
) -> NotableScores:
    """Return the course after one score: told once it has lasted, until it is gone for as long."""
    kept = (each for each in before.judgements if each.time_s >= now_s - hold_s - STALE_S)
    judgements = (*kept, Judgement(now_s, int(notable)))
    present_s = lasting_s(judgements, lambda each: bool(each.severity), LASTING_SHARE)
    absent_s = lasting_s(judgements, lambda each: not each.severity, GONE_SHARE)
    if present_s is not None and present_s >= hold_s:
        return NotableScores(judgements, told=True)
    over = absent_s is not None and absent_s >= hold_s
    return NotableScores(judgements, before.told and not over)
