"""What a person says of an alert afterwards: was there what it told?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether the alert told what was there."""

    TRUE = "true"
    FALSE = "false"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class AlertMark:
    """One person's verdict on one alert. Of several the newest counts; none is taken away."""

    verdict: Verdict
    by: str
    at_unix_s: float
    note: str = ""
