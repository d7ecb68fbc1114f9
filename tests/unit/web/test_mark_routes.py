"""Marks over a real socket: kept, bounded, refused in words that help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_daemon import NOW_UNIX_S, FakeGateway, serving

from ecgd.cli.client import Client
from ecgd.errors import ControlError, StoreError
from ecgd.web.mark_routes import MAX_REMARK_CHARS

ROUTE = "/v1/alerts/a1b2c3/mark"


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def client(gateway: FakeGateway, short_dir: Path) -> Iterator[Client]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield Client(path)


def test_the_newest_mark_counts_and_all_are_kept(client: Client) -> None:
    client.post(ROUTE, {"by": "Ann", "verdict": "unsure"})
    answer = client.post(ROUTE, {"by": "Dr. Grey", "verdict": "false", "note": " brushed\nteeth "})
    assert (answer["alert_id"], answer["verdict"]) == ("a1b2c3", "false")
    assert [(mark["verdict"], mark["by"]) for mark in answer["marks"]] == [
        ("unsure", "Ann"),
        ("false", "Dr. Grey"),
    ]
    assert answer["marks"][-1] == {
        "verdict": "false",
        "by": "Dr. Grey",
        "at_unix_s": NOW_UNIX_S - 60.0,
        "note": "brushed\nteeth",
        "age_s": 60.0,
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"by": "me"}, "no verdict is given"),
        ({"by": "me", "verdict": "maybe"}, "no verdict is given"),
        ({"by": "me", "verdict": True}, "no verdict is given"),
        ({"by": "me", "verdict": ["true"]}, "no verdict is given"),
        ({"verdict": "true"}, "nobody is named"),
        ({"by": "me", "verdict": "true", "note": 7}, "note cannot be kept"),
        ({"by": "me", "verdict": "true", "note": "x" * (MAX_REMARK_CHARS + 1)}, "cannot be kept"),
        ({"by": "me", "verdict": "true", "why": "x"}, "unknown key 'why'"),
    ],
)
def test_what_is_no_mark_is_refused(
    client: Client, gateway: FakeGateway, body: dict[str, object], said: str
) -> None:
    with pytest.raises(ControlError, match=said):
        client.post(ROUTE, body)
    assert gateway.marks.kept["a1b2c3"] == ()


def test_an_unknown_alert_is_refused(client: Client) -> None:
    with pytest.raises(ControlError, match="no alert has the id 'none'"):
        client.post("/v1/alerts/none/mark", {"by": "me", "verdict": "true"})


def test_a_disk_at_fault_is_said(client: Client, gateway: FakeGateway) -> None:
    gateway.marks.failure = StoreError("The mark is not on the disk yet", "Wait")
    with pytest.raises(ControlError, match="not on the disk yet"):
        client.post(ROUTE, {"by": "me", "verdict": "true"})
