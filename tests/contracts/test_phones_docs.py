"""docs/phones.md: every profile, its keys and fields, and examples that the daemon accepts."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from ecgd.alerts.profiles.registry import PROFILES
from ecgd.alerts.profiles.template import DATA, IDENTITY, TEXTS
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import Alert
from ecgd.service.settings import parse_settings

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "phones.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
EXAMPLES = [block for block in BLOCKS if block.startswith("[[webhooks]]")]
PATIENT = '[[patients]]\nid = "a"\nsource = "synthetic:"\n'


def table(title: str) -> dict[str, str]:
    """Return the rows of the table with this heading: profile to the rest of its row."""
    rows = TEXT.split(title, 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    found: dict[str, str] = {}
    for row in rows:
        names, rest = row.strip("| ").split(" | ", 1)
        found |= {name.strip("` "): rest for name in names.split(",")}
    return found


def test_every_profile_is_a_choice_and_every_choice_a_profile() -> None:
    [choices] = [
        f.metadata["declared"].choices for f in fields(WebhookSettings) if f.name == "profile"
    ]
    assert list(choices) == list(PROFILES)


@pytest.mark.parametrize("heading", ["| profile | sounds", "| profile | lines"])
def test_every_profile_stands_in_each_table(heading: str) -> None:
    assert set(table(heading)) == set(PROFILES) - {"standard"}


def test_keys_are_those_of_the_text() -> None:
    for name, row in table("| profile | lines").items():
        keys = PROFILES[name].keys
        documented = set(re.findall(r"`(\w+)`", row))
        assert documented == (set(keys) if keys else {"url"}), name


def test_every_example_is_accepted_and_every_profile_has_one() -> None:
    shown = set()
    for example in EXAMPLES:
        [target] = parse_settings(PATIENT + example, "phones.md").webhooks
        shown.add(target.profile)
    assert shown == set(PROFILES) - {"standard", "twilio-sms"}


def test_fields_of_templates_are_documented() -> None:
    section = TEXT.split("## Your own JSON", 1)[1].split("\n## ", 1)[0]
    documented = set(re.findall(r"`(\w+)`", section))
    assert documented >= TEXTS | IDENTITY
    webhook = (DOCS / "webhook.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in webhook for name in DATA)
    assert {field.name for field in fields(Alert)} <= DATA


def test_what_is_said_when_it_does_not_come_is_said_by_the_code() -> None:
    sources = [*(DOCS.parent / "ecgd" / "alerts" / "profiles").glob("*.py")]
    code = " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in sources)
    for said in table("| what is said"):
        assert said in code
