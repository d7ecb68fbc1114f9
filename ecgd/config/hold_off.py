"""Settings of how long evidence must last, for each kind of alarm."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOffSettings:
    """How long evidence must last before an alarm is raised, and be absent before it clears."""

    stemi_s: float = setting(20.0, "STEMI", unit="s", low=0, high=120)
    high_mi_risk_s: float = setting(60.0, "acute MI risk", unit="s", low=0, high=600)
    moderate_s: float = setting(180.0, "ischaemia", unit="s", low=0, high=1800)
    extreme_rate_s: float = setting(
        5.0, "extreme rate, pause and sudden change of the rate", unit="s", low=0, high=60
    )
    rhythm_s: float = setting(
        60.0,
        "atrial fibrillation, supraventricular tachycardia, frequent premature beats",
        unit="s",
        low=0,
        high=600,
    )
    ensemble_s: float = setting(60.0, "networks alone", unit="s", low=0, high=600)
    electrode_off_s: float = setting(5.0, "electrode off", unit="s", low=0, high=120)
    link_lost_s: float = setting(10.0, "link lost", unit="s", low=0, high=300)
    signal_unusable_s: float = setting(30.0, "signal unusable", unit="s", low=0, high=300)
    battery_s: float = setting(60.0, "battery low or critical", unit="s", low=0, high=600)
