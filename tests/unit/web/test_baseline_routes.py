"""The own baseline over a real socket, and what ecgctl makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sample_daemon import NOW_UNIX_S, FakeGateway, serving

from ecgd.cli.baseline_page import baseline_lines
from ecgd.cli.client import Client
from ecgd.cli.main import cli
from ecgd.errors import ControlError

ROUTE = "/v1/patients/p1/baseline"


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def socket(gateway: FakeGateway, short_dir: Path) -> Iterator[Path]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield path


@pytest.fixture
def client(socket: Path) -> Client:
    return Client(socket)


def test_it_is_shown_with_its_variation_and_change(client: Client) -> None:
    shown = client.get(ROUTE)["baseline"]
    assert shown["is_complete"]
    assert shown["st_mv"]["II"] == 0.05
    assert shown["qrs_ms"] == 92
    assert shown["postures"][0]["drift_mv"] == 0.008
    assert shown["change"]["size_mv"] == 0.08
    assert shown["confirmed"] is None
    said = "\n".join(baseline_lines(shown))
    assert "learned from 2 h 0 min" in said
    assert "varies by ±0.008 mV" in said
    assert "ST has changed by 0.08 mV for 40 s" in said


def test_it_is_reset_and_revoked_in_a_name(client: Client, gateway: FakeGateway) -> None:
    reset = client.post(f"{ROUTE}/reset", {"by": "Dr. Grey"})["baseline"]
    assert not reset["is_complete"]
    assert list(baseline_lines(reset)) == ["p1: nothing learned yet"]
    client.post(f"{ROUTE}/revoke", {"by": "Dr. Grey"})
    assert gateway.baselines.asked == [("reset", "p1", "Dr. Grey"), ("revoke", "p1", "Dr. Grey")]


def test_it_is_confirmed_for_a_time(client: Client, gateway: FakeGateway) -> None:
    shown = client.post(f"{ROUTE}/confirm", {"by": "Dr. Grey", "hours": 2})["baseline"]
    assert shown["confirmed"]["by"] == "Dr. Grey"
    assert shown["confirmed"]["until_unix_s"] == NOW_UNIX_S + 7200
    assert "confirmed as chronic by Dr. Grey" in "\n".join(baseline_lines(shown))
    client.post(f"{ROUTE}/confirm", {"by": "Dr. Grey"})
    assert gateway.baselines.asked[-1] == ("confirm", "p1", "Dr. Grey", 168 * 3600.0)


@pytest.mark.parametrize(
    ("route", "body", "said"),
    [
        ("/v1/patients/p9/baseline/reset", {"by": "x"}, "no patient is called 'p9'"),
        (f"{ROUTE}/reset", {}, "nobody is named"),
        (f"{ROUTE}/confirm", {"hours": 1}, "nobody is named"),
        (f"{ROUTE}/confirm", {"by": "x", "hours": 0}, "up to 2160"),
        (f"{ROUTE}/confirm", {"by": "x", "hours": "soon"}, "makes no sense"),
        (f"{ROUTE}/confirm", {"by": "x", "hours": True}, "makes no sense"),
        (f"{ROUTE}/confirm", {"by": "x", "hours": 1e9}, "up to 2160"),
        ("/v1/patients/p2/baseline/confirm", {"by": "x"}, "cannot be measured now"),
        (f"{ROUTE}/reset", {"by": "x", "why": "y"}, "why"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: Client, route: str, body: dict[str, object], said: str
) -> None:
    with pytest.raises(ControlError, match=said):
        client.post(route, body)


def test_the_commands_reach_the_daemon(socket: Path, gateway: FakeGateway) -> None:
    runner = CliRunner()
    shown = runner.invoke(cli, ["baseline", "show", "p1", "--socket", str(socket)])
    assert shown.exit_code == 0
    assert "usual ST: I +0.02" in shown.output
    more = ["p1", "--by", "Dr. Grey", "--socket", str(socket)]
    for command in ("reset", "confirm", "revoke"):
        assert runner.invoke(cli, ["baseline", command, *more]).exit_code == 0
    assert [call[0] for call in gateway.baselines.asked] == ["reset", "confirm", "revoke"]
    nameless = runner.invoke(cli, ["baseline", "confirm", "p1", "--socket", str(socket)])
    assert nameless.exit_code == 2
    as_json = runner.invoke(cli, ["baseline", "show", "p2", "--json", "--socket", str(socket)])
    assert '"is_complete": false' in as_json.output
