"""The page for the telephone: first what is wrong, never too long, no name and no secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_material import ramp, recording_into
from sample_daemon import (
    CLOCK,
    sample_alert,
    sample_diagnostics,
    sample_patient,
    sample_status,
)
from store_examples import DEVICE, NOW_UNIX_S, make_alert, make_item

from ecgd.cli import log_tail, report_offline
from ecgd.cli.client import UnreachableError
from ecgd.cli.log_tail import last_lines, last_warnings
from ecgd.cli.report_daemon import daemon_sections, find_troubles, names_of
from ecgd.cli.report_page import COLUMNS, LINES_MAX, Section, report_text, verdict
from ecgd.model.alarm import AlarmState
from ecgd.model.status import Diagnostics
from ecgd.web.gateway import AlertEntry
from ecgd.web.json_shape import alert_shape, diagnostics_shape

LOG = (
    "2026-11-21 11:00:00 WARNING  Ada Example: https://u:secret@hooks.example.org/T0KEN?k=1 failed"
)


def _answer(figures: Diagnostics | None = None) -> dict[str, Any]:
    return diagnostics_shape(figures or sample_diagnostics(), CLOCK)


def _page(answer: dict[str, Any], *, names: bool = False) -> str:
    alerts = [alert_shape(AlertEntry(sample_alert(), AlarmState.ACTIVE), CLOCK)]
    hidden = {} if names else names_of(answer["status"])
    sections = daemon_sections(answer, alerts, [LOG], names=names)
    return report_text("ecgd report", sections, hidden)


def test_the_first_part_says_what_is_wrong_and_what_to_do() -> None:
    lines = _page(_answer()).splitlines()
    assert lines[1] == "1. 4 things need you"
    text = " ".join(line.strip() for line in lines)
    assert "p1: CRITICAL alarm STEMI_DETECTED, not seen. Do: look after the patient" in text
    assert "p2: link connecting (No such file or directory: /dev/rfcomm1). Do:" in text
    assert "gpio: no GPIO on this machine" in text
    assert "Too slow: alert took 260 ms, allowed are 200" in text
    assert "power since it started: undervoltage" in text


def test_when_all_is_well_it_says_so() -> None:
    well = replace(sample_patient(), alarms=())
    status = replace(sample_status(), patients=(well,), parts=sample_status().parts[:1])
    figures = replace(sample_diagnostics(), status=status, latency=())
    answer = _answer(figures)
    assert list(find_troubles(answer)) == []
    assert _page(answer).splitlines()[1] == "1. Everything is well"


def test_nobody_to_watch_is_never_well() -> None:
    status = replace(sample_status(), patients=(), parts=(), targets=())
    answer = _answer(replace(sample_diagnostics(), status=status, latency=()))
    assert next(find_troubles(answer)).startswith("Nobody is watched")


def test_names_come_only_on_demand_and_secrets_never() -> None:
    text = _page(_answer())
    assert "Ada Example" not in text
    assert "https://hooks.example.org failed" in " ".join(text.split())
    with_names = _page(_answer(), names=True)
    assert "Patient p1 (Ada Example)" in with_names
    for secret in ("secret", "T0KEN", "k=1"):
        assert secret not in text + with_names


WORDS = st.text(max_size=9)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(WORDS, st.lists(WORDS, max_size=3), st.integers(0, 30), st.booleans()),
        min_size=1,
        max_size=16,
    )
)
def test_the_page_fits_whatever_is_said(
    said: list[tuple[str, list[str], int, bool]],
) -> None:
    sections = [
        Section(9 * title, tuple(" ".join(9 * words) for _ in range(count)), vital)
        for title, words, count, vital in said
    ]
    lines = report_text("heading", sections, {"": "x"}).splitlines()
    assert len(lines) <= LINES_MAX
    assert max(map(len, lines)) <= COLUMNS
    assert sum(line.split(".")[0].isdigit() for line in lines) >= len(sections)


def test_a_name_is_hidden_as_a_word_only() -> None:
    text = report_text("x", [Section("Log", ("Al: Alerts for Al.",))], {"Al": "p1", "A(": "p2"})
    assert "p1: Alerts for p1." in text


def test_what_is_vital_is_cut_last() -> None:
    vital = verdict([f"trouble {number}" for number in range(30)])
    log = Section("Log", tuple(f"line {number}" for number in range(100)))
    text = report_text("x", [vital, log], {})
    assert "trouble 29" in text
    assert "more in ecgctl diagnostics" in text
    assert len(text.splitlines()) == LINES_MAX


def test_without_a_daemon_files_tell_what_they_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"ActiveState": "failed", "SubState": "failed", "Result": "exit-code"}
    monkeypatch.setattr(report_offline, "unit_state", lambda: failed | {"ExecMainStatus": "78"})
    with recording_into(tmp_path / "db") as recorder:
        recorder.writer.ensure_user("ann", "Ann Example").result(10)
        recorder.open("ann", DEVICE, NOW_UNIX_S)
        recorder.add("ann", DEVICE, 0, ramp(500), begun_unix_s=NOW_UNIX_S)
        recorder.writer.store_alert(make_alert(), (make_item(),)).result(10)
    (tmp_path / "ecgd.log").write_text("INFO a\nERROR Ann Example is gone\n")
    failure = UnreachableError("no daemon is running", "start it")
    sections, names = report_offline.offline_sections(
        failure, tmp_path / "db", str(tmp_path / "ecgd.log")
    )
    text = " ".join(report_text("x", sections, names).split())
    assert "NOBODY IS WATCHED as far as can be seen: no daemon is running. Do: start it" in text
    assert "The service has failed (exit-code, exit status 78)" in text
    assert "ann: last signal" in text
    assert "ann, CRITICAL STEMI_DETECTED, not seen" in text
    assert "waiting to be sent to nurse: 1" in text
    assert "ERROR ann is gone" in text
    assert "Ann Example" not in text


def test_without_anything_it_still_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_offline, "unit_state", dict)
    failure = UnreachableError("no daemon", "start it")
    sections, names = report_offline.offline_sections(failure, tmp_path / "none", "")
    text = report_text("x", sections, names)
    assert "There is no database" in text
    assert "systemd knows no ecgd" in text


def test_the_log_gives_its_last_lines_and_its_warnings(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = [f"t {level} line {n}" for n in range(50) for level in ("INFO    ", "WARNING ")]
    path.write_text("\n".join(lines))
    assert last_lines(str(path), 2) == ["t INFO     line 49", "t WARNING  line 49"]
    assert last_warnings(str(path), 2) == ["t WARNING  line 48", "t WARNING  line 49"]
    assert last_lines(str(tmp_path / "none"), 5) == []


def test_without_systemd_there_is_no_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert log_tail.unit_state() == {}
    assert last_warnings("", 5) == []


def test_what_systemd_says_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\necho LoadState=$STATE\necho ActiveState=inactive\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("STATE", "loaded")
    assert log_tail.unit_state()["ActiveState"] == "inactive"
    monkeypatch.setenv("STATE", "not-found")
    assert log_tail.unit_state() == {}
