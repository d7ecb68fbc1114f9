"""Settings of the report that clinicians get of an alert."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """A message of its own behind the alert: ECG strip, ST lead by lead, evidence, notes."""

    professionals: bool = setting(
        True,
        "channels of contacts with the role `professional` or `service` get it, where their "
        "profile can carry it",
    )
    targets: tuple[str, ...] = setting((), "names of further `[[webhooks]]` that get it")
    before_s: float = setting(
        10.0, "the strip begins so long before the decision", unit="s", low=5, high=20
    )
    after_s: float = setting(
        5.0,
        "and ends so long after it; the report is made then, the alert itself never waits",
        unit="s",
        low=0,
        high=10,
    )
    apart_s: float = setting(
        120.0,
        "an alarm that comes and goes brings no second report of a patient within this time, "
        "unless it has become graver",
        unit="s",
        low=0,
        high=3600,
    )
    useful_s: float = setting(
        3600.0,
        "a report that could not be brought for so long is given up",
        unit="s",
        low=60,
        high=259200,
    )
