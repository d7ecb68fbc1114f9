"""Shapes of the API: ages everywhere, no NaN, nothing invented."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sample_daemon import (
    CLOCK,
    sample_alert,
    sample_assessment,
    sample_diagnostics,
    sample_patient,
    sample_status,
    waiting_patient,
)

from ecgd.config.settings import PatientSettings
from ecgd.model.alarm import AlarmState
from ecgd.model.finding import Severity
from ecgd.web.clock import Clock
from ecgd.web.gateway import AlertEntry
from ecgd.web.json_shape import (
    alert_shape,
    assessment_shape,
    diagnostics_shape,
    patient_shape,
    patients_shape,
    plain,
    status_shape,
)


def _strict(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


def test_what_is_no_finite_number_becomes_null() -> None:
    assert plain({"a": (float("nan"), float("-inf"), 1.5)}) == {"a": [None, None, 1.5]}


def test_severity_goes_by_name_and_sets_are_sorted() -> None:
    assert plain(Severity.CRITICAL) == "CRITICAL"
    assert plain(frozenset({"RA", "LA"})) == ["LA", "RA"]


def test_status_is_strict_json_with_an_age_on_every_value_that_ages() -> None:
    shape = _strict(status_shape(sample_status(), CLOCK))
    patient = shape["patients"][0]
    assert patient["link"]["age_s"] == 0.3
    assert patient["device"]["age_s"] == 99.0
    assert patient["device_status"]["age_s"] == patient["battery"]["age_s"] == 0.8
    assert patient["assessment"]["age_s"] == 0.4
    assert patient["alarms"][0]["since_age_s"] == 32.0
    assert patient["alarms"][0]["raised_age_s"] == 12.0
    assert patient["alarms"][0]["evidence_age_s"] == 0.5
    assert [part["age_s"] for part in shape["parts"]] == [3.0, 60.0]
    assert shape["targets"][0]["last_success_age_s"] == 41.0


def test_the_lead_that_deviates_most_is_the_worst_also_when_depressed() -> None:
    assessment = sample_assessment()
    assert assessment.st is not None
    shape = assessment_shape(assessment, 1.0)
    assert shape is not None
    assert shape["st"]["worst"]["lead"] == "III"
    deeper = tuple(
        replace(lead, level_mv=-0.4) if lead.lead == "aVL" else lead for lead in assessment.st.leads
    )
    changed = replace(assessment, st=replace(assessment.st, leads=deeper))
    shape = assessment_shape(changed, 1.0)
    assert shape is not None
    assert (shape["st"]["worst"]["lead"], shape["st"]["worst"]["level_mv"]) == ("aVL", -0.4)


def test_st_that_cannot_be_measured_has_no_worst_lead() -> None:
    assessment = sample_assessment()
    assert assessment.st is not None
    blind = tuple(
        replace(lead, measurable=False, level_mv=None, reason="front end")
        for lead in assessment.st.leads
    )
    shape = assessment_shape(replace(assessment, st=replace(assessment.st, leads=blind)), 1.0)
    assert shape is not None
    assert shape["st"]["worst"] is None


def test_a_patient_never_heard_of_shows_null_and_no_made_up_value() -> None:
    shape = _strict(patient_shape(waiting_patient(), CLOCK))
    assert shape["assessment"] is None
    assert shape["device"] is None
    assert shape["device_status"] is None
    assert shape["battery"] == {"percent": None, "mv": None, "age_s": None}


def test_a_battery_that_is_not_reported_is_null_beside_a_report() -> None:
    patient = sample_patient()
    assert patient.device_status is not None
    silent = replace(
        patient,
        battery_percent=None,
        device_status=replace(patient.device_status, battery_mv=None, electrodes_off=None),
    )
    shape = patient_shape(silent, CLOCK)
    assert shape["battery"] == {"percent": None, "mv": None, "age_s": 0.8}
    assert shape["device_status"]["electrodes_off"] is None


def test_alert_of_this_boot_ages_by_the_monotonic_clock_and_of_another_by_the_wall() -> None:
    entry = AlertEntry(sample_alert(), AlarmState.ACTIVE)
    assert alert_shape(entry, CLOCK)["age_s"] == 12.0
    older = replace(entry, alert=replace(entry.alert, boot_id="another"))
    assert alert_shape(older, CLOCK)["age_s"] == 500.0


def test_a_wall_clock_that_went_back_gives_no_negative_age() -> None:
    early = Clock(lambda: 0.0, lambda: 0.0)
    assert alert_shape(AlertEntry(sample_alert(), AlarmState.ACTIVE), early)["age_s"] == 0.0


def test_alert_maps_leads_to_figures() -> None:
    shape = _strict(alert_shape(AlertEntry(sample_alert(), AlarmState.ACTIVE), CLOCK))
    assert shape["st_mv"]["III"] == 0.27
    assert shape["quality"] == {"II": 0.93, "III": None}
    assert shape["scores"] == {"cnn": 0.91}
    assert shape["severity"] == "CRITICAL"


def test_latency_says_whether_it_keeps_its_budget_and_null_without_a_window() -> None:
    shape = _strict(diagnostics_shape(sample_diagnostics(), CLOCK))
    assert [stage["within_budget"] for stage in shape["latency"]] == [True, None, False]
    assert shape["latency"][1]["p50_ms"] is None
    assert shape["loop"] == {"late_count": 2, "late_max_ms": 31.0}
    assert shape["queue_depths"] == {"store": 0, "delivery": 1}


def test_a_patient_without_a_name_is_called_by_the_id() -> None:
    shape = patients_shape([PatientSettings(id="p9", source="synthetic:")])[0]
    assert (shape["patient_id"], shape["name"]) == ("p9", "p9")
    assert "id" not in shape
