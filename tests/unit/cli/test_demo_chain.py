"""The evidence for each link of the chain: it must be there, and it must be of this run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_daemon import CLOCK, sample_patient, waiting_patient

from ecgd.cli.demo_chain import (
    StoredAlert,
    analysis_link,
    networks_link,
    packets_link,
    pins_link,
    read_alerts,
    stored_link,
    webhook_link,
)
from ecgd.cli.demo_receiver import Delivery
from ecgd.model.status import PatientStatus
from ecgd.web.json_shape import patient_shape

STEMI = StoredAlert("a1b2c3d4e5", "STEMI_DETECTED", "CRITICAL", 25.0)
OTHER = StoredAlert("ffff", "ELECTRODE_OFF", "LOW", 3.0)
HIGH_BURST = [(0.25 * n, 0.15) for n in range(10)]


def _shape(patient: PatientStatus) -> dict[str, Any]:
    return patient_shape(patient, CLOCK)


def test_packets_and_windows_are_the_daemons_own_figures() -> None:
    packets = packets_link(_shape(sample_patient()))
    assert packets.worked
    assert "1 000 packets" in packets.evidence.replace("\N{NO-BREAK SPACE}", " ")
    analysis = analysis_link(_shape(sample_patient()))
    assert analysis.worked
    assert "96 windows, 72 bpm, ST III +0.27 mV, CRITICAL_STEMI" in analysis.evidence


def test_the_networks_speak_where_there_are_any() -> None:
    shape = _shape(sample_patient())
    assert "networks" not in analysis_link(shape).evidence
    shape["assessment"]["scores"] = {"fused": 0.914, "members": {"cnn": 0.93, "rnn": 0.88}}
    assert analysis_link(shape).evidence.endswith(", networks 0.91 (cnn 0.93, rnn 0.88)")


def test_the_alert_carries_the_networks_opinion_beside_the_rules() -> None:
    figures = {"cnn": 0.9, "fused": 0.9, "boosted": 1.0, "consensus": 1.0}
    figures |= {"disagreement": 0.0, "confidence": 0.8, "age_s": 0.4}
    told = StoredAlert("a", "STEMI_DETECTED", "CRITICAL", 20.0, figures)
    link = networks_link([told], "STEMI_DETECTED")
    assert link.worked
    assert "0.90 together, 1.00 with ST:  cnn 0.90" in link.evidence
    silent = networks_link([replace(told, scores={})], "STEMI_DETECTED")
    assert not silent.worked
    assert "judged by rules alone" in silent.evidence
    assert not networks_link("the database is locked", "STEMI_DETECTED").worked
    assert not networks_link([], "STEMI_DETECTED").worked


def test_a_silent_device_and_a_silent_daemon_break_the_chain() -> None:
    for patient in (None, _shape(waiting_patient())):
        assert not packets_link(patient).worked
        assert not analysis_link(patient).worked


def test_a_window_that_cannot_be_judged_is_no_analysis_seen_to_work() -> None:
    shape = _shape(sample_patient())
    shape["assessment"]["outcome"] = "cannot_judge"
    assert not analysis_link(shape).worked


def test_the_expected_alert_must_be_in_the_database() -> None:
    assert stored_link([OTHER, STEMI], "STEMI_DETECTED").worked
    missing = stored_link([OTHER], "STEMI_DETECTED")
    assert not missing.worked
    assert "ELECTRODE_OFF" in missing.evidence
    assert stored_link("no such file", "STEMI_DETECTED").evidence == "no such file"


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert isinstance(read_alerts(tmp_path / "none.sqlite3", 0.0), str)


def _log(
    path: Path, pulses: list[tuple[float, float]], light: str = "red", light_hz: float = 2.0
) -> Path:
    changes = []
    for begin_s, length_s in pulses:
        changes += [(begin_s, "buzzer", 1), (begin_s + length_s, "buzzer", 0)]
    for n in range(8):
        changes += [(n / light_hz, light, 1), ((n + 0.5) / light_hz, light, 0)]
    lines = [f"{100 + time_s:.6f} {channel} 18 {on}\n" for time_s, channel, on in sorted(changes)]
    path.write_text("".join(lines))
    return path


def test_the_pattern_of_a_high_priority_is_recognised(tmp_path: Path) -> None:
    link = pins_link(_log(tmp_path / "pins", HIGH_BURST), "CRITICAL", 99.0)
    assert link.worked
    assert link.evidence == "buzzer 10 pulses of 150 ms, red light 2.0 Hz"


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    log = _log(tmp_path / "pins", HIGH_BURST)
    log.write_text(log.read_text() + "107.1 buz")
    assert pins_link(log, "CRITICAL", 99.0).worked


@pytest.mark.parametrize(
    ("pulses", "light", "light_hz"),
    [
        (HIGH_BURST[:9], "red", 2.0),
        ([(0.5 * n, 0.3) for n in range(10)], "red", 2.0),
        (HIGH_BURST, "yellow", 2.0),
        (HIGH_BURST, "red", 0.5),
    ],
    ids=["too few pulses", "too long pulses", "another light", "too slow a light"],
)
def test_another_pattern_is_not_taken_for_it(
    tmp_path: Path, pulses: list[tuple[float, float]], light: str, light_hz: float
) -> None:
    assert not pins_link(_log(tmp_path / "pins", pulses, light, light_hz), "CRITICAL", 99.0).worked


def test_a_low_priority_wants_one_pulse_and_a_steady_light(tmp_path: Path) -> None:
    log = tmp_path / "pins"
    log.write_text("100.0 yellow 27 1\n100.0 buzzer 18 1\n100.2 buzzer 18 0\n")
    assert pins_link(log, "LOW", 99.0).worked


def test_pulses_of_an_earlier_run_do_not_count(tmp_path: Path) -> None:
    assert not pins_link(_log(tmp_path / "pins", HIGH_BURST), "CRITICAL", 200.0).worked


@pytest.mark.parametrize("content", [None, "not a log\n"])
def test_a_pulse_log_that_cannot_be_read_breaks_the_chain(
    tmp_path: Path, content: str | None
) -> None:
    log = tmp_path / "pins"
    if content is not None:
        log.write_text(content)
    assert not pins_link(log, "CRITICAL", 0.0).worked


def _delivery(alert_id: str = "a1b2c3d4e5", fault: str = "") -> Delivery:
    return Delivery("msg-1", alert_id, "STEMI_DETECTED", fault, 0.0)


def test_the_stored_alert_must_have_arrived_with_a_right_signature() -> None:
    assert webhook_link([_delivery()], [STEMI], "STEMI_DETECTED").worked
    assert not webhook_link([], [STEMI], "STEMI_DETECTED").worked
    assert not webhook_link([_delivery("another")], [STEMI], "STEMI_DETECTED").worked
    assert not webhook_link([_delivery()], "no database", "STEMI_DETECTED").worked
    forged = webhook_link(
        [_delivery(), _delivery(fault="no signature matches")], [STEMI], "STEMI_DETECTED"
    )
    assert not forged.worked
    assert "no signature matches" in forged.evidence
