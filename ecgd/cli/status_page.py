"""The page of ``ecgctl status``: one calm panel a patient, then the daemon's parts."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ecgd.cli.bluetooth_page import signal_text, standing_text
from ecgd.cli.coverage_words import recent_words
from ecgd.cli.opinion_words import (
    agreement_text,
    opinion_text,
    score_style,
    seen_text,
    why_no_opinion,
)
from ecgd.cli.proven_words import proven_words
from ecgd.cli.standing import standing_alarms
from ecgd.cli.tables import ID_SHOWN, SEVERITY_STYLE
from ecgd.cli.words import (
    STALE_S,
    age,
    battery_text,
    clean,
    count,
    duration,
    live_age,
    rate,
    signed_mv,
    unreported,
)
from ecgd.decision.advice import NAMES

Json = dict[str, Any]

_RISK_STYLE: Final = {
    "CRITICAL_STEMI": "bold red",
    "HIGH_MI_RISK": "red",
    "MODERATE_RISK": "yellow",
}
_NAMES: Final = {kind.value: name for kind, name in NAMES.items()}
"""Each kind in plain words, for those who do not know the codes."""

_UNUSABLE: Final = 0.5
"""Below this mean quality the line is coloured; the verdict itself is the daemon's."""


def status_page(status: Json) -> RenderableType:
    """Return the whole page for an answer of ``/v1/status``."""
    panels = [patient_panel(patient, status) for patient in status["patients"]]
    if not panels:
        panels = [Panel(Text("no patient is configured"), border_style="dim")]
    own = _gateway_panel(status["gateway_alarms"])
    return Group(_headline(status), *panels, *own, parts_grid(status), _places(status))


def _headline(status: Json) -> Text:
    line = Text.assemble(
        ("ecgd ", "bold"),
        (clean(status["version"]), "bold"),
        f"  up {duration(status['uptime_s'])}",
    )
    if status["simulated"]:
        line.append("  SIMULATED", style="bold magenta")
    if status["audio_paused_s"] is not None:
        line.append(f"  sound paused for {duration(status['audio_paused_s'])}", style="yellow")
    elif status["sounding"]:
        line.append(f"  sounding: {clean(status['sounding'])} priority", style="bold red")
    return line


def patient_panel(patient: Json, status: Json) -> RenderableType:
    """Return one patient's panel; ``status`` is the daemon's."""
    word, style = _verdict(patient)
    grid = _grid()
    assessment = patient["assessment"]
    if assessment is None:
        grid.add_row("Heart", Text("nothing has been analysed yet"), "")
    else:
        _add_heart(grid, assessment)
        grid.add_row("Networks", networks_text(status, assessment), _opinion_age(assessment))
        _add_signal(grid, assessment)
    _add_link(grid, patient)
    _add_device(grid, patient)
    _add_battery(grid, patient)
    _add_coverage(grid, patient)
    _add_alarms(grid, patient)
    called = f", {clean(patient['called'])}" if patient["called"] else ""
    who = f"{clean(patient['name'])}{called} ({clean(patient['patient_id'])})"
    title = Text(f" {who}  {word} ", style)
    return Panel(grid, title=title, title_align="left", border_style=style, padding=(0, 1))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=10, style="dim", no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(justify="right", style="dim", no_wrap=True)
    return grid


def _verdict(patient: Json) -> tuple[str, str]:
    alarms = standing_alarms(patient)
    if alarms:
        gravest = alarms[0]["severity"]
        return f"ALARM {gravest}", SEVERITY_STYLE[gravest]
    if patient["link"]["state"] != "up":
        return f"link {patient['link']['state']}", "yellow"
    assessment = patient["assessment"]
    if assessment is None:
        return "waiting for the first window", "dim"
    if assessment["outcome"] == "cannot_judge":
        return "cannot judge", "yellow"
    if assessment["age_s"] is None or assessment["age_s"] > STALE_S:
        return "not up to date", "yellow"
    return "monitored", "green"


def _add_heart(grid: Table, assessment: Json) -> None:
    ago = live_age(assessment["age_s"])
    rhythm = assessment["rhythm"]
    seen = (clean(each["text"]) for each in rhythm.get("observations", ()))
    words = "; ".join((f"{rate(rhythm['heart_rate_bpm'])}, {clean(rhythm['label'])}", *seen))
    grid.add_row("Heart", Text(words), ago)
    grid.add_row("ST", st_text(assessment), ago)


def networks_text(status: Json, assessment: Json) -> Text:
    """Return what the networks say and see, or why the rules are alone."""
    scores = assessment["scores"]
    if scores is None:
        return Text(why_no_opinion(status, assessment), "dim")
    text = Text(opinion_text(scores), score_style(scores))
    text.append(f"\n{agreement_text(scores)}", style="not bold dim")
    if seen := seen_text(scores):
        text.append(f"\n{seen}", style="not bold dim")
    return text


def _opinion_age(assessment: Json) -> str:
    scores = assessment["scores"]
    if scores is None:
        return ""
    return live_age((assessment["age_s"] or 0.0) + (scores["age_s"] or 0.0))


