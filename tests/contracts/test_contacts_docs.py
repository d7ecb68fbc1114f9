"""docs/contacts.md: every warning of a setup has its row, and every row its warning."""

from __future__ import annotations

import re
from pathlib import Path

from ecgd.config.location import LocationSettings
from ecgd.service import whereabouts
from ecgd.service.cautions import GRAVE, LONGEST_S

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "contacts.md").read_text(encoding="utf-8")
CODE = (ROOT / "ecgd" / "service" / "cautions.py").read_text(encoding="utf-8")


def test_every_warning_is_a_row_and_every_row_a_warning() -> None:
    section = TEXT.split("## What is left open\n", 1)[1].split("\n## ", 1)[0]
    documented = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    given = set(re.findall(r'Caution\(\s*"([a-z-]+)"', CODE))
    assert len(documented) == len(set(documented))
    assert set(documented) == given
    assert given >= GRAVE


def test_figures_are_those_of_the_text() -> None:
    assert f"more than {LONGEST_S / 60:.0f} min after the alarm" in TEXT
    words = " ".join(TEXT.split())
    assert f"asked again after {whereabouts.FIRST_PAUSE_S:.0f} s, later every minute" in words
    assert whereabouts.LONGEST_PAUSE_S == 60.0
    assert LocationSettings().source == "fixed"
