"""The bedside view as lines of styled text: what is known goes in, a page comes out."""

from __future__ import annotations

from typing import Any, Final

from ecgd.cli.live_monitor import Monitor
from ecgd.cli.live_paper import GONE_S, HEAD_ROWS, Layout, Surroundings, lay_out, traces
from ecgd.cli.live_text import Line, Segment, cell_width, fitted, plain
from ecgd.cli.live_trace import calibration_mv
from ecgd.cli.opinion_words import score_style, seen_text, short_opinion
from ecgd.cli.standing import standing_alarms
from ecgd.cli.words import clean, duration, signed_mv

Json = dict[str, Any]

LEAST_COLUMNS: Final = 80
LEAST_ROWS: Final = 24

OLD_S: Final = 3.0
"""Figures of an assessment older than this are dim, and say how old they are."""

_ALARM_LINES: Final = HEAD_ROWS - 3
_KEYS: Final = (
    "q quit  p next patient  a acknowledge  s pause sound  + - 0 gain  space freeze",
    "q quit p next a ack s pause +-0 gain space freeze",
)
_SEVERITY_STYLE: Final = {
    "CRITICAL": "critical",
    "HIGH": "critical",
    "MEDIUM": "medium",
    "LOW": "low",
}


def render(monitor: Monitor, around: Surroundings, width: int, height: int) -> list[Line]:
    """Return the page: ``height`` lines of ``width`` cells at most."""
    if width < LEAST_COLUMNS or height < LEAST_ROWS:
        lines = _too_small(monitor, around.now_s, width, height)
    else:
        lines = _page(monitor, around, width, height)
    if around.ascii_only:
        lines = [tuple((plain(text), style) for text, style in line) for line in lines]
    return [fitted(line, width) for line in lines]


def _page(monitor: Monitor, around: Surroundings, width: int, height: int) -> list[Line]:
    leads = monitor.shown_leads()
    layout = lay_out(width, height, len(leads))
    lines: list[Line] = [
        _title(monitor, around, width),
        *_alarms(monitor, around.now_s),
        _figures(monitor, around.now_s),
        _signal(monitor, around.now_s),
        *traces(monitor, around, leads, layout),
    ][: height - 1]
    lines += [()] * (height - 1 - len(lines))
    return [*lines, _foot(monitor, around, layout, width)]


def _too_small(monitor: Monitor, now_s: float, width: int, height: int) -> list[Line]:
    """Even here an alarm is seen."""
    said = f"{width}x{height} is too small: {LEAST_COLUMNS}x{LEAST_ROWS} or more"
    lines: list[Line] = [((said, "warn"),), *_alarms(monitor, now_s)]
    return (lines + [()] * height)[:height]


def _title(monitor: Monitor, around: Surroundings, width: int) -> Line:
    name = clean(monitor.name) or "no patient yet"
    left: list[Segment] = [(f" {name} ", "title"), (f" {clean(monitor.patient_id)} ", "dim")]
    if monitor.simulated:
        left.append((" SIMULATED ", "warn"))
    if monitor.frozen is not None:
        held = duration(around.now_s - monitor.frozen_s)
        left.append((f" TRACES FROZEN for {held} ", "frozen"))
    right: list[Segment] = []
    if monitor.audio_paused_s is not None:
        right.append((f" SOUND PAUSED {monitor.audio_paused_s:.0f} s ", "warn"))
    elif monitor.sounding is not None:
        right.append((f" SOUNDING {clean(monitor.sounding)} ", "critical"))
    right.append((f" {around.clock} ", ""))
    room = width - sum(cell_width(text) for text, _ in (*left, *right))
    return (*left, (" " * max(1, room), ""), *right)


def _alarms(monitor: Monitor, now_s: float) -> list[Line]:
    """Return exactly ``_ALARM_LINES`` lines: the gravest alarms, or that there is none."""
    patient = monitor.patient
    if patient is None:
        return [((" alarms not known ", "warn"),)] + [()] * (_ALARM_LINES - 1)
    standing = standing_alarms(patient)
    lines: list[Line] = [_alarm(alarm) for alarm in standing[:_ALARM_LINES]]
    more = len(standing) - _ALARM_LINES
    if more > 0:
        lines[-1] = (*lines[-1], (f"  and {more} more", "bold"))
    pending = [alarm for alarm in patient["alarms"] if alarm["state"] == "pending"]
    if pending and len(lines) < _ALARM_LINES:
        names = ", ".join(clean(alarm["event_type"]) for alarm in pending)
        lines.append(((f" \N{WHITE CIRCLE} pending: {names}", "warn"),))
    if not lines:
        known = monitor.connected and not monitor.is_silent(now_s)
        lines.append(((" no alarm", "good") if known else (" alarms not up to date", "warn"),))
    elif not monitor.connected or monitor.is_silent(now_s):
        lines[0] = ((" LAST KNOWN ", "warn"), *lines[0])
    return lines + [()] * (_ALARM_LINES - len(lines))


