"""What settings must not say together, although each alone is fine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ecgd.alerts.profiles.registry import profile_problems
from ecgd.config.settings import (
    AlarmSettings,
    AnalysisSettings,
    DeviceSettings,
    EnsembleSettings,
    Settings,
)
from ecgd.errors import SourceError
from ecgd.protocol import MAX_LINE_LOAD, six_lead_bytes_per_second, six_lead_load
from ecgd.service.fleet_rules import BROKER_NAME, fleet_contradictions
from ecgd.service.people_rules import people_contradictions
from ecgd.service.quiet_hours import span_problem
from ecgd.service.report_rules import report_contradictions
from ecgd.service.toml_lines import KeyPath
from ecgd.sources.url import BAUD_RATES, BluetoothUrl, SerialUrl, SocketUrl, parse_source

Contradiction = tuple[KeyPath, str]

MAX_PATIENTS = 7
"""A Bluetooth piconet has seven devices beside the gateway."""

FAULT_PINS = ("pin", "buzzer_pin")

GATEWAY_ID = "gateway"
"""Whose alarms those are that concern no single patient."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def find_contradictions(settings: Settings) -> tuple[Contradiction, ...]:
    """Return (key path, what is wrong) for everything that bounds alone cannot catch."""
    return (
        *_in_analysis(settings.analysis),
        *_in_ensemble(settings.ensemble),
        *_in_alarms(settings.alarms),
        *_in_gpio(settings),
        *_in_webhooks(settings),
        *_in_patients(settings),
        *_in_devices(settings),
        *fleet_contradictions(settings),
        *people_contradictions(settings),
        *report_contradictions(settings),
        *_in_proof(settings),
    )


def _in_analysis(analysis: AnalysisSettings) -> Iterator[Contradiction]:
    if analysis.mains_hz not in (0.0, 50.0, 60.0):
        yield ("analysis", "mains_hz"), f"should be 0, 50 or 60, not {analysis.mains_hz:g}"
    if analysis.st_beats_min > analysis.st_beats_max:
        yield ("analysis", "st_beats_min"), "is larger than st_beats_max"
    if analysis.hop_s > analysis.window_s:
        yield ("analysis", "hop_s"), "is longer than window_s: samples would go unseen"


def _in_ensemble(ensemble: EnsembleSettings) -> Iterator[Contradiction]:
    if ensemble.cnn_weight + ensemble.lstm_weight + ensemble.rnn_weight <= 0:
        yield ("ensemble", "cnn_weight"), "all three weights are 0: one at least must count"
    ladder = ("event_threshold", "anomaly_threshold", "high_threshold", "critical_threshold")
    for lower, upper in pairwise(ladder):
        if getattr(ensemble, lower) > getattr(ensemble, upper):
            yield ("ensemble", lower), f"is above {upper}"


def _in_alarms(alarms: AlarmSettings) -> Iterator[Contradiction]:
    if alarms.battery_critical_percent >= alarms.battery_low_percent:
        yield ("alarms", "battery_critical_percent"), "should be below battery_low_percent"
    if alarms.battery_empty_mv >= alarms.battery_full_mv:
        yield ("alarms", "battery_empty_mv"), "should be below battery_full_mv"
    if problem := span_problem(alarms.quiet_hours):
        yield ("alarms", "quiet_hours"), problem


def _in_gpio(settings: Settings) -> Iterator[Contradiction]:
    taken: dict[int, str] = {}
    own = ("buzzer_pin", "red_pin", "yellow_pin", "green_pin", "button_pin")
    tables = (("gpio", settings.gpio, own), ("fault_light", settings.fault_light, FAULT_PINS))
    for table, values, names in tables:
        for name in names:
            pin = getattr(values, name)
            if pin >= 0 and pin in taken:
                yield (table, name), f"pin {pin} is already {taken[pin]}"
            taken.setdefault(pin, name if table == "gpio" else f"{table}.{name}")


def _in_webhooks(settings: Settings) -> Iterator[Contradiction]:
    names = [target.name for target in settings.webhooks]
    for number, target in enumerate(settings.webhooks):
        where: KeyPath = ("webhooks", number)
        if not _ID.fullmatch(target.name):
            yield (*where, "name"), "should be 1 to 32 letters, digits, - or _"
        if target.name in names[:number]:
            yield (*where, "name"), f"{target.name!r} is already another target"
        for key, what in profile_problems(target):
            yield (*where, key), what


