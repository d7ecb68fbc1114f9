"""The short chaos run: 10⁶ samples over bad lines, all accounted for, as docs/link.md says."""

from __future__ import annotations

from dataclasses import replace

import chaos.page
import numpy as np
import pytest
from chaos.air import Air
from chaos.numbers import NUMBERS, counts_of, numbers_of
from chaos.page import (
    PAGE,
    SHORT_SAMPLES,
    block_row,
    block_trial,
    return_row,
    six_lead_row,
    six_lead_trial,
)
from chaos.reconnecting import LINES, worst_return_s
from chaos.scenarios import SCENARIOS, SIX_LEAD
from chaos.weather import Weather

PACKETS_TO_SYNC = 2
PACKETS_TO_STATUS = 10
"""A sealed device whose hello and first status were lost is heard with its next status."""

RETURN_S = 5.0
LINES_OF_PAGE = PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_sample_is_accounted_for_and_the_page_tells_the_same(name: str) -> None:
    outcome = block_trial(name)

    assert outcome.adds_up, outcome
    assert outcome.false_packets == 0
    assert outcome.delivered > 0
    allowed = PACKETS_TO_STATUS if SCENARIOS[name].sealed else PACKETS_TO_SYNC
    assert outcome.lost_after <= allowed
    assert outcome.lost_in_calm == 0
    assert block_row(name, outcome) in LINES_OF_PAGE


@pytest.mark.parametrize("name", SIX_LEAD)
def test_six_lead_samples_are_right_and_near_their_place(name: str) -> None:
    outcome = six_lead_trial(name)

    assert outcome.wrong == 0
    assert outcome.delivered > 0
    assert six_lead_row(name, outcome) in LINES_OF_PAGE


@pytest.mark.parametrize("name", LINES)
def test_a_device_that_returns_is_tried_within_five_seconds(name: str) -> None:
    assert worst_return_s(LINES[name], 300, seed=2) <= RETURN_S
    assert return_row(name) in LINES_OF_PAGE


def test_the_short_run_is_a_million_samples() -> None:
    assert sum(SHORT_SAMPLES * scenario.times for scenario in SCENARIOS.values()) >= 10**6


def test_an_account_that_is_wrong_does_not_add_up() -> None:
    right = block_trial("packets-30", samples=10_000)
    assert right.adds_up
    for key in ("sent", "delivered", "shifted", "twice", "misnamed", "wrong_gaps", "false_packets"):
        assert not replace(right, **{key: getattr(right, key) + 1}).adds_up, key


def test_a_receiver_that_takes_everything_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecgd.protocol.decoder.crc_holds", lambda packet: True)
    outcome = chaos.page.block_trial("bits-3", samples=10_000)
    assert outcome.false_packets > 0
    assert not outcome.adds_up


def test_every_sample_tells_its_number() -> None:
    numbers = np.concatenate([np.arange(5000), np.arange(NUMBERS - 5000, NUMBERS)])
    assert (numbers_of(counts_of(numbers)) == numbers).all()


@pytest.mark.parametrize(
    ("weather", "share"),
    [(Weather(burst_loss=0.3), 0.7), (Weather(byte_loss=0.1), 0.9), (Weather(twice=0.003), 1.06)],
)
def test_the_line_does_to_bytes_what_the_weather_says(weather: Weather, share: float) -> None:
    air = Air(weather, seed=3)
    air.bad = True
    arrived = sum(len(air.carry(bytes(1000), 0.0)) for _ in range(300))
    assert arrived == pytest.approx(300_000 * share, rel=0.05)


def test_an_exchanged_piece_is_the_same_bytes_in_another_order() -> None:
    air = Air(Weather(exchanged=0.01), seed=3)
    air.bad = True
    sent = bytes(range(256)) * 4
    arrived = air.carry(sent, 0.0)
    assert arrived != sent
    assert sorted(arrived) == sorted(sent)
