"""docs/alarms.md and its diagram tell of every state, trigger and kind, as the code has them."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ecgd.decision.alarm_table import TABLE, Trigger
from ecgd.decision.technical_table import TECHNICAL
from ecgd.model.alarm import AlarmState, ChangeKind
from ecgd.model.finding import EventType

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "alarms.md").read_text(encoding="utf-8")
SVG = ET.parse(DOCS / "images" / "alarm-states.svg").getroot()
NAMESPACE = {"svg": "http://www.w3.org/2000/svg"}
OCCURRENCES = {ChangeKind.RAISED, ChangeKind.ESCALATED}


def test_it_is_written_from_the_code(project_root: Path) -> None:
    """The tables and the diagram are those that ``scripts/build-docs`` would write now."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import alarm_docs\n"
        "for path, text in alarm_docs.documents().items():\n"
        "    assert path.read_text(encoding='utf-8') == text, f'{path}: run scripts/build-docs'\n"
    )
    command = [sys.executable, "-c", script, str(project_root / "scripts")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("trigger", Trigger)
def test_every_trigger_is_explained(trigger: Trigger) -> None:
    assert f"\n| `{trigger}` | " in TEXT.split("<!-- states: begin")[0]


@pytest.mark.parametrize("kind", EventType)
def test_every_kind_has_its_row(kind: EventType) -> None:
    heading = "technical" if kind in TECHNICAL else "heart"
    rows = TEXT.split(f"<!-- {heading}: begin")[1].split("<!--")[0]
    assert len(re.findall(rf"\| `{kind.value}`[ |●]", rows)) == 1


def test_the_diagram_has_every_state_and_every_way_between_two() -> None:
    texts = [each.text or "" for each in SVG.findall("svg:text", NAMESPACE)]
    assert set(AlarmState) <= set(texts)
    ways = {
        (state, step.state)
        for state, row in TABLE.items()
        for step in row.values()
        if step.state is not state or OCCURRENCES & set(step.changes)
    }
    lines = [each for each in SVG.findall("svg:path", NAMESPACE) if each.get("marker-end")]
    assert len(lines) == len(ways)
    red = {way for way in ways if way[1] is AlarmState.ACTIVE}
    assert sum(each.get("marker-end") == "url(#told)" for each in lines) == len(red)


def test_what_it_links_to_is_there(project_root: Path) -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (DOCS / name).exists(), name
    for name in re.findall(r"`((?:ecgd|tests)/[\w/.]+)`", TEXT):
        assert (project_root / name).exists(), name