def _add_signal(grid: Table, assessment: Json) -> None:
    ago = live_age(assessment["age_s"])
    grid.add_row("Quality", quality_text(assessment), ago)
    if assessment["cannot_judge"]:
        reasons = "; ".join(clean(reason) for reason in assessment["cannot_judge"])
        grid.add_row("Unjudged", Text(reasons, "yellow"), ago)
    for trouble in assessment.get("troubles", ()):
        leads = ", ".join(clean(lead) for lead in trouble["leads"])
        grid.add_row("Signal", Text(f"{clean(trouble['advice'])} ({leads})", "yellow"), ago)
    if placement := assessment["placement"]:
        words = f"exchanged: {clean(placement['exchanged'])} ({clean(placement['evidence'])})"
        grid.add_row("Electrodes", Text(words, "yellow"), ago)
    if channels := assessment["channels"]:
        derived = ", ".join(clean(lead) for lead in channels["derived"])
        words = clean(channels["reason"]) + (f"; derived instead: {derived}" if derived else "")
        grid.add_row("Channels", Text(words, "yellow"), ago)


def st_text(assessment: Json) -> Text:
    """Return the worst lead's ST and the risk where there is one, then the other leads."""
    st = assessment["st"]
    if st is None or st["worst"] is None:
        reasons = [lead["reason"] for lead in st["leads"] if lead["reason"]] if st else []
        return Text(f"not measured{': ' + clean(reasons[0]) if reasons else ''}", "dim")
    worst, risk = st["worst"], assessment["risk_level"]
    text = Text(f"{clean(worst['lead'])} {signed_mv(worst['level_mv'])} mV", "bold")
    if risk is None:
        text.append("  not judged", style="not bold yellow")
    elif risk != "NORMAL":
        where = f", {st['territory']}" if st["territory"] else ""
        text.append(f"  {risk}{where}", style=_RISK_STYLE.get(risk, "cyan"))
    others = [lead for lead in st["leads"] if lead["lead"] != worst["lead"]]
    shown = (f"{clean(o['lead'])} {signed_mv(o['level_mv'])}" for o in others if o["measurable"])
    text.append("\n" + "  ".join(shown), style="not bold dim")
    for each in st.get("confounders", ()):
        words = f"{clean(each['kind'])}: {clean(each['evidence'])}"
        text.append(f"\n{words}", style="not bold yellow")
    if st.get("stage"):
        text.append(f"\n{clean(st['stage'])}", style="not bold dim")
    return text


def quality_text(assessment: Json) -> Text:
    """Return the mean quality and the lead that is worst, with why."""
    leads = assessment["quality"]
    if not leads:
        return Text("no lead", "yellow")
    worst = min(leads, key=lambda lead: lead["sqi"] or 0.0)
    why = (
        f" ({', '.join(clean(reason) for reason in worst['reasons'])})" if worst["reasons"] else ""
    )
    style = "yellow" if (assessment["sqi"] or 0.0) < _UNUSABLE else ""
    sqi = (assessment["sqi"] or 0.0, worst["sqi"] or 0.0)
    return Text(
        f"{100 * sqi[0]:.0f} %  worst {clean(worst['lead'])} {100 * sqi[1]:.0f} %{why}", style
    )


def _add_link(grid: Table, patient: Json) -> None:
    link = patient["link"]
    figures = link["statistics"]
    text = Text(link["state"], "" if link["state"] == "up" else "yellow")
    if link["reason"]:
        text.append(f": {clean(link['reason'])}")
    if link["authenticated"]:
        text.append(", authenticated", "green")
    if figures["samples"]:
        lost, total = figures["samples_lost"], figures["samples"] + figures["samples_lost"]
        share = f" ({100 * lost / total:.2f} %)" if lost else ""
        text.append(f"  {count(figures['packets'], 'packet')}, {count(lost, 'sample')} lost{share}")
    grid.add_row("Link", text, f"for {duration(link['age_s'])}")
    if link["bluetooth"]:
        _add_bluetooth(grid, link)


def _add_bluetooth(grid: Table, link: Json) -> None:
    bluetooth = link["bluetooth"]
    device = bluetooth["device"]
    text = Text(f"{clean(device['address'])}  {standing_text(device)}")
    if bluetooth["trouble"] and bluetooth["trouble"] != link["reason"]:
        text.append(f"\n{clean(bluetooth['trouble'])}", "yellow")
    grid.add_row("Bluetooth", text, signal_text(device))


def _add_device(grid: Table, patient: Json) -> None:
    device = patient["device"]
    if device is None:
        grid.add_row("Device", Text("not heard yet", "dim"), "")
        return
    text = Text(f"{clean(device['device_id'])}, {clean(patient['device_standing'])}")
    text.append(f"  {device['fs_hz']:g} Hz, {' '.join(clean(lead) for lead in device['leads'])}")
    for words in patient["device_words"]:
        text.append(f"\n{clean(words)}", "yellow")
    for words in patient["device_limits"]:
        text.append(f"\n{clean(words)}", "dim")
    grid.add_row("Device", text, "")
    grid.add_row("Contact", _contact_text(patient), _contact_age(patient))


