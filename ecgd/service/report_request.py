"""Which report is wanted, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ecgd.config.report import ReportSettings
from ecgd.config.settings import AnalysisSettings

PNG: Final = "image/png"
HTML: Final = "text/html"
SUFFIXES: Final = {PNG: ".png", HTML: ".html"}


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Which report. ``whose`` is what the patient is called in it, empty for nobody.

    ``kind`` None: what can be drawn here. ``config_hash`` is that of the configuration which
    ``analysis`` is of; empty: not known.
    """

    database: Path
    alert_id: str
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
    config_hash: str = ""
    whose: str = ""
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report as a file; ``alert_id`` is whole."""

    alert_id: str
    content_type: str
    content: bytes

    @property
    def file_name(self) -> str:
        """A name that says nothing of the patient."""
        return f"ecg-{self.alert_id[:12]}{SUFFIXES[self.content_type]}"
