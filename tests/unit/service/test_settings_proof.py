"""Proof: what a configuration may not say."""

from __future__ import annotations

import pytest

from ecgd.errors import ConfigError
from ecgd.service.settings import parse_settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[proof]\nevery_s = 900\ntoo_old_s = 1799", "proof.too_old_s"),
        ('[proof]\nleave_out = ["nobody"]', "is no target"),
        ("[proof]\nevery_s = 1", "proof.every_s"),
    ],
)
def test_contradiction_is_told_with_its_key(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings(text, "test")
    assert words in str(refused.value)


def test_canaries_fly_unless_forbidden() -> None:
    proof = parse_settings('[proof]\nleave_out = ["mqtt"]', "test").proof
    assert proof.enabled
    assert proof.too_old_s > proof.every_s
