"""The second opinion on every page: scores, what each network sees, or why the rules are alone."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from live_examples import NOW_S, monitor_at_work
from rich.console import Console, RenderableType
from sample_daemon import (
    CLOCK,
    sample_assessment,
    sample_diagnostics,
    sample_patient,
    sample_status,
)

from ecgd.alerts.payload import alert_body
from ecgd.cli.alert_page import alert_page
from ecgd.cli.analysis_opinion import OpinionAccount
from ecgd.cli.live_page import render
from ecgd.cli.live_paper import Surroundings
from ecgd.cli.opinion_words import score_style, seen_text
from ecgd.cli.report_daemon import daemon_sections
from ecgd.cli.status_page import status_page
from ecgd.model.alarm import AlarmState, Alert
from ecgd.model.assessment import Assessment
from ecgd.model.finding import EnsembleScore, EventType, Outcome, Severity
from ecgd.model.status import DaemonStatus, NetworkState
from ecgd.web.gateway import AlertEntry
from ecgd.web.json_shape import alert_shape, diagnostics_shape, plain, status_shape

SCORES = EnsembleScore(
    (("cnn", 0.93), ("rnn", 0.88)),
    0.914,
    1.0,
    2,
    ("lstm",),
    disagreement=0.05,
    confidence=0.79,
    labels=(("cnn: infarction", 0.93), ("cnn: ischaemia", 0.7), ("rnn: evolving ST", 0.2)),
    is_usual=True,
)
READY = replace(sample_status(), networks=(NetworkState("cnn", is_ready=True),))


def printed(page: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=80, highlight=False).print(page)
    return out.getvalue().replace("\N{NO-BREAK SPACE}", " ")


def networks_rows(status: DaemonStatus, assessment: Assessment) -> list[str]:
    """Return the lines of the status page from Networks to the next heading."""
    patient = replace(sample_patient(), assessment=assessment, assessment_age_s=0.4, alarms=())
    page = printed(status_page(status_shape(replace(status, patients=(patient,)), CLOCK)))
    lines = [line.strip("│ ") for line in page.splitlines()]
    begin = next(k for k, line in enumerate(lines) if line.startswith("Networks"))
    end = next(k for k, line in enumerate(lines) if line.startswith("Quality"))
    return lines[begin:end]


def test_status_tells_scores_agreement_and_the_surest_label_of_each_eye() -> None:
    seen = replace(sample_assessment(), scores=SCORES, scores_age_s=1.0)
    rows = networks_rows(READY, seen)
    assert "0.91 (cnn 0.93, rnn 0.88), 0.05 apart, without lstm, as" in rows[0]
    assert rows[0].endswith("1.4 s ago")
    assert rows[1:3] == [
        "usual for this patient",
        "2 of 2 networks at an anomaly, confidence 0.79",
    ]
    assert rows[-1] == "cnn: infarction 0.93"


def test_rules_that_are_alone_say_why() -> None:
    alone = sample_status()
    assert "rules only: no model is installed" in networks_rows(alone, sample_assessment())[0]
    assert "no opinion yet" in networks_rows(READY, sample_assessment())[0]
    blind = replace(sample_assessment(), outcome=Outcome.CANNOT_JUDGE)
    assert "cannot be judged" in networks_rows(READY, blind)[0]
    demoted = replace(
        sample_status(),
        scoring="cnn demoted: it is damaged; rules only",
        networks=(NetworkState("cnn", is_ready=False, demoted="it is damaged"),),
    )
    assert "it is damaged; rules only" in networks_rows(demoted, sample_assessment())[0]


def test_the_page_for_the_telephone_has_the_networks_too() -> None:
    scored = replace(sample_assessment(), scores=SCORES)
    patient = replace(sample_patient(), assessment=scored)
    figures = replace(sample_diagnostics(), status=replace(sample_status(), patients=(patient,)))
    sections = daemon_sections(diagnostics_shape(figures, CLOCK), [], [])
    lines = [line for section in sections for line in section.lines]
    assert any(line.startswith("networks 0.91 (cnn 0.93, rnn 0.88)") for line in lines)


def test_only_what_is_new_is_coloured() -> None:
    new = plain(replace(SCORES, is_usual=False))
    assert score_style(new) == "bold red"
    assert score_style(new | {"fused": 0.8}) == "yellow"
    assert score_style(new | {"fused": 0.7}) == ""
    assert score_style(new | {"is_usual": True}) == ""
    assert score_style(new | {"explained_by": "ATRIAL_FIBRILLATION"}) == ""


def test_a_label_of_a_stranger_moves_no_cursor() -> None:
    assert "\x1b" not in seen_text({"labels": {"cnn: \x1b[2J": 0.9}})
    assert seen_text({"labels": {"cnn: infarction": None, "lstm: ectopy": 0.49}}) == ""


def test_the_bedside_view_shows_every_score_in_80_columns() -> None:
    def shown(scores: EnsembleScore | None, width: int = 80) -> str:
        monitor = monitor_at_work()
        assert monitor.assessment is not None
        told = None
        if scores is not None:
            told = plain(scores) | {"members": dict(scores.members), "labels": dict(scores.labels)}
        monitor.assessment = monitor.assessment | {"scores": told}
        lines = render(monitor, Surroundings("12:34:56", NOW_S), width, 24)
        return "\n".join("".join(text for text, _ in line) for line in lines)

    three = replace(SCORES, members=(("cnn", 0.93), ("lstm", 0.9), ("rnn", 0.88)))
    assert "networks 0.91  cnn 0.93 lstm 0.90 rnn 0.88" in shown(three)
    assert "cnn: infarction 0.93" in shown(three, 120)
    assert "networks" not in shown(None)


def alert(**more: object) -> Alert:
    made = Alert(
        alert_id="a1b2c3d4",
        patient_id="p1",
        patient_name="Ada Example",
        event_type=EventType.STEMI_DETECTED,
        severity=Severity.CRITICAL,
        occurred_unix_s=1000.0,
        occurred_mono_s=5.0,
        boot_id="boot",
        clock_synchronised=True,
        simulated=True,
        description="ST-elevation infarction pattern, inferior.",
        recommended_action="Call 112 now.",
        clinical_notes=("Record a 12-lead ECG.",),
        evidence=("ST elevation in II, III",),
        st_mv=(("II", 0.21),),
        heart_rate_bpm=72.0,
        models_hash="abc",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_an_alert_is_shown_whole_with_both_opinions() -> None:
    figures = (
        *(("cnn", 0.95), ("lstm", 0.7), ("fused", 0.84), ("boosted", 1.0)),
        *(("consensus", 1.0), ("disagreement", 0.25), ("confidence", 0.5), ("age_s", 1.0)),
    )
    entry = AlertEntry(alert(scores=figures), AlarmState.ACTIVE, None, None)
    text = printed(alert_page(alert_shape(entry, CLOCK)))
    for part in (
        "CRITICAL STEMI_DETECTED",
        "SIMULATED",
        "Call 112 now.",
        "rules     ST elevation in II, III",
        "II +0.21",
        "networks  0.84 together, 1.00 with ST:  cnn 0.95  lstm 0.70",
        "1 of 2 at an anomaly, 0.25 apart, confidence 0.50",
        "Record a 12-lead ECG.",
        "not yet seen",
        "models    abc",
    ):
        assert part in text, part
    assert json.loads(alert_body(entry.alert))["data"]["scores"]["fused"] == 0.84


def test_an_alert_of_the_rules_alone_says_so_and_an_older_one_has_its_networks() -> None:
    alone = AlertEntry(alert(), AlarmState.CLEARED, "Dr. Grey", 1010.0)
    text = printed(alert_page(alert_shape(alone, CLOCK)))
    assert "judged by rules alone" in text
    assert "cleared, seen by Dr. Grey" in text
    older = AlertEntry(alert(scores=(("cnn", 0.95),)), AlarmState.CLEARED, None, None)
    assert "networks  cnn 0.95" in printed(alert_page(alert_shape(older, CLOCK)))


def test_the_account_of_a_recording_sums_the_opinions_up() -> None:
    account = OpinionAccount()
    account.take(sample_assessment())
    assert list(account.lines("no model installed: rules only", 0.75)) == [
        "no model installed: rules only"
    ]
    calm = replace(SCORES, members=(("cnn", 0.1),), fused=0.2, labels=())
    known = replace(SCORES, explained_by="ATRIAL_FIBRILLATION")
    for scores in (SCORES, calm, known):
        account.take(replace(sample_assessment(), scores=scores))
    assert [line.replace("\N{NO-BREAK SPACE}", " ") for line in account.lines("", 0.75)] == [
        "0.91 (0.20 to 0.91); cnn 0.93, rnn 0.88",
        "at an anomaly in 2 of 3 windows",
        "seen: cnn: infarction (2), cnn: ischaemia (2)",
        "explained by ATRIAL_FIBRILLATION (1)",
    ]
