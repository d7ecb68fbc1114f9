"""Coverage over a real socket, and what the pages make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from sample_daemon import FakeGateway, serving

from ecgd.cli.client import Client
from ecgd.cli.coverage_page import coverage_page
from ecgd.cli.coverage_words import covered_words, recent_words, uncovered_lines
from ecgd.cli.diagnostics_page import diagnostics_page
from ecgd.cli.status_page import status_page
from ecgd.errors import ControlError

ROUTE = "/v1/coverage"


@pytest.fixture
def client(short_dir: Path) -> Iterator[Client]:
    path = short_dir / "control.sock"
    with serving(FakeGateway(), path):
        yield Client(path)


def printed(page: RenderableType) -> str:
    console = Console(width=100, record=True, force_terminal=False)
    console.print(page)
    return console.export_text()


def test_hours_and_their_total_come_with_reasons(client: Client) -> None:
    ann, bert = client.get(ROUTE)["patients"]
    (hour,) = ann["hours"]
    assert hour["watched_s"] == 3600.0
    assert hour["seen"]["stemi"] == pytest.approx(1 - 1809 / 3600)
    assert hour["seen"]["standstill"] == 1.0
    assert hour["unseen"]["stemi"] == [
        {"reason": "left-arm electrode loose", "unseen_s": 1800.0},
        {"reason": "too few beats seen yet", "unseen_s": 9.0},
    ]
    assert ann["total"] == {key: value for key, value in hour.items() if key != "hour_unix_s"}
    assert (bert["hours"], bert["total"]) == ([], None)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"hours": "0"}, "1 to 744"),
        ({"hours": "x"}, "makes no sense"),
        ({"patient": "p9"}, "no patient is called 'p9'"),
        ({"days": "2"}, "hours, patient"),
    ],
)
def test_a_wrong_query_is_refused(client: Client, query: dict[str, str], said: str) -> None:
    with pytest.raises(ControlError, match=said):
        client.get(ROUTE, query)


def test_the_page_says_what_was_not_covered_and_why(client: Client) -> None:
    patients = client.get(ROUTE)["patients"]
    page = printed(coverage_page(patients))
    assert "49.7 %" in page
    assert "STEMI could not be seen for 30 min: left-arm electrode loose (30 min)" in page
    assert "VF/VT could not be seen for 36 s: no connection to the device (36 s)." in page
    assert "not watched in this time" in page
    whole = {"watched_s": 60.0, "seen": dict.fromkeys(patients[0]["total"]["seen"], 1.0)}
    assert covered_words(whole) == "Everything could have been seen all the time."
    assert "no patient" in printed(coverage_page([]))


def test_more_reasons_than_three_are_summed_up(client: Client) -> None:
    account = client.get(ROUTE)["patients"][0]["total"]
    account["unseen"] = {danger: [] for danger in account["unseen"]}
    seconds = {"b": 50.0, "c": 40.0, "d": 30.0, "e": 4.0, "a": 1.0}
    account["unseen"]["stemi"] = [{"reason": k, "unseen_s": v} for k, v in seconds.items()]
    (line,) = uncovered_lines(account)
    assert line.endswith("b (50 s); c (40 s); d (30 s); other reasons (5.0 s).")
    account["unseen"]["ventricular"] = account["unseen"]["stemi"]
    (line,) = uncovered_lines(account)
    assert line.startswith("STEMI and VF/VT could not be seen for 2 min: ")


def test_status_and_diagnostics_say_when_the_last_hour_was_low(client: Client) -> None:
    status = client.get("/v1/status")
    account = status["patients"][0]["coverage"]
    words, low = recent_words(account)
    assert low
    assert words.endswith("mostly left-arm electrode loose")
    assert "last 60 min: STEMI 49.7 %" in printed(status_page(status))
    diagnostics = client.get("/v1/diagnostics")
    assert "low coverage of p1" in printed(diagnostics_page(diagnostics))
    account["seen"] = dict.fromkeys(account["seen"], 0.95)
    assert recent_words(account)[1] is False
    diagnostics["status"]["patients"] = [status["patients"][1]]
    assert "coverage of the last hour: not low" in printed(diagnostics_page(diagnostics))
