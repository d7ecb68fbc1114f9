from __future__ import annotations

import pytest

from ecgd.alerts.profiles.sms import plain, segments


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ä" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 135, 3),
        ("🚑" * 35, 1),
        ("🚑" * 36, 2),
        ("a" * 69 + "–", 1),
        ("a" * 70 + "–", 2),
        ("", 1),
    ],
)
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_signs_that_halve_the_room_are_written_plainly() -> None:
    text = "Signal 62–98 % … „so“ ± 3 u\u0308ber ≥ 0,1"
    assert plain(text) == 'Signal 62-98 % ... "so" +/- 3 über >= 0,1'
    assert segments(plain(text) * 3) == 1
    assert plain("Привет") == "Привет"