def _in_proof(settings: Settings) -> Iterator[Contradiction]:
    proof = settings.proof
    if proof.too_old_s < 2.0 * proof.every_s:
        yield ("proof", "too_old_s"), "should be twice every_s or more: one canary may fail"
    known = {target.name for target in settings.webhooks} | {BROKER_NAME}
    for name in proof.leave_out:
        if name not in known:
            yield ("proof", "leave_out"), f"{name!r} is no target"


def _in_patients(settings: Settings) -> Iterator[Contradiction]:
    if len(settings.patients) > MAX_PATIENTS:
        yield ("patients",), f"{len(settings.patients)} patients: one gateway serves {MAX_PATIENTS}"
    ids = [patient.id for patient in settings.patients]
    devices = [patient.device_id for patient in settings.patients]
    lines = [_line(patient.source) for patient in settings.patients]
    for number, patient in enumerate(settings.patients):
        where: KeyPath = ("patients", number)
        if not _ID.fullmatch(patient.id):
            yield (*where, "id"), "should be 1 to 32 letters, digits, - or _"
        if patient.id == GATEWAY_ID:
            yield (*where, "id"), f"{GATEWAY_ID!r} is the gateway itself"
        if patient.id in ids[:number]:
            yield (*where, "id"), f"{patient.id!r} is already another patient"
        if lines[number] is not None and lines[number] in lines[:number]:
            owner = ids[lines.index(lines[number])]
            yield (*where, "source"), f"is already the line of another patient, {owner}"
        if patient.device_id and patient.device_id in devices[:number]:
            owner = ids[devices.index(patient.device_id)]
            yield (*where, "device_id"), f"is already the device of another patient, {owner}"
        try:
            parse_source(patient.source)
        except SourceError as error:
            yield (*where, "source"), str(error)


def _in_devices(settings: Settings) -> Iterator[Contradiction]:
    for number, patient in enumerate(settings.patients):
        where: KeyPath = ("patients", number)
        device = patient.device
        if 0 <= device.lowpass_hz <= device.highpass_hz:
            yield (*where, "device", "highpass_hz"), "is not below lowpass_hz"
        keys = [each.device.key_file for each in settings.patients[:number]]
        if device.key_file and device.key_file in keys:
            owner = settings.patients[keys.index(device.key_file)].id
            yield (*where, "device", "key_file"), f"is already the key of another patient, {owner}"
        if device.protocol != "six-lead":
            continue
        if device.key_file:
            yield (*where, "device", "key_file"), "six-lead frames carry no authentication"
        if device.counts_per_mv <= 0:
            missing = "is required of a six-lead device: what 1 mV at the electrodes gives"
            yield (*where, "device", "counts_per_mv"), missing
        half = 1 << (device.adc_bits - 1)
        if not -half <= device.baseline_counts < 2 * half:
            beyond = f"is beyond what a converter of {device.adc_bits} bits gives"
            yield (*where, "device", "baseline_counts"), beyond
        if too_slow := _too_slow(patient.source, device):
            yield (*where, "source"), too_slow


def _too_slow(source: str, device: DeviceSettings) -> str:
    """Say why six-lead frames do not fit the line, and what does; empty: they do."""
    try:
        line = parse_source(source)
    except SourceError:
        return ""
    if not isinstance(line, SerialUrl | BluetoothUrl):
        return ""
    if six_lead_load(device.fs_hz, line.baud) <= MAX_LINE_LOAD:
        return ""
    needed = six_lead_bytes_per_second(device.fs_hz)
    enough = [rate for rate in BAUD_RATES if six_lead_load(device.fs_hz, rate) <= MAX_LINE_LOAD]
    return (
        f"{line.baud} baud carry {line.baud / 10:g} bytes a second, but six-lead frames at "
        f"{device.fs_hz:g} Hz take {needed:g}: set device and URL to baud={enough[0]} or more, "
        "or use the block protocol"
    )


def _line(source: str) -> str | None:
    """Return what two patients cannot share: one port, however its URL is written."""
    try:
        parsed = parse_source(source)
    except SourceError:
        return None
    match parsed:
        case BluetoothUrl():
            return parsed.address
        case SerialUrl():
            return parsed.path
        case SocketUrl():
            return f"{parsed.host.lower()}:{parsed.port}"
    return None
