"""The members' answers as one opinion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ecgd.config.settings import EnsembleSettings
from ecgd.ensemble.fusion import fuse, weights_of
from ecgd.ensemble.member import Answer, Scorer
from ecgd.model.finding import EnsembleScore, RiskLevel
from ecgd.model.signal import FloatArray


def ask_members(
    scorer: Scorer,
    inputs: Mapping[str, FloatArray | None],
    settings: EnsembleSettings,
    st_risk: RiskLevel | None,
) -> EnsembleScore | None:
    """Return what the networks say of a window, by name; None: nobody answered.

    A member of weight 0 is not asked. ``st_risk`` None: ST was not judged, so it boosts nothing.
    """
    weights = weights_of(settings)
    asked = {name: each for name, each in inputs.items() if weights.get(name, 1.0) > 0.0}
    answers = scorer.score(asked)
    probabilities = {
        name: None if answer is None else answer.probability for name, answer in answers.items()
    }
    risk = RiskLevel.NORMAL if st_risk is None else st_risk
    scores = fuse(probabilities, settings, risk, scorer.fused_calibration)
    if scores is None:
        return None
    present = {name for name, _ in scores.members}
    return replace(scores, labels=_labels(answers, present), models_hash=scorer.models_hash)


def _labels(
    answers: Mapping[str, Answer | None], present: set[str]
) -> tuple[tuple[str, float], ...]:
    return tuple(
        (f"{name}: {label}", probability)
        for name, answer in answers.items()
        if answer is not None and name in present
        for label, probability in answer.labels
    )
