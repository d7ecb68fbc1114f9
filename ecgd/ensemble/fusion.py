"""Fusion of the members' probabilities (the pipeline document, stage 7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import exp, isclose, isfinite, log
from typing import Final

from ecgd.config.settings import EnsembleSettings
from ecgd.ensemble.member import FusedCalibration
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


_LOGIT_EDGE: Final = 1e-6
_DEFAULTS: Final = EnsembleSettings()


def fuse(
    members: Mapping[str, float | None],
    settings: EnsembleSettings,
    st_risk: RiskLevel,
    calibrations: Mapping[str, FusedCalibration] | None = None,
) -> EnsembleScore | None:
    """Return the weighted mean of the members that answered, and the same boosted by ST.

    Weights are renormalised over those present. A member without an answer, with one that is
    no probability, or of weight 0 is left out and named. None when nobody answered: a score is
    never invented. ``calibrations`` correct the mean before the boost, by ``member_key`` of those
    present; they belong to the proportions of the default weights, and with others there is no
    correction.
    ``disagreement`` is the distance between the highest and the lowest answer. ``confidence`` is
    |2 p - 1| of the fused score p times 1 - disagreement: 1 where all are sure of the same.

    Raises ValueError for a member that has no weight.
    """
    weights = weights_of(settings)
    unknown = set(members) - set(weights)
    if unknown:
        raise ValueError(f"ensemble members without a weight: {', '.join(sorted(unknown))}")
    answers = {name: members.get(name) for name in weights}
    present = {
        name: answer
        for name, answer in answers.items()
        if answer is not None and isfinite(answer) and 0.0 <= answer <= 1.0 and weights[name] > 0.0
    }
    if not present:
        return None
    total = sum(weights[name] for name in present)
    fused = min(1.0, sum(weights[name] * answer for name, answer in present.items()) / total)
    if calibrations and _is_default(weights):
        fused = _corrected(fused, calibrations.get(member_key(present)))
    risk = ST_RISK[st_risk]
    boosted = min(1.0, 1.3 * fused + 0.3 * risk) if risk > BOOST_ABOVE_RISK else fused
    disagreement = max(present.values()) - min(present.values())
    return EnsembleScore(
        members=tuple(present.items()),
        fused=fused,
        boosted=boosted,
        consensus=sum(answer >= settings.anomaly_threshold for answer in present.values()),
        left_out=tuple(name for name in weights if name not in present),
        disagreement=disagreement,
        confidence=abs(2.0 * fused - 1.0) * (1.0 - disagreement),
    )


def member_key(names: Collection[str]) -> str:
    """Return the key of those members, in the order of ``MEMBERS``, joined by +."""
    return "+".join(name for name in MEMBERS if name in names)


def _corrected(fused: float, calibration: FusedCalibration | None) -> float:
    """Return a mean of probabilities as a probability: a mean is more timid than its parts."""
    if calibration is None:
        return fused
    inside = min(1.0 - _LOGIT_EDGE, max(_LOGIT_EDGE, fused))
    logit = calibration.slope * log(inside / (1.0 - inside)) + calibration.intercept
    return 1.0 / (1.0 + exp(-min(50.0, max(-50.0, logit))))


def weights_of(settings: EnsembleSettings) -> dict[str, float]:
    """Return each member's weight; they need not sum to 1."""
    each = (settings.cnn_weight, settings.lstm_weight, settings.rnn_weight)
    return dict(zip(MEMBERS, each, strict=True))


def _is_default(weights: Mapping[str, float]) -> bool:
    """Tell whether weights stand to each other as the default ones do."""
    total, defaults = sum(weights.values()), weights_of(_DEFAULTS)
    whole = sum(defaults.values())
    return all(
        isclose(weight / total, defaults[name] / whole, abs_tol=1e-6)
        for name, weight in weights.items()
    )
