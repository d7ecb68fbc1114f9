"""What the bedside view knows, and when it no longer trusts it."""

from __future__ import annotations

from typing import Any

import pytest
from live_examples import NOW_S, SHIFT_S, hello, monitor_at_work, samples, state

from ecgd.cli.live_monitor import SILENT_S, STALE_S, Gain, Monitor


def test_data_are_stale_within_a_second_and_say_for_how_long() -> None:
    monitor = monitor_at_work()
    assert not monitor.is_stale(NOW_S + 0.3)
    assert monitor.banner(NOW_S + 0.3) == ""
    assert STALE_S < 1.0
    assert monitor.is_stale(NOW_S + 0.9)
    assert monitor.banner(NOW_S + 0.9) == "NO DATA "
    assert monitor.banner(NOW_S + 3.2) == "NO DATA for 3 s"


def test_old_samples_that_come_late_are_still_old() -> None:
    monitor = monitor_at_work()
    late_s = NOW_S + 5.0
    monitor.take(state(late_s), late_s)
    monitor.take(samples(1500, 25, now_s=NOW_S), late_s)
    assert monitor.is_stale(late_s)
    assert monitor.banner(late_s) == "NO DATA for 5 s"


def test_the_clock_of_another_machine_is_none_of_ours() -> None:
    monitor = Monitor()
    monitor.take(hello(), 9_000.0)
    monitor.take(samples(0, 25, now_s=NOW_S + 0.2), 9_000.2)
    assert monitor.data_age_s(9_000.2) == pytest.approx(0.0)
    assert SHIFT_S != 9_000.0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"link": {"state": "lost", "age_s": 12.0, "reason": "", "statistics": {}}}, "LINK LOST"),
        ({"link": {"state": "ended", "age_s": 2.0, "reason": "", "statistics": {}}}, "LINK ENDED"),
        ({"device_status": {"electrodes_off": ["LA"]}}, "ELECTRODE OFF: LA"),
    ],
)
def test_what_the_state_tells_stands_over_the_traces(changed: dict[str, Any], said: str) -> None:
    monitor = monitor_at_work()
    monitor.take(state(**changed), NOW_S)
    assert monitor.banner(NOW_S).startswith(said)


def test_a_link_that_is_lost_counts_on() -> None:
    monitor = monitor_at_work()
    link = {"state": "lost", "age_s": 12.0, "reason": "", "statistics": {}}
    monitor.take(state(link=link), NOW_S)
    assert monitor.banner(NOW_S + 2.0) == "LINK LOST for 14 s"


def test_a_daemon_that_is_gone_or_hangs_is_told_before_all_else() -> None:
    monitor = monitor_at_work()
    later_s = NOW_S + SILENT_S + 0.1
    monitor.take(samples(1500, 25, now_s=later_s), later_s)
    assert monitor.banner(later_s).startswith("THE DAEMON DOES NOT ANSWER")
    monitor.lose("gone", later_s)
    assert monitor.is_stale(later_s)
    monitor.lose("still gone", later_s + 2.0)
    assert monitor.banner(later_s + 4.0) == "NO CONNECTION TO THE DAEMON for 4 s"
    monitor.take(hello(), later_s + 5.0)
    assert monitor.connected
    assert monitor.sweep.newest == -1


def test_an_alarm_shows_before_the_next_state() -> None:
    monitor = monitor_at_work()
    assert monitor.patient is not None
    (alarm,) = monitor.patient["alarms"]
    monitor.take({"type": "alarm", "alarm": alarm | {"state": "acknowledged"}}, NOW_S)
    assert [each["state"] for each in monitor.patient["alarms"]] == ["acknowledged"]
    monitor.take({"type": "alarm", "alarm": alarm | {"state": "cleared"}}, NOW_S)
    assert monitor.patient["alarms"] == []


def test_another_patient_shows_nothing_of_the_one_before() -> None:
    monitor = monitor_at_work()
    monitor.toggle_freeze(NOW_S)
    other = hello() | {"patient_id": "p2", "leads": []}
    monitor.take(other | {"patient": other["patient"] | {"assessment": None}}, NOW_S)
    assert monitor.sweep.newest == -1
    assert monitor.frozen is None
    assert monitor.assessment is None
    assert monitor.data_age_s(NOW_S) is None
    assert monitor.banner(NOW_S) == "WAITING FOR THE DEVICE"


def test_frozen_traces_stay_while_the_figures_go_on() -> None:
    monitor = monitor_at_work()
    monitor.toggle_freeze(NOW_S)
    before = monitor.shown.newest
    monitor.take(samples(1500, 250), NOW_S)
    assert monitor.shown.newest == before
    assert monitor.sweep.newest > before
    monitor.toggle_freeze(NOW_S)
    assert monitor.shown.newest > before


def test_the_gain_falls_at_once_and_rises_only_after_a_while() -> None:
    gain = Gain()
    gain.fit(3.0, 24)
    assert gain.mm_per_mv == 5.0
    gain.fit(0.5, 24)
    gain.fit(0.5, 24)
    assert gain.mm_per_mv == 5.0
    gain.fit(0.5, 24)
    assert gain.mm_per_mv == 10.0
    for _ in range(20):
        gain.fit(1.0, 24)
    assert gain.mm_per_mv == 10.0


def test_a_gain_by_hand_stays() -> None:
    gain = Gain()
    gain.turn(1)
    gain.fit(9.0, 24)
    assert gain.mm_per_mv == 20.0
    gain.turn(10)
    assert gain.mm_per_mv == 40.0
    gain.automatic = True
    gain.fit(9.0, 24)
    assert gain.mm_per_mv == 2.5


def test_the_middle_of_a_trace_moves_only_when_it_would_leave_the_paper() -> None:
    monitor = monitor_at_work()
    monitor.fit(24)
    centre_mv = monitor.scale("I").centre_mv
    assert centre_mv == pytest.approx(0.5)
    quiet = [[0.1] * 25, [0.9] * 25]
    for place, row in enumerate(quiet):
        monitor.take(samples(1500 + 25 * place, 25) | {"mv": {"I": row}}, NOW_S)
    monitor.fit(24)
    assert monitor.scale("I").centre_mv == centre_mv
    for block in range(40):
        monitor.take(samples(1550 + 25 * block, 25) | {"mv": {"I": [4.0] * 25}}, NOW_S)
    monitor.fit(24)
    assert monitor.scale("I").centre_mv == pytest.approx(4.0)


def test_leads_stand_as_on_paper_and_a_lone_lead_too() -> None:
    monitor = monitor_at_work()
    assert monitor.shown_leads() == ("I", "II", "III", "aVR", "aVL", "aVF")
    monitor.take(samples(1500, 25) | {"mv": {"V1": [0.0] * 25}}, NOW_S)
    assert monitor.shown_leads() == ("V1",)
