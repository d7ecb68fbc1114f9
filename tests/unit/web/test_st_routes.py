"""ST over a real socket, and the page of ecgctl st."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from sample_daemon import FakeGateway, serving

from ecgd.cli.client import Client
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.st import st
from ecgd.cli.st_page import st_page
from ecgd.errors import ControlError

ROUTE = "/v1/patients/p1/st"


@pytest.fixture
def socket(short_dir: Path) -> Iterator[Path]:
    path = short_dir / "control.sock"
    with serving(FakeGateway(), path):
        yield path


@pytest.fixture
def client(socket: Path) -> Client:
    return Client(socket)


def test_now_the_minutes_and_the_episodes(client: Client) -> None:
    answer = client.get(ROUTE)
    assert {lead["lead"]: lead["level_mv"] for lead in answer["leads"]}["III"] == 0.27
    assert answer["age_s"] == 0.4
    assert answer["minutes"][1]["st_mv"]["II"] == [0.1, 0.2, 0.25]
    under_way, ended = answer["episodes"]
    assert (under_way["end_reason"], under_way["duration_s"]) == (None, None)
    assert (ended["end_reason"], ended["duration_s"]) == ("back to usual", 60.0)
    assert under_way["change_mv"] == 0.21


@pytest.mark.parametrize(
    ("route", "query", "said"),
    [
        (ROUTE, {"minutes": "0"}, "1 to 1440"),
        (ROUTE, {"days": "x"}, "makes no sense"),
        (ROUTE, {"hours": "2"}, "days, minutes"),
        ("/v1/patients/p9/st", {}, "no patient is called 'p9'"),
    ],
)
def test_a_wrong_question_is_refused(
    client: Client, route: str, query: dict[str, str], said: str
) -> None:
    with pytest.raises(ControlError, match=said):
        client.get(route, query)


def test_the_page_fits_80_columns_and_shows_all_three(client: Client) -> None:
    console = Console(width=80, record=True, force_terminal=False)
    console.print(st_page(client.get(ROUTE)))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    for word in ("+0.27", "±", "minute, median mV", "goes on", "back to usual", "60 s", "inferior"):
        assert word in text


def test_a_patient_without_st_is_told_as_such(client: Client) -> None:
    console = Console(width=80, record=True, force_terminal=False)
    console.print(st_page(client.get("/v1/patients/p2/st")))
    text = console.export_text()
    assert "ST is not measured now" in text
    assert "no ST episode" in text


def test_the_command_ends_with_attention_while_an_episode_goes_on(socket: Path) -> None:
    run = CliRunner().invoke(st, ["p1", "--socket", str(socket), "--json"])
    assert run.exit_code == ExitCode.ATTENTION
    calm = CliRunner().invoke(st, ["p2", "--socket", str(socket)])
    assert (calm.exit_code, "no ST episode" in calm.output) == (ExitCode.FINE, True)
