"""What a person reads about one analysed recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ecgd.cli.analysis_opinion import OpinionAccount
from ecgd.cli.analysis_st import StAccount
from ecgd.cli.opinion_words import ANOMALY
from ecgd.cli.tables import SEVERITY_STYLE
from ecgd.cli.words import clean, count, duration, signed_mv
from ecgd.model.alarm import Alarm
from ecgd.model.assessment import Assessment
from ecgd.model.finding import NOT_VISIBLE, EventType, Outcome, RhythmFinding, RiskLevel, Territory
from ecgd.model.intervals import Intervals, Variability

_VERDICT_STYLE: Final = {
    RiskLevel.CRITICAL_STEMI: "bold red",
    RiskLevel.HIGH_MI_RISK: "bold red",
    RiskLevel.MODERATE_RISK: "bold yellow",
    RiskLevel.LOW_RISK: "cyan",
}
_ALERTS_SHOWN: Final = 20
_INTERVALS: Final = (
    ("pr_ms", "PR", "ms"),
    ("qrs_ms", "QRS", "ms"),
    ("qt_ms", "QT", "ms"),
    ("qtc_fridericia_ms", "QTc (Fridericia)", "ms"),
    ("axis_deg", "axis", "°"),
)


@dataclass(slots=True)
class Report:
    """Gathers one recording's figures; bounded by its windows, not by its samples."""

    about: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rates_bpm: list[float] = field(default_factory=list)
    st_mv: dict[str, list[float]] = field(default_factory=dict)
    sqi: dict[str, list[float]] = field(default_factory=dict)
    rhythms: Counter[str] = field(default_factory=Counter)
    signs: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    equipment: Counter[str] = field(default_factory=Counter)
    confounders: Counter[str] = field(default_factory=Counter)
    intervals: dict[str, list[float]] = field(default_factory=dict)
    variability: Variability | None = None
    st: StAccount = field(default_factory=StAccount)
    opinion: OpinionAccount = field(default_factory=OpinionAccount)
    alarms: list[tuple[float, Alarm]] = field(default_factory=list)

    def opened(self, about: str, notes: Iterable[str] = ()) -> None:
        """Take the recording's description; a byte log may hold several devices."""
        if about not in self.about:
            self.about.append(about)
            self.notes += notes

    def take(self, assessment: Assessment) -> None:
        """Take one window."""
        self.st.take(assessment)
        self.opinion.take(assessment)
        for quality in assessment.quality:
            self.sqi.setdefault(quality.lead, []).append(quality.sqi)
        for wrong in (assessment.placement, assessment.channels):
            self.equipment.update(() if wrong is None else (wrong.reason,))
        st = assessment.st
        self.confounders.update(each.kind.value for each in (st.confounders if st else ()))
        if assessment.outcome is Outcome.CANNOT_JUDGE:
            self.unjudged.update(assessment.cannot_judge)
        if EventType.ASYSTOLE not in assessment.unjudged:
            self._take_rhythm(assessment.rhythm)
            self._take_intervals(assessment.intervals, assessment.variability)
        if assessment.outcome is Outcome.CANNOT_JUDGE:
            return
        for lead in assessment.st.leads if assessment.st else ():
            if lead.level_mv is not None:
                self.st_mv.setdefault(lead.lead, []).append(lead.level_mv)

    def _take_rhythm(self, rhythm: RhythmFinding) -> None:
        # ST may be out of reach, behind a high-pass filter say, and the beats be plain to see.
        if rhythm.heart_rate_bpm is not None:
            self.rhythms[rhythm.label] += 1
            self.signs.update({seen.sign.value for seen in rhythm.observations})
            self.rates_bpm.append(rhythm.heart_rate_bpm)

    def _take_intervals(self, intervals: Intervals | None, variability: Variability | None) -> None:
        for name, *_ in _INTERVALS if intervals is not None else ():
            value = getattr(intervals, name)
            if value is not None:
                self.intervals.setdefault(name, []).append(value)
        if variability is not None and variability.sdnn_ms is not None:
            self.variability = variability

    def page(
        self,
        path: str,
        *,
        verdict: RiskLevel | None,
        territory: Territory | None,
        windows: int,
        judged_windows: int,
        scoring: str = "rules only",
        threshold: float = ANOMALY,
    ) -> RenderableType:
        """Return the table of this recording.

        ``scoring`` says which networks there are, ``threshold`` is the score of an anomaly.
        """
        title = Text.assemble((clean(path), "bold"), ("  " + "; ".join(self.about), "dim"))
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True, min_width=11)
        grid.add_column(overflow="fold")
        for note in self.notes:
            grid.add_row("  file", Text(clean(note)))
        grid.add_row("  verdict", _verdict_text(verdict, territory, windows, judged_windows))
        for reason, windows_seen in self.equipment.most_common():
            words = f"{clean(reason)} ({windows_seen} of {count(windows, 'window')})"
            grid.add_row("  equipment", Text(words, "yellow"))
        for kind, windows_seen in self.confounders.most_common():
            words = f"{kind} ({windows_seen} of {count(windows, 'window')})"
            grid.add_row("  confounder", Text(words, "yellow"))
        grid.add_row("  heart", Text(self._heart()))
        if self.intervals:
            grid.add_row("  intervals", Text(self._intervals()))
        if self.variability is not None:
            grid.add_row("  variability", Text(_variability_words(self.variability)))
        grid.add_row("  ST", Text(self._st()))
        for heading, words in self.st.lines():
            grid.add_row(f"  {heading}", Text(words))
        for words in self.opinion.lines(scoring, threshold):
            grid.add_row("  networks", Text(words))
        grid.add_row("  quality", Text(self._quality()))
        for time_s, alarm in self.alarms[:_ALERTS_SHOWN]:
            grid.add_row("  alarm", _alarm_text(time_s, alarm))
        if len(self.alarms) > _ALERTS_SHOWN:
            grid.add_row("", f"and {len(self.alarms) - _ALERTS_SHOWN} more (--json lists all)")
        grid.add_row("  not seen", Text(", ".join(NOT_VISIBLE), "dim"))
        return Group(title, grid)

    def _heart(self) -> str:
        if not self.rates_bpm:
            return "rate unknown"
        low, high = min(self.rates_bpm), max(self.rates_bpm)
        rhythms = ", ".join(clean(label) for label, _ in self.rhythms.most_common(3))
        signs = "".join(f"; {sign}" for sign, _ in self.signs.most_common(4))
        return f"{median(self.rates_bpm):.0f} bpm ({low:.0f} to {high:.0f}), {rhythms}{signs}"

    def _intervals(self) -> str:
        known = {name: median(values) for name, values in self.intervals.items()}
        return ", ".join(
            f"{word} {known[name]:.0f} {unit}" for name, word, unit in _INTERVALS if name in known
        )

    def _st(self) -> str:
        if not self.st_mv:
            return "not measured"
        levels = ((lead, median(values)) for lead, values in self.st_mv.items())
        shown = sorted(levels, key=lambda item: -abs(item[1]))
        return "  ".join(f"{clean(lead)} {signed_mv(level)}" for lead, level in shown) + " mV"

    def _quality(self) -> str:
        if not self.sqi:
            return "no lead"
        mean = {lead: sum(values) / len(values) for lead, values in self.sqi.items()}
        worst = min(mean, key=lambda lead: mean[lead])
        whole = sum(mean.values()) / len(mean)
        reasons = ", ".join(clean(reason) for reason, _ in self.unjudged.most_common(3))
        unjudged = f"; unjudged: {reasons}" if reasons else ""
        return f"{100 * whole:.0f} %, worst {clean(worst)} {100 * mean[worst]:.0f} %{unjudged}"


