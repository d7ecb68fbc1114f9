"""docs/proof.md: what a canary proves of each target, and the figures of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.alerts.profiles.registry import PROFILES
from ecgd.config.proof import ProofSettings
from ecgd.service.proof_desk import REST_S

TEXT = (Path(__file__).parents[2] / "docs" / "proof.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PROFILES)
def test_what_each_profile_proves_and_leaves_open_is_said(name: str) -> None:
    canary = PROFILES[name].canary
    if canary is None:
        assert f"| `{name}` | nothing: an alert or a test proves it | everything |" in TEXT
    else:
        assert f"| `{name}` | {canary.proves} | {canary.leaves_open} |" in TEXT


def test_figures_are_those_of_the_code() -> None:
    settings = ProofSettings()
    assert f"`proof.every_s` ({settings.every_s / 60:.0f} min)" in TEXT
    assert f"(`proof.too_old_s`, {settings.too_old_s / 60:.0f} min)" in TEXT
    assert f"{REST_S:.0f} s of rest" in TEXT
