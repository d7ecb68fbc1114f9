"""Pages of ecgctl at 80 columns: right figures, no colour needed, no text of a device obeyed."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType
from sample_daemon import (
    CLOCK,
    sample_alarm,
    sample_assessment,
    sample_diagnostics,
    sample_patient,
    sample_status,
    waiting_patient,
)

from ecgd.cli.diagnostics_page import diagnostics_page
from ecgd.cli.standing import standing_alarms
from ecgd.cli.status_page import status_page
from ecgd.cli.tables import alerts_table, battery_table
from ecgd.model.alarm import AlarmState
from ecgd.model.assessment import Assessment
from ecgd.model.finding import (
    ChannelFinding,
    EventType,
    Outcome,
    PlacementFinding,
    Severity,
)
from ecgd.model.link import LinkState
from ecgd.model.status import LatencySummary, PatientStatus
from ecgd.web.json_shape import diagnostics_shape, patient_shape, status_shape


def _print(page: RenderableType, *, colour: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=80, force_terminal=colour, highlight=False).print(page)
    return out.getvalue()


def _page_of(patient: PatientStatus) -> str:
    return _print(status_page(status_shape(replace(sample_status(), patients=(patient,)), CLOCK)))


def _with(assessment: Assessment, age_s: float = 0.4) -> PatientStatus:
    return replace(sample_patient(), assessment=assessment, assessment_age_s=age_s, alarms=())


def test_status_names_every_value_with_its_age_within_80_columns() -> None:
    text = _print(status_page(status_shape(sample_status(), CLOCK)))
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    for shown in (
        "Ada Example (p1)",
        "ALARM CRITICAL",
        "72 bpm, regular",
        "III +0.27 mV",
        "CRITICAL_STEMI, inferior",
        "88 %  worst aVR 61 % (baseline wander)",
        "0 samples lost",
        "67 %  3.90 V",
        "STEMI_DETECTED, inferior, not yet seen",
        "ecgctl alerts ack a1b2c3",
        "SIMULATED",
        "No such file or directory: /dev/rfcomm1",
        "set gpio.factory",
        "3 alerts delivered, 0 waiting",
        "/var/lib/ecgd/ecgd.sqlite3",
        "rules only",
    ):
        assert shown in text.replace("\N{NO-BREAK SPACE}", " "), shown
    assert "sounding: high priority" in text
    for ago in ("for 0.3 s", "0.4 s ago", "0.8 s ago", "12 s ago", "3.0 s ago", "41 s ago"):
        assert ago in text


def test_an_alarm_of_the_gateway_is_on_the_page_and_names_itself() -> None:
    alarm = replace(
        sample_alarm(),
        event_type=EventType.DELIVERY_FAILING,
        severity=Severity.MEDIUM,
        state=AlarmState.LATCHED,
        territory=None,
        alert_id="b4c5d6e7",
        evidence=("home: refused",),
    )
    status = replace(sample_status(), patients=(), gateway_alarms=(alarm,))
    text = _print(status_page(status_shape(status, CLOCK)))
    words = "Alerts are not reaching their recipients"
    for shown in (
        "The gateway itself  ALARM MEDIUM",
        "DELIVERY_FAILING",
        words,
        "ack b4c5",
        "home",
    ):
        assert shown in text, shown
    assert "gateway itself" not in _print(status_page(status_shape(sample_status(), CLOCK)))


def test_without_a_terminal_there_is_no_colour_and_with_one_there_is() -> None:
    page = status_page(status_shape(sample_status(), CLOCK))
    assert "\x1b" not in _print(page)
    assert "\x1b[" in _print(page, colour=True)


def test_old_values_are_marked_and_the_panel_says_so() -> None:
    text = _page_of(_with(sample_assessment(), age_s=42.0))
    assert "42 s ago, old" in text
    assert "not up to date" in text
    assert "monitored" not in text


def test_a_patient_in_order_is_monitored() -> None:
    text = _page_of(_with(sample_assessment()))
    assert "monitored" in text
    assert "Alarm      none" in text


def test_what_cannot_be_judged_is_never_called_monitored() -> None:
    blind = replace(
        sample_assessment(),
        outcome=Outcome.CANNOT_JUDGE,
        st=None,
        cannot_judge=("electrode LA off",),
    )
    text = _page_of(_with(blind))
    assert "cannot judge" in text
    assert "electrode LA off" in text
    assert "not measured" in text
    assert "monitored" not in text


def test_a_lost_link_and_an_unheard_device_show_no_figures() -> None:
    text = _page_of(replace(waiting_patient(), link_state=LinkState.LOST))
    assert "link lost" in text
    assert "nothing has been analysed yet" in text
    assert "not reported" in text
    assert "bpm" not in text


def test_st_without_a_measurement_says_why() -> None:
    assessment = sample_assessment()
    assert assessment.st is not None
    leads = tuple(
        replace(lead, measurable=False, level_mv=None, reason="front end high-pass 0.5 Hz")
        for lead in assessment.st.leads
    )
    text = _page_of(_with(replace(assessment, st=replace(assessment.st, leads=leads))))
    assert "not measured: front end high-pass 0.5 Hz" in text


def test_alarms_stand_gravest_first_and_pending_or_cleared_ones_do_not() -> None:
    low = replace(sample_alarm(), severity=Severity.LOW, state=AlarmState.ACKNOWLEDGED)
    pending = replace(sample_alarm(), state=AlarmState.PENDING)
    cleared = replace(sample_alarm(), state=AlarmState.CLEARED)
    grave = replace(sample_alarm(), state=AlarmState.LATCHED)
    patient = replace(sample_patient(), alarms=(low, pending, cleared, grave))
    standing = standing_alarms(patient_shape(patient, CLOCK))
    assert [(a["severity"], a["state"]) for a in standing] == [
        ("CRITICAL", "latched"),
        ("LOW", "acknowledged"),
    ]
    text = _page_of(patient)
    assert "over, not yet seen" in text
    assert "Pending    STEMI_DETECTED" in text


def test_an_acknowledged_alarm_names_who_saw_it() -> None:
    seen = replace(sample_alarm(), state=AlarmState.ACKNOWLEDGED, acknowledged_by="Dr. Grey")
    assert "seen by Dr. Grey" in _page_of(replace(sample_patient(), alarms=(seen,)))


def test_names_from_outside_are_printed_not_obeyed() -> None:
    hostile = replace(
        sample_patient(),
        name="[bold]Eve\x1b[2J",
        link_state=LinkState.LOST,
        link_reason="[/red] bad \x1b]0;x\x07 name",
    )
    text = _page_of(hostile)
    assert "\x1b" not in text
    assert "[bold]Eve" in text
    assert "[/red] bad" in text


@pytest.mark.parametrize("patients", [0, 7])
def test_no_patient_and_seven_patients(patients: int) -> None:
    many = tuple(sample_patient(f"p{n}", f"Person {n}") for n in range(patients))
    text = _print(status_page(status_shape(replace(sample_status(), patients=many), CLOCK)))
    assert text.count("Heart ") == patients
    assert ("no patient is configured" in text) == (patients == 0)


def test_diagnostics_judges_every_stage_against_its_budget() -> None:
    text = _print(diagnostics_page(diagnostics_shape(sample_diagnostics(), CLOCK)))
    shown = [line for line in text.splitlines() if line.strip()]
    lines = {line.split()[0]: line for line in reversed(shown)}
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert lines["preprocessing"].split()[1:] == ["96", "3.1", "4.2", "5.9", "7.0", "100", "kept"]
    assert "NOT KEPT" in lines["alert"]
    assert "not yet" in lines["inference"]
    assert "late 2 times, 31.0 ms at most" in text
    assert "delivery 1" in text
    assert "windows replaced 1" in text
    assert "noise 80, content 20" in text
    assert "with hold-off: median 20 s, max 21 s, 2 alarms" in text
    assert "Raspberry Pi 4 Model B Rev 1.4" in text
    assert "undervoltage" in text
    assert lines["processor"].split(maxsplit=1)[1].strip() == "not known on this machine"
    assert lines["p1"].split()[1] == "96000"


def test_what_is_wrong_with_electrodes_leads_and_device_is_shown() -> None:
    swapped = replace(
        sample_assessment(),
        placement=PlacementFinding(("RA", "LA"), "RA and LA", "lead I upside down"),
        channels=ChannelFinding(("III",), "III contradicts I and II", ("III",)),
    )
    patient = replace(
        _with(swapped),
        device_standing="foreign",
        device_words=("not Ada's: accept it first",),
        device_limits=("pacemaker spikes cannot be told",),
    )
    text = _page_of(patient)
    assert "exchanged: RA and LA (lead I upside down)" in text
    assert "III contradicts I and II; derived instead: III" in text
    assert "node-01, foreign  250 Hz, I II" in text
    assert "not Ada's: accept it first" in text
    assert "pacemaker spikes cannot be told" in text


def test_what_a_device_cannot_report_is_said_of_this_device() -> None:
    device = sample_patient().device
    assert device is not None
    six_lead = replace(
        sample_patient(),
        device=replace(device, protocol="six-lead"),
        device_status=None,
        device_status_age_s=None,
        battery_percent=None,
    )
    lines = [line.strip("│ ") for line in _page_of(six_lead).splitlines()]
    assert "Contact    not reported by this device" in lines
    assert "Battery    not reported by this device" in lines
    silent = replace(six_lead, device=device)
    assert "Battery    not reported yet" in _page_of(silent)
    table = _print(battery_table([patient_shape(six_lead, CLOCK)]))
    assert "not reported by this device" in table


def test_contact_names_the_electrodes_that_are_off() -> None:
    status = sample_patient().device_status
    assert status is not None
    reported = replace(status, electrodes_off=frozenset({"LA"}))
    assert "Contact    LA off" in _page_of(replace(sample_patient(), device_status=reported))
    sensed = replace(reported, electrodes_off=frozenset(), electrodes_sensed=frozenset({"RA"}))
    shown = _page_of(replace(sample_patient(), device_status=sensed))
    assert "Contact    none of RA off" in shown


def test_a_slow_patient_stands_first() -> None:
    figures = sample_diagnostics()
    slow = LatencySummary("preprocessing", 100.0, 9, 80.0, 120.0, 150.0, 150.0)
    patients = (figures.patients[0], replace(figures.patients[1], latency=(slow,)))
    text = _print(diagnostics_page(diagnostics_shape(replace(figures, patients=patients), CLOCK)))
    heading = next(line for line in text.splitlines() if "p99 (ms) of" in line)
    assert heading.split()[-2:] == ["p2", "p1"]
    assert "150.0" in text


def test_empty_lists_say_so() -> None:
    assert "no alerts" in _print(alerts_table([]))
    waiting = patient_shape(waiting_patient(), CLOCK)
    line = _print(battery_table([waiting])).splitlines()[-2]
    assert line.split("  ")[0].strip() == "Bert Example"
    assert "not reported: no device was heard yet" in line


@pytest.mark.parametrize(("authenticated", "shown"), [(True, True), (False, False), (None, False)])
def test_an_authenticated_device_is_said_to_be_one(authenticated: bool | None, shown: bool) -> None:
    text = _page_of(replace(sample_patient(), authenticated=authenticated))
    assert ("authenticated" in text) is shown
