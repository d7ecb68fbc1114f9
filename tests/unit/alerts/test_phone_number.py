"""No machine calls the public rescue: numbers are refused before anything is sent."""

from __future__ import annotations

import pytest

from ecgd.alerts.profiles.phone_number import EMERGENCY_NUMBERS, number_problem


@pytest.mark.parametrize(
    "written", ["{}", "+49{}", "+1 {}", "0049{}", "+358 {}", "tel:{}", "+44-{}"]
)
def test_emergency_number_is_refused_however_it_is_written(written: str) -> None:
    for number in EMERGENCY_NUMBERS:
        assert "no machine may call one" in number_problem(written.format(number)), number


def test_those_that_everybody_knows_are_in_the_list() -> None:
    known = "112 911 999 000 110 118 119 122 113 117 133 144 190 192 100 102 108 111 15 17 18"
    assert {number for number in known.split() if len(number) > 2} <= EMERGENCY_NUMBERS


NO_NUMBERS = (
    ", +, 112, 15, 9-1-1, 9 9 9, 0170 12345678, 4917012345678, +49170, +049170123456, "
    "+4917012345678901, +49 170 12345678, +49170x2345678, sip:a@b, １１２, +１２３４５６７８９, "
    "+12125550100;ext=1, +12125550100\n, client:anna, +1911, +1 411, +3315, "
    "+86755110, +8675500110, +914842100, +81312110, +19115551234, +74951120"
)


@pytest.mark.parametrize("number", NO_NUMBERS.split(", "))
def test_whatever_is_no_full_number_is_refused(number: str) -> None:
    assert number_problem(number)


PERSONS = (
    "+4917012345678 +12125550100 +442071838750 +61491570156 +4790112112 +29022222 +358401121120 "
    "+8613911191100 +864591234567 +919112112112 +81312345678 +79161234567 +4522113112 +33123456789"
)


@pytest.mark.parametrize("number", PERSONS.split())
def test_number_of_a_person_is_taken(number: str) -> None:
    assert number_problem(number) == ""