def _contact_text(patient: Json) -> Text:
    """Return which electrodes the device reports as off."""
    reported = patient["device_status"]
    if reported is None or reported["electrodes_off"] is None:
        return Text(unreported(patient), "dim")
    sensed = reported["electrodes_sensed"]
    of = "" if sensed is None else f" of {', '.join(clean(each) for each in sensed)}"
    if reported["electrodes_off"]:
        off = ", ".join(clean(each) for each in reported["electrodes_off"])
        return Text(f"{off} off", "yellow")
    return Text(f"none{of} off" if of else "all electrodes on")


def _contact_age(patient: Json) -> str:
    reported = patient["device_status"]
    known = reported is not None and reported["electrodes_off"] is not None
    return live_age(reported["age_s"]) if known else ""


def _add_battery(grid: Table, patient: Json) -> None:
    battery = patient["battery"]
    known = battery["percent"] is not None or battery["mv"] is not None
    ago = live_age(battery["age_s"]) if known else ""
    grid.add_row("Battery", Text(battery_text(patient), "" if known else "dim"), ago)


def _add_coverage(grid: Table, patient: Json) -> None:
    if account := patient.get("coverage"):
        words, low = recent_words(account)
        grid.add_row("Coverage", Text(words, "yellow" if low else ""), "")


def _gateway_panel(alarms: list[Json]) -> tuple[RenderableType, ...]:
    """Return the gateway's own alarms, where it has any: they sound like a patient's."""
    standing = standing_alarms({"alarms": alarms})
    if not standing:
        return ()
    grid = _grid()
    for alarm in standing:
        grid.add_row("Alarm", _alarm_text(alarm), age(alarm["raised_age_s"]))
    gravest = standing[0]["severity"]
    style = SEVERITY_STYLE[gravest]
    title = Text(f" The gateway itself  ALARM {gravest}  ", style)
    return (Panel(grid, title=title, title_align="left", border_style=style, padding=(0, 1)),)


def _add_alarms(grid: Table, patient: Json) -> None:
    standing = standing_alarms(patient)
    for alarm in standing:
        grid.add_row("Alarm", _alarm_text(alarm), age(alarm["raised_age_s"]))
    if not standing:
        grid.add_row("Alarm", Text("none", "green"), "")
    for alarm in patient["alarms"]:
        if alarm["state"] == "pending":
            grid.add_row(
                "Pending", Text(alarm["event_type"]), f"for {duration(alarm['since_age_s'])}"
            )


def _alarm_text(alarm: Json) -> Text:
    where = f", {alarm['territory']}" if alarm["territory"] else ""
    text = Text.assemble(
        ("\N{BLACK CIRCLE} ", SEVERITY_STYLE[alarm["severity"]]),
        (f"{alarm['severity']} {alarm['event_type']}", SEVERITY_STYLE[alarm["severity"]]),
        f"{clean(where)}, {_handled(alarm)}",
    )
    if alarm["event_type"] in _NAMES:
        text.append(f"\n  {_NAMES[alarm['event_type']]}")
    if alarm["evidence"]:
        text.append("\n  " + "; ".join(clean(item) for item in alarm["evidence"]), style="dim")
    return text


def _handled(alarm: Json) -> str:
    if alarm["acknowledged_by"]:
        return f"seen by {clean(alarm['acknowledged_by'])}"
    alert_id = clean(alarm["alert_id"] or "")[:ID_SHOWN]
    state = "over, not yet seen" if alarm["state"] == "latched" else "not yet seen"
    return f"{state} (ecgctl alerts ack {alert_id})" if alert_id else state


def parts_grid(status: Json) -> RenderableType:
    """Return one line per part of the daemon and per delivery target."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=1)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(justify="right", style="dim", no_wrap=True)
    for part in status["parts"]:
        ago = "" if part["age_s"] is None else age(part["age_s"])
        grid.add_row(_mark(part["healthy"]), clean(part["part"]), Text(clean(part["detail"])), ago)
    for target in status["targets"]:
        told = f"{count(target['delivered'], 'alert')} delivered, {target['pending']} waiting"
        detail = f"{told}; {clean(target['detail'])}" if target["detail"] else told
        detail += proven_words(status, target["name"])
        ago = age(target["last_success_age_s"])
        grid.add_row(_mark(target["healthy"]), clean(target["name"]), Text(detail), ago)
    return grid


def _mark(healthy: bool) -> Text:
    return Text("\N{CHECK MARK}", "green") if healthy else Text("\N{BALLOT X}", "bold red")


def _places(status: Json) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("scoring", Text(clean(status["scoring"])))
    grid.add_row("database", Text(clean(status["database_path"])))
    grid.add_row("log", Text(clean(status["log_path"] or "journal or standard error")))
    return grid
