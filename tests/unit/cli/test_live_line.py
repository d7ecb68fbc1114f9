"""The line of the demo: one line, whatever stands in it."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console, Group
from sample_daemon import CLOCK, sample_alarm, sample_assessment, sample_patient, waiting_patient

from ecgd.cli.live_line import live_line
from ecgd.model.alarm import AlarmState
from ecgd.model.finding import EnsembleScore, Outcome
from ecgd.model.link import LinkState
from ecgd.model.status import PatientStatus
from ecgd.web.json_shape import patient_shape


def _line(patient: PatientStatus) -> str:
    out = io.StringIO()
    Console(file=out, width=80).print(Group(live_line(patient_shape(patient, CLOCK))))
    return out.getvalue()


def test_it_names_patient_rate_worst_st_quality_and_alarm() -> None:
    shown = "Ada Example   72 bpm  III +0.27 mV  signal 88 %  "
    assert _line(sample_patient()) == f"{shown}\N{BLACK CIRCLE} STEMI_DETECTED\n"


def test_it_has_room_for_the_networks() -> None:
    scores = EnsembleScore((("cnn", 0.93),), 0.914, 1.0, 1)
    scored = replace(sample_assessment(), scores=scores)
    patient = replace(sample_patient(), assessment=scored)
    line = _line(patient)
    assert "  networks 0.91  " in line
    assert line.endswith("STEMI_DETECTED\n")
    pending = replace(patient, alarms=(replace(sample_alarm(), state=AlarmState.PENDING),))
    assert "STEMI_DETECTED 32 s" in _line(pending)
    quality = tuple(replace(lead, sqi=0.3) for lead in sample_assessment().quality)
    poor = replace(patient, assessment=replace(scored, quality=quality))
    assert "  signal 30 %  " in _line(poor)


def test_a_link_is_named_only_while_it_is_not_up() -> None:
    lost = replace(sample_patient(), link_state=LinkState.LOST)
    assert "  link lost  " in _line(lost)


def test_a_pending_alarm_says_for_how_long() -> None:
    pending = replace(sample_alarm(), state=AlarmState.PENDING)
    text = _line(replace(sample_patient(), alarms=(pending,)))
    assert "\N{WHITE CIRCLE} STEMI_DETECTED 32 s" in text


def test_a_quiet_patient_has_no_alarm() -> None:
    assert _line(replace(sample_patient(), alarms=())).endswith("no alarm\n")


def test_nothing_is_made_up_before_the_first_window_or_while_nothing_can_be_judged() -> None:
    assert "no figures yet  link connecting" in _line(waiting_patient())
    blind = replace(sample_assessment(), outcome=Outcome.CANNOT_JUDGE, st=None)
    assert "ST --  cannot judge" in _line(replace(sample_patient(), assessment=blind))


def test_a_long_name_neither_breaks_the_line_nor_hides_the_alarm() -> None:
    text = _line(replace(sample_patient(), name="A" * 100))
    assert text.count("\n") == 1
    assert "STEMI_DETECTED" in text
