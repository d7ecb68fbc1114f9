"""A template of the user's own: fields and nothing else, whatever an alert holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.alerts.profiles.template import FIELDS, filled, names_place, template_problems

VALUES: dict[str, Any] = {
    "title": 'CRITICAL "x"\n{severity}',
    "heart_rate_bpm": 71.5,
    "confidence": None,
    "evidence": ["II +0.2"],
    "simulated": False,
}


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("{heart_rate_bpm}", 71.5),
        ("{evidence}", ["II +0.2"]),
        ("{confidence}", None),
        ("{simulated}", False),
        ("{heart_rate_bpm}/min", "71.5/min"),
        ("{confidence}!", "!"),
        ("{simulated} {evidence}", 'false ["II +0.2"]'),
        ("a {title} b", 'a CRITICAL "x"\n{severity} b'),
        ("{{title}}", "{title}"),
        ("{{{heart_rate_bpm}}}", "{71.5}"),
        ({"a": ["{title}", 3, None, True]}, {"a": ['CRITICAL "x"\n{severity}', 3, None, True]}),
        ({"{title}": "x"}, {"{title}": "x"}),
    ],
)
def test_fields_are_filled_in(template: Any, result: Any) -> None:
    assert filled(template, VALUES) == result


@given(st.dictionaries(st.sampled_from(["title", "body"]), st.text()))
def test_no_content_changes_the_shape(values: dict[str, str]) -> None:
    template = {"text": "{title} {body}", "whole": "{title}", "n": [1, {"k": "{{}}"}]}
    sent = json.loads(json.dumps(filled(template, values)))
    assert list(sent) == ["text", "whole", "n"]
    assert sent["n"] == [1, {"k": "{}"}]
    assert sent["text"] == f"{values.get('title', '')} {values.get('body', '')}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("{title}", "no JSON"),
        ('"{title}"', "object or array"),
        ('{"a": NaN}', "NaN is no number"),
        ("[" * 100_000, "longer than"),
        ("[" * 9_000, "no JSON"),
        ('{"a": "{titel}"}', "{titel}, which is no field"),
        ('{"a": "{title!r}"}', "no field"),
        ('{"a": "{title.__class__}"}', "no field"),
        ('{"a": "{title[0]}"}', "no field"),
        ('{"a": "{title:>99999}"}', "no field"),
        ('{"a": ["x", {"b": "{0}"}]}', "no field"),
        ('{"a": "{}"}', "no field"),
        ('{"a": "{"}', "no field"),
        ('{"a": "}"}', "no field"),
        ('{"a": "{patient_name}"}', "include_name = true only"),
        ('{"To": "112", "Body": "{title}"}', "calls '112', a public emergency number"),
        ('{"calls": [{"phone_number": ["+4917012345678", "tel:911"]}]}', "calls 'tel:911'"),
        ('{"number": 110}', "calls '110'"),
    ],
)
def test_wrong_template_is_told(text: str, says: str) -> None:
    assert says in " / ".join(template_problems(text, include_name=False))


def test_a_number_that_calls_nobody_may_be_any() -> None:
    text = '{"to": "+4917012345678", "code": "112", "priority": 110, "text": "call 112: {title}"}'
    assert not list(template_problems(text, include_name=False))


@pytest.mark.parametrize("field", ["location", "where", "map_url"])
def test_a_template_that_wants_to_know_where_says_so(field: str) -> None:
    assert names_place(json.dumps({"a": [f"go to {{{field}}}"]}))
    assert not names_place(json.dumps({"a": f"{{{{{field}}}}} {{title}}"}))
    assert not names_place("{")


def test_every_documented_field_may_be_named() -> None:
    text = json.dumps({name: f"{{{name}}} and {{{{brace}}}}" for name in FIELDS})
    assert list(template_problems(text, include_name=True)) == []
    assert "alert_id" in FIELDS
    assert "title" in FIELDS
