"""The arithmetic of the latency run: which byte, which edge, which alarm, which percentile."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))

from bench_episodes import (  # noqa: E402
    ASYSTOLE,
    COURSES,
    ELECTRODE,
    EPISODES,
    LINK,
    last_beat_s,
    write_scripts,
)
from bench_receiver import Notice, find_alert  # noqa: E402
from bench_report import LatencyRun, counts, section, spread, spreads  # noqa: E402
from bench_trace import Felt, Raised, match, trace  # noqa: E402
from bench_ward import ByteClock  # noqa: E402

from ecgd.config.settings import Settings  # noqa: E402
from ecgd.model.finding import EventType  # noqa: E402

FIXTURES = ROOT / "tests" / "fixtures" / "recordings"
ALARM = Raised("a", "anna", EventType.ASYSTOLE, told_s=10.05, end_index=1250, quiet_s=10.5)
OTHER = replace(ALARM, alert_id="b", patient_id="bert")


@pytest.fixture
def line() -> ByteClock:
    """A hello of 40 bytes, then packets of 50 bytes and 25 samples, written in pieces of 45."""
    clock = ByteClock()
    clock.queue(40, 0)
    for number in range(4):
        clock.queue(50, 25)
        clock.write(45, 1.0 + number)
    return clock


@pytest.mark.parametrize(
    ("end_index", "whole_s"),
    [(1, 2.0), (25, 2.0), (26, 4.0), (50, 4.0), (51, None), (75, None), (101, None)],
)
def test_a_window_is_whole_with_its_last_packets_last_byte(
    line: ByteClock, end_index: int, whole_s: float | None
) -> None:
    # 40 + 50 bytes are through with the second piece, 40 + 100 with the fourth.
    assert line.whole_s(end_index) == whole_s


def test_samples_that_were_never_sent_are_counted_all_the_same(line: ByteClock) -> None:
    line.skip(25)
    line.queue(50, 25)
    line.write(200, 9.0)
    assert line.whole_s(125) == line.whole_s(150) == 9.0
    assert line.whole_s(100) == 9.0
    assert line.whole_s(151) is None


def test_the_edge_after_the_last_byte_is_the_alarms() -> None:
    (traced,) = trace([ALARM], {"a": 10.0}, [9.0, 10.03, 10.2], [])
    assert (traced.whole_s, traced.edge_s) == (10.0, 10.03)


@pytest.mark.parametrize("edges_s", [[], [9.9], [11.2]])
def test_an_edge_long_before_or_after_is_none_of_it(edges_s: list[float]) -> None:
    assert trace([ALARM], {"a": 10.0}, edges_s, [])[0].edge_s is None


@pytest.mark.parametrize(
    ("other", "is_known"),
    [
        (replace(OTHER, told_s=9.8, quiet_s=10.2), False),
        (replace(OTHER, told_s=9.0, quiet_s=9.95), False),
        (replace(OTHER, told_s=9.0, quiet_s=9.5), True),
        (replace(OTHER, told_s=9.0, quiet_s=float("inf")), False),
        (replace(OTHER, told_s=10.02), False),
        (replace(OTHER, told_s=10.4), True),
        (replace(OTHER, patient_id="anna", told_s=10.05), True),
    ],
)
def test_an_edge_that_may_be_anothers_counts_for_nobody(other: Raised, is_known: bool) -> None:
    traced = trace([ALARM, other], {"a": 10.0}, [10.03], [])
    assert (traced[0].edge_s is not None) is is_known


def test_the_first_request_of_an_alert_counts() -> None:
    notices = [
        Notice("webhook", 10.06, "a"),
        Notice("webhook", 12.0, "a"),
        Notice("phone", 10.07, "a"),
        Notice("phone", 10.0, None),
    ]
    (traced,) = trace([ALARM], {"a": 10.0}, [], notices)
    assert traced.received_s == {"webhook": 10.06, "phone": 10.07}


@pytest.mark.parametrize(
    ("began_s", "patient_id", "is_told"),
    [(5.5, "anna", True), (10.1, "anna", False), (1.0, "anna", False), (5.5, "bert", False)],
)
def test_an_event_is_told_by_its_own_alarm_in_its_own_time(
    began_s: float, patient_id: str, is_told: bool
) -> None:
    traced = trace([ALARM], {"a": 10.0}, [], [])
    assert (match(ASYSTOLE, patient_id, began_s, traced).alarm is not None) is is_told


def test_the_alert_is_found_wherever_a_service_carries_it() -> None:
    assert find_alert({"type": "ecgd.alert", "data": {"alert_id": "a"}}) == "a"
    assert find_alert({"extras": {"ecgd::alert": {"alert_id": "b"}}, "title": "x"}) == "b"
    assert find_alert({"message": "alert_id"}) is None


def test_percentiles_are_those_of_the_durations() -> None:
    found = spread("x", [float(number) for number in range(101)], 200.0)
    assert (found.p50_ms, found.p95_ms, found.p99_ms, found.worst_ms) == (50, 95, 99, 100)
    assert [each.ratio for each in found.figures()] == [None, None, 99 / 200, None]
    with pytest.raises(ValueError, match="nothing was measured: x"):
        spread("x", [])


def run_of_two() -> LatencyRun:
    notices = [Notice(target, 10.06, name) for target in ("webhook", "phone") for name in "ab"]
    late = replace(OTHER, told_s=20.0, quiet_s=21.0)
    traced = trace([ALARM, late], {"a": 10.0, "b": 19.9}, [10.03, 20.1], notices[:3])
    stage: dict[str, object] = {
        "count": 5,
        "p50_ms": 1.0,
        "p95_ms": 2.0,
        "p99_ms": 3.0,
        "max_ms": 4.0,
    }
    stages = [stage | {"stage": name, "budget_ms": 50.0} for name in ("waiting", "total")]
    diagnostics = {"latency": stages, "store_commit": stage}
    felt = (match(ASYSTOLE, "anna", 5.5, traced), Felt(LINK, 0.0, None))
    return LatencyRun(traced, felt, 3, diagnostics)


def test_a_run_says_what_is_missing() -> None:
    figures = {each.what: each for each in counts(run_of_two())}
    assert figures["alarms that did not come to both receivers"].measured == 1
    assert figures["events without their alarm"].measured == 1
    limited = {each.what for each in figures.values() if each.limit is not None and each.kept}
    assert limited == {"alarms before the byte that decides them"}


def test_an_alarm_before_its_byte_shows_that_the_bytes_were_taken_for_others() -> None:
    run = run_of_two()
    wrong = replace(run, traced=trace([ALARM], {"a": 10.4}, [], []))
    (early,) = (each for each in counts(wrong) if "before" in each.what)
    assert not early.kept


def test_the_pins_share_of_the_budget_is_reckoned_from_the_last_byte() -> None:
    to_pin = spreads(run_of_two())[0]
    assert to_pin.count == 2
    assert to_pin.worst_ms == pytest.approx(200.0)
    assert to_pin.limit_ms == 450.0


def test_the_document_names_every_kind_of_event_that_came() -> None:
    text = section(run_of_two(), "a machine")
    assert f"| {ASYSTOLE.name} | {ASYSTOLE.definition} | none | 1 | 4.5 s (4.5 s) |" in text
    assert f"| {LINK.name} | {LINK.definition} | 10 s | 1 | – | – |" in text
    assert "by the daemon: total" not in text


def test_every_patient_has_events_that_end_in_time(tmp_path: Path) -> None:
    scripts = write_scripts(120.0, tmp_path, FIXTURES)
    assert len(scripts) == len(COURSES) == 7
    for script in scripts:
        assert script.onsets
        assert all(each.begun_s + each.episode.lasts_s <= 121.0 for each in script.onsets)
    played = {each.episode.name for script in scripts for each in script.onsets}
    assert played == {each.name for each in EPISODES}
    technical = scripts[-1]
    assert len(technical.electrodes_off) + len(technical.cuts_s) == len(technical.onsets)


def test_an_asystole_begins_with_the_last_beat(tmp_path: Path) -> None:
    script = write_scripts(60.0, tmp_path, FIXTURES)[0]
    usual = script.parts[0]
    last_s = last_beat_s(usual.url, usual.duration_s)
    assert script.onsets[0].begun_s == last_s
    assert 0.0 < usual.duration_s - last_s < 1.0


def test_hold_offs_have_settings_of_their_own() -> None:
    hold_off = Settings().alarms.hold_off
    named = [each.hold_off for each in EPISODES if each.hold_off]
    assert all(getattr(hold_off, name) > 0 for name in named)
    assert {ELECTRODE.hold_off, LINK.hold_off} <= set(named)