def _alarm(alarm: Json) -> Line:
    where = f", {clean(alarm['territory'])}" if alarm["territory"] else ""
    by = alarm["acknowledged_by"]
    handled = f"seen by {clean(by)}" if by else "not yet seen"
    state = "over, " if alarm["state"] == "latched" else ""
    style = _SEVERITY_STYLE[alarm["severity"]]
    evidence = "; ".join(clean(item) for item in alarm["evidence"])
    return (
        (f" \N{BLACK CIRCLE} {alarm['severity']} {alarm['event_type']}{where} ", style),
        (f" {state}{handled} ", "" if by else "bold"),
        (f" {evidence}", "dim"),
    )


def _figures(monitor: Monitor, now_s: float) -> Line:
    """Return rate, rhythm and ST of the newest window."""
    assessment, age_s = monitor.assessment, monitor.assessment_age_s(now_s)
    if assessment is None or age_s is None or age_s > GONE_S or not monitor.connected:
        old = f"  (nothing for {duration(age_s)})" if age_s is not None else ""
        return ((" -- bpm  ST --", "bold"), (old, "warn"))
    style = "dim" if age_s > OLD_S else "bold"
    rhythm = assessment["rhythm"]
    heart_bpm = rhythm["heart_rate_bpm"]
    rate = "--" if heart_bpm is None else f"{heart_bpm:.0f}"
    line: list[Segment] = [
        (f" {rate} bpm ", style),
        (f" {clean(rhythm['label'])} ", ""),
        *((f" {clean(seen['text'])} ", "dim") for seen in rhythm.get("observations", ())),
        *_st(assessment, style),
    ]
    if assessment["cannot_judge"]:
        told = [trouble["words"] for trouble in assessment.get("troubles", ())]
        reasons = "; ".join(clean(each) for each in told or assessment["cannot_judge"])
        line.append((f" cannot judge: {reasons} ", "warn"))
    if age_s > OLD_S:
        line.append((f" {duration(age_s)} old ", "warn"))
    return tuple(line)


def _st(assessment: Json, style: str) -> list[Segment]:
    st, risk = assessment["st"], assessment["risk_level"]
    if st is None or st["worst"] is None:
        return [(" ST not measured ", "dim")]
    worst = st["worst"]
    shown: list[Segment] = [
        (f" ST {clean(worst['lead'])} {signed_mv(worst['level_mv'])} mV", style)
    ]
    if risk is None:
        shown.append((" not judged ", "warn"))
    elif risk != "NORMAL":
        where = f", {clean(st['territory'])}" if st["territory"] else ""
        shown.append((f" {risk}{where} ", "warn"))
    else:
        shown.append((" normal ", "good"))
    shown += [(f" {clean(each['kind'])} ", "dim") for each in st.get("confounders", ())]
    return shown


def _signal(monitor: Monitor, now_s: float) -> Line:
    """Return link, quality and battery."""
    patient = monitor.patient
    if patient is None or not monitor.connected:
        return ((f" {clean(monitor.reason)}", "warn"),)
    link, battery = patient["link"], patient["battery"]
    up = link["state"] == "up"
    words = f" link {link['state']}" + (f": {clean(link['reason'])}" if link["reason"] else "")
    line: list[Segment] = [(words, "good" if up else "warn")]
    sqi = monitor.assessment["sqi"] if monitor.assessment and not monitor.is_stale(now_s) else None
    line.append((f"  signal {100 * sqi:.0f} %" if sqi is not None else "  signal --", ""))
    percent = battery["percent"]
    line.append((f"  battery {percent:.0f} %" if percent is not None else "  battery --", ""))
    if battery["age_s"] is not None and battery["age_s"] > GONE_S:
        line.append((f" ({duration(battery['age_s'])} old)", "warn"))
    line += _networks(monitor, now_s)
    lost = link["statistics"]["samples_lost"]
    if lost:
        line.append((f"  {lost} samples lost", "dim"))
    return tuple(line)


def _networks(monitor: Monitor, now_s: float) -> list[Segment]:
    """Return the second opinion; without one nothing, for the rules decide anyway."""
    assessment, age_s = monitor.assessment, monitor.assessment_age_s(now_s)
    scores = assessment["scores"] if assessment else None
    if scores is None or age_s is None or age_s > GONE_S:
        return []
    style = "warn" if score_style(scores) else "dim" if age_s > OLD_S else ""
    seen = seen_text(scores)
    return [
        (f"  {short_opinion(scores)}", style),
        *([(f"  {seen}", "dim")] if seen else []),
    ]


def _foot(monitor: Monitor, around: Surroundings, layout: Layout, width: int) -> Line:
    if around.prompt:
        return ((f" {around.prompt} ", "prompt"),)
    gain = monitor.gain
    hand = "" if gain.automatic else " fixed"
    mark_mv = calibration_mv(gain.mm_per_mv, layout.height_dots)
    scale = f" {monitor.shown.mm_per_s:g} mm/s {gain.mm_per_mv:g} mm/mV{hand} bar {mark_mv:g} mV "
    fitting = [keys for keys in _KEYS if len(keys) + len(scale) < width]
    return ((scale, "scale"), (f" {fitting[0] if fitting else _KEYS[-1]}", "dim"))
