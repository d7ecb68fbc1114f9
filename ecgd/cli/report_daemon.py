"""The helper's page while the daemon runs: what its answers say, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ecgd.cli.machine_lines import machine_lines
from ecgd.cli.opinion_words import opinion_text
from ecgd.cli.report_page import Section, verdict
from ecgd.cli.standing import standing_alarms
from ecgd.cli.words import STALE_S, age, battery_text, count, duration, rate

Json = dict[str, Any]

_LATEST_ALERTS: Final = 5
_PART_REMEDIES: Final = {
    "clock": "connect the network, then ask timedatectl",
    "models": "install them anew; the rules work without them",
    "heartbeat": "see to the patient it names, else to network and address",
    "log": "see whether the disk is full",
}
"""For parts whose own words do not say it."""

_LINK_REMEDY: Final = "look at the device: switched on, charged, near enough"


def daemon_sections(
    answer: Json, alerts: list[Json], log_lines: list[str], *, names: bool = False
) -> list[Section]:
    """Return the sections for answers of ``/v1/diagnostics`` and ``/v1/alerts``."""
    status = answer["status"]
    patients = status["patients"]
    return [
        verdict(list(find_troubles(answer))),
        Section("Program", tuple(_program(answer))),
        *(Section(f"Patient {_who(each, names=names)}", _patient(each)) for each in patients),
        Section("Last alerts", tuple(_alerts(alerts)) or ("none",)),
        Section("Where alerts are sent", tuple(_targets(status)) or ("nowhere",)),
        Section("Parts", tuple(_parts(status))),
        Section("Computer", tuple(machine_lines(answer["machine"]))),
        Section("Speed and losses", tuple(_speed(answer))),
        Section("Last warnings and errors", tuple(log_lines) or ("none that this user may read",)),
    ]


def find_troubles(answer: Json) -> Iterator[str]:
    """Yield what a person has to see to, the gravest first, each with what to do."""
    status = answer["status"]
    if not status["patients"]:
        yield "Nobody is watched. Do: add a patient (ecgctl patients add)."
    for patient in status["patients"]:
        yield from _patient_troubles(patient)
    for part in status["parts"]:
        if not part["healthy"]:
            remedy = _PART_REMEDIES.get(part["part"])
            yield f"{part['part']}: {part['detail']}." + (f" Do: {remedy}." if remedy else "")
    for target in status["targets"]:
        if not target["healthy"]:
            yield f"Alerts do not reach {target['name']}: {target['detail']}."
    for stage in answer["latency"]:
        if stage["within_budget"] is False:
            late = f"{stage['p99_ms']:.0f} ms, allowed are {stage['budget_ms']:.0f}"
            yield f"Too slow: {stage['stage']} took {late}. Do: end other programs."


def _patient_troubles(patient: Json) -> Iterator[str]:
    who = patient["patient_id"]
    for alarm in standing_alarms(patient):
        if alarm["acknowledged_by"]:
            handled = f"seen by {alarm['acknowledged_by']}. Do: what was agreed"
        else:
            handled = f"not seen. Do: look after the patient, then ecgctl alerts ack {_id(alarm)}"
        yield f"{who}: {alarm['severity']} alarm {alarm['event_type']}, {handled}."
    link, assessment = patient["link"], patient["assessment"]
    if link["state"] != "up":
        why = f" ({link['reason']})" if link["reason"] else ""
        yield f"{who}: link {link['state']}{why}. Do: {_LINK_REMEDY}."
    elif assessment is None:
        yield f"{who}: nothing has been analysed yet. Do: wait a minute, then look again."
    elif assessment["age_s"] is None or assessment["age_s"] > STALE_S:
        yield f"{who}: last judged {age(assessment['age_s'])}. Do: look at the device."
    elif assessment["outcome"] == "cannot_judge":
        told = [trouble["words"] for trouble in assessment.get("troubles", ())]
        reasons = ", ".join(told or assessment["cannot_judge"])
        yield f"{who}: cannot be judged ({reasons}). Do: see to electrodes and rest."


def _id(alarm: Json) -> str:
    return (alarm["alert_id"] or "")[:8]


def _program(answer: Json) -> Iterator[str]:
    status = answer["status"]
    simulated = ", SIMULATED: its alerts reach the test target only" if status["simulated"] else ""
    yield f"ecgd {status['version']}, running for {duration(status['uptime_s'])}{simulated}"
    yield f"Python {answer['python']}, {answer['platform']}"
    yield f"scoring: {status['scoring']}"
    yield f"configuration {status['config_hash']}, models {status['models_hash'] or 'none'}"
    if status["audio_paused_s"] is not None:
        yield f"sound paused for {duration(status['audio_paused_s'])} more"


def _who(patient: Json, *, names: bool) -> str:
    return f"{patient['patient_id']} ({patient['name']})" if names else str(patient["patient_id"])


def _patient(patient: Json) -> tuple[str, ...]:
    link, assessment, device = patient["link"], patient["assessment"], patient["device"]
    figures = link["statistics"]
    lines = [
        f"link {link['state']} for {duration(link['age_s'])}, "
        f"{count(figures['gaps'], 'gap')}, {count(figures['resets'], 'reset')}",
        "device never heard" if device is None else _device(device),
        f"battery {battery_text(patient)}",
    ]
    if assessment is not None:
        heart = rate(assessment["rhythm"]["heart_rate_bpm"])
        signal = f"signal {100 * (assessment['sqi'] or 0.0):.0f} %"
        lines.append(f"{heart}, {signal}, judged {age(assessment['age_s'])}")
        if assessment["scores"] is not None:
            lines.append(f"networks {opinion_text(assessment['scores'])}")
    return tuple(lines)


def _device(device: Json) -> str:
    firmware = f", firmware {device['firmware']}" if device["firmware"] else ""
    leads = " ".join(device["leads"])
    return f"device {device['device_id']}{firmware}, {device['fs_hz']:g} Hz, leads {leads}"


def _alerts(alerts: list[Json]) -> Iterator[str]:
    for alert in alerts[:_LATEST_ALERTS]:
        by = alert["acknowledged_by"]
        seen = f"seen by {by}" if by else "not seen"
        simulated = ", simulated" if alert["simulated"] else ""
        what = f"{alert['patient_id']}: {alert['severity']} {alert['event_type']}"
        yield f"{age(alert['age_s'])}, {what}, {alert['state']}, {seen}{simulated}"


def _targets(status: Json) -> Iterator[str]:
    for target in status["targets"]:
        word = "works" if target["healthy"] else "FAILS"
        last = age(target["last_success_age_s"])
        yield f"{target['name']} {word}, {target['pending']} waiting, last success {last}"


def _parts(status: Json) -> Iterator[str]:
    for part in status["parts"]:
        if part["part"] != "machine":
            word = "well" if part["healthy"] else "NOT WELL"
            yield f"{part['part']} {word}: {part['detail']}"


def _speed(answer: Json) -> Iterator[str]:
    kept = [stage for stage in answer["latency"] if stage["within_budget"]]
    known = [stage for stage in answer["latency"] if stage["within_budget"] is not None]
    yield f"{len(kept)} of {count(len(known), 'stage')} keep their time"
    delay = answer["alarm_delay"]
    if delay is not None:
        longest = duration(delay["max_ms"] / 1000)
        yield f"from the first evidence to the alarm: {longest} at most, hold-off included"
    lost = {name: number for name, number in answer["dropped"].items() if number}
    yield "dropped: " + (", ".join(f"{n} {name}" for name, n in lost.items()) or "nothing")
    memory = answer["memory_mb"]
    yield "memory of the daemon: " + ("not known" if memory is None else f"{memory:.0f} MB")


def names_of(status: Json) -> dict[str, str]:
    """Return the names in an answer of ``/v1/status`` with what stands for them."""
    return {each["name"]: each["patient_id"] for each in status["patients"]}
