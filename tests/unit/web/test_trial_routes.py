"""The routes that test the alarms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sample_daemon import FakeGateway, serving

from ecgd.cli.client import Client, _UnixConnection
from ecgd.errors import ControlError
from ecgd.web.trial_gateway import TrialRefusedError

ROUTE = "/v1/alerts/test"


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


def asked(gateway: FakeGateway, tmp_path: Path, body: dict[str, Any]) -> dict[str, Any]:
    with serving(gateway, tmp_path / "s"):
        return Client(tmp_path / "s").post(ROUTE, body)["test"]  # type: ignore[no-any-return]


def test_a_test_is_begun_as_asked(gateway: FakeGateway, tmp_path: Path) -> None:
    begun = asked(gateway, tmp_path, {"by": "anna"})
    assert (begun["ended_s"], begun["is_proven"], begun["by"]) == (None, False, "anna")
    body = {"by": "anna", "sound": False, "timeout_s": 5, "wait_answer_s": 60}
    asked(gateway, tmp_path, body)
    assert gateway.trials.asked == [("anna", None, 30.0, 0.0), ("anna", False, 5.0, 60.0)]


def test_how_it_goes_is_shown(gateway: FakeGateway, tmp_path: Path) -> None:
    with serving(gateway, tmp_path / "s"):
        client = Client(tmp_path / "s")
        with pytest.raises(ControlError, match="no test was run"):
            client.get(ROUTE)
        client.post(ROUTE, {"by": "anna"})
        shown = client.get(ROUTE)["test"]
    assert [step["state"] for step in shown["steps"]] == ["done", "done", "failed", "left out"]
    assert shown["steps"][2]["remedy"] == "mend it"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"by": "anna", "sound": "loud"},
        {"by": "anna", "timeout_s": 0},
        {"by": "anna", "timeout_s": True},
        {"by": "anna", "timeout_s": float("inf")},
        {"by": "anna", "wait_answer_s": 601},
        {"by": "anna", "wait_answer_s": "60"},
        {"by": "anna", "volume": 11},
    ],
)
def test_what_makes_no_sense_begins_nothing(
    gateway: FakeGateway, tmp_path: Path, body: dict[str, Any]
) -> None:
    with pytest.raises(ControlError):
        asked(gateway, tmp_path, body)
    assert gateway.trials.asked == []


@pytest.mark.parametrize(("is_soon", "status"), [(True, 429), (False, 409)])
def test_a_refusal_says_whether_to_wait(
    gateway: FakeGateway, tmp_path: Path, is_soon: bool, status: int
) -> None:
    gateway.trials.refusal = TrialRefusedError("not now", "wait", is_soon=is_soon)
    with serving(gateway, tmp_path / "s"):
        connection = _UnixConnection(tmp_path / "s", 5.0)
        connection.request("POST", ROUTE, b'{"by": "anna"}')
        answer = connection.getresponse()
        said = json.loads(answer.read())["error"]
        connection.close()
    assert (answer.status, said["what"], said["remedy"]) == (status, "not now", "wait")
