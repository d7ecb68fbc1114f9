"""The course of ST as JSON: whole there and back, and refused where it makes no sense."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecgd.decision.evolution_record import evolution_from_dict, evolution_to_dict
from ecgd.model.evolution import Evolution, Moment, TerritoryCourse

COURSE = Evolution(
    (
        Moment(100.0, TerritoryCourse(0.01, 0.2, 0.0), TerritoryCourse(-0.02, 0.1, 0.0), 600),
        Moment(700.0, TerritoryCourse(0.21, 0.5, 0.11), TerritoryCourse(-0.1, -0.1, 0.0), 31),
    ),
    731.0,
)


def record_of(**changes: Any) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(json.dumps(evolution_to_dict(COURSE, 1.7e9)))
    return stored | changes


def test_it_comes_back_as_it_was_and_ends_at_zero() -> None:
    course, until_unix_s = evolution_from_dict(record_of())
    assert until_unix_s == 1.7e9
    assert course == COURSE.moved(-731.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"until_unix_s": "soon"},
        {"until_unix_s": float("inf")},
        {"moments": None},
        {"moments": [[1.0, 1, 0.0]]},
        {"moments": [[1.0, 0, 0, 0, 0, 0, 0, 0]]},
        {"moments": [[-1.0, 1, 0, 0, 0, 0, 0, 0]]},
        {"moments": [[1.0, 1, 0, 0, float("nan"), 0, 0, 0]]},
        {"moments": [[1.0, 1, 0, 0, 1e3, 0, 0, 0]]},
        {"moments": [[1.0, 1, 0, 0, 0, 0, 0, 0], [600.0, 1, 0, 0, 0, 0, 0, 0]]},
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^.+$"):
        evolution_from_dict(record_of(**changes))
    with pytest.raises(ValueError, match="version"):
        evolution_from_dict({})
