"""Fusion of the members' probabilities (the pipeline document, stage 7)."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from ecgd.config.settings import EnsembleSettings
from ecgd.model.finding import EnsembleScore, RiskLevel

ST_RISK: Final = {
    RiskLevel.CRITICAL_STEMI: 0.95,
    RiskLevel.HIGH_MI_RISK: 0.85,
    RiskLevel.MODERATE_RISK: 0.70,
    RiskLevel.LOW_RISK: 0.10,
    RiskLevel.NORMAL: 0.05,
}
"""Each risk level as a figure from 0 to 1."""

BOOST_ABOVE_RISK: Final = 0.5

MEMBERS: Final = ("cnn", "lstm", "rnn")
"""Networks that the ensemble knows."""


def fuse(
    members: Mapping[str, float | None], settings: EnsembleSettings, st_risk: RiskLevel
) -> EnsembleScore | None:
    """Return the weighted mean of the members that answered, and the same boosted by ST.

    Weights are renormalised over those present. A member without an answer, or with one that is
    no probability, is left out and named. None when nobody answered: a score is never invented.

    Raises ValueError for a member that has no weight.
    """
    weights = _weights(settings)
    unknown = set(members) - set(weights)
    if unknown:
        raise ValueError(f"ensemble members without a weight: {', '.join(sorted(unknown))}")
    answers = {name: members.get(name) for name in weights}
    present = {
        name: answer
        for name, answer in answers.items()
        if answer is not None and isfinite(answer) and 0.0 <= answer <= 1.0
    }
    total = sum(weights[name] for name in present)
    if total <= 0.0:
        return None
    fused = min(1.0, sum(weights[name] * answer for name, answer in present.items()) / total)
    risk = ST_RISK[st_risk]
    boosted = min(1.0, 1.3 * fused + 0.3 * risk) if risk > BOOST_ABOVE_RISK else fused
    return EnsembleScore(
        members=tuple(present.items()),
        fused=fused,
        boosted=boosted,
        consensus=sum(answer >= settings.anomaly_threshold for answer in present.values()),
        left_out=tuple(name for name in weights if name not in present),
    )


def _weights(settings: EnsembleSettings) -> dict[str, float]:
    each = (settings.cnn_weight, settings.lstm_weight, settings.rnn_weight)
    return dict(zip(MEMBERS, each, strict=True))