def _variability_words(variability: Variability) -> str:
    """Return the last five minutes' variability."""
    figures = (
        ("SDNN", variability.sdnn_ms, "ms"),
        ("RMSSD", variability.rmssd_ms, "ms"),
        ("pNN50", variability.pnn50_percent, "%"),
        ("LF/HF", variability.lf_hf_ratio, ""),
    )
    shown = [f"{name} {value:.3g} {unit}" for name, value, unit in figures if value is not None]
    return f"{', '.join(each.strip() for each in shown)} (last {duration(variability.span_s)})"


def describe(fs_hz: float, leads: Iterable[str], duration_s: float | None) -> str:
    """Return what a recording is, in words."""
    length = "" if duration_s is None else f", {duration(duration_s)}"
    return f"{fs_hz:g} Hz{length}, leads {', '.join(clean(lead) for lead in leads)}"


def _verdict_text(
    verdict: RiskLevel | None, territory: Territory | None, windows: int, judged_windows: int
) -> Text:
    judged = f"  ({judged_windows} of {count(windows, 'window')} judged)"
    if windows == 0:
        judged = "  (shorter than one window)"
    if verdict is None:
        word = "ST cannot be judged" if judged_windows else "cannot judge"
        return Text.assemble((word, "bold yellow"), (judged, "dim"))
    where = f", {territory.value}" if territory else ""
    word = "NORMAL: no ST finding in these leads" if verdict is RiskLevel.NORMAL else verdict.value
    return Text.assemble((f"{word}{where}", _VERDICT_STYLE.get(verdict, "")), (judged, "dim"))


def _alarm_text(time_s: float, alarm: Alarm) -> Text:
    where = f", {alarm.territory.value}" if alarm.territory else ""
    text = Text(f"{alarm.severity.name} {alarm.event_type.value}{where}")
    text.stylize(SEVERITY_STYLE[alarm.severity.name])
    text.append(f" at {duration(time_s)}", "dim")
    if alarm.evidence:
        text.append("\n" + "; ".join(clean(item) for item in alarm.evidence), "dim")
    return text


def closing_line(verdicts: Counter[str], failed: int) -> Text:
    """Return one line over all recordings."""
    total = verdicts.total() + failed
    parts: list[Any] = [f"{number} {verdict}" for verdict, number in verdicts.most_common()]
    if failed:
        parts.append(f"{failed} could not be analysed")
    return Text(f"{count(total, 'recording')}: {', '.join(parts)}", "bold")
