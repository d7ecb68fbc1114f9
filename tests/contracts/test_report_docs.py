"""The report's example and figures in the docs are those of the code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ecgd.alerts.profiles.registry import PROFILES, REPORTING
from ecgd.alerts.report_message import REPORT_TYPE, ReportFile, with_file
from ecgd.config.report import ReportSettings
from ecgd.paper.strip import PX_PER_MM

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def section(page: str, heading: str) -> str:
    text = (DOCS / page).read_text(encoding="utf-8")
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_the_example_is_drawn_by_this_code() -> None:
    pytest.importorskip("PIL", reason="Pillow is missing: pip install 'ecgd[report]'")
    answer = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build-report-example"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_profile_stands_among_those_that_report_or_do_not() -> None:
    rows = section("phones.md", "Reports with the ECG").splitlines()
    cells = [row.strip("| ").split(" | ") for row in rows if row.startswith("| `")]
    told = {name: how for names, how, _ in cells for name in re.findall(r"`([\w-]+)`", names)}
    assert set(told) == set(PROFILES)
    assert {name for name, how in told.items() if how != "not"} == REPORTING


def test_every_field_of_a_report_is_documented() -> None:
    text = section("webhook.md", "Report")
    body = with_file(b'{"data":{}}', ReportFile("n", "image/png", b"x"))
    for name in json.loads(body)["data"]["report"]:
        assert f"| `{name}` |" in text
    assert f"`{REPORT_TYPE}`" in text


def test_the_figures_are_the_codes() -> None:
    text, settings = section("contacts.md", "The report for clinicians"), ReportSettings()
    assert f"(`after_s`, {settings.after_s:g} s after the decision)" in text
    assert f"`before_s` ({settings.before_s:g} s)" in text
    assert f"`useful_s` ({settings.useful_s / 3600:g} h)" in text
    assert f"`apart_s` ({settings.apart_s:g} s)" in text
    assert f"at {PX_PER_MM:g} px/mm" in text
