from __future__ import annotations

from ecgd.pipeline.lasting import Lasting


def after(verdicts: str, hop_s: float = 1.0, start: Lasting | None = None) -> list[str]:
    """Return what is told after each window; one letter a verdict, "." for nothing."""
    state, told = start or Lasting(), []
    for number, letter in enumerate(verdicts):
        state = state.after(number * hop_s, letter.strip("."))
        told.append(state.told or ".")
    return told


def test_it_is_told_after_windows_five_seconds_apart_and_not_before() -> None:
    assert "".join(after("A" * 9)) == "." * 5 + "AAAA"


def test_stray_windows_neither_tell_nor_clear() -> None:
    assert "".join(after("." * 5 + "A" + "." * 9)) == "." * 15
    assert after("A" * 12 + "..")[-1] == "A"
    assert after("AAAAAA.AAAAA")[-1] == "A"


def test_it_clears_after_as_long_without_evidence() -> None:
    told = "".join(after("A" * 12 + "." * 8))
    assert told[12:16] == "A" * 4
    assert told[-2:] == ".."


def test_another_verdict_takes_its_place() -> None:
    assert after("A" * 12 + "B" * 14)[-1] == "B"


def test_half_of_the_windows_is_not_enough() -> None:
    assert set(after("A." * 20)) == {"."}


def test_long_hops_need_the_same_time() -> None:
    assert "".join(after("AAAA", hop_s=5.0)) == ".AAA"


def test_a_long_hole_begins_anew() -> None:
    state = Lasting()
    for time_s in (0.0, 1.0, 2.0, 40.0, 41.0):
        state = state.after(time_s, "A")
    assert state.told == ""
    assert not state.is_silent
    assert Lasting().after(1.0, "").is_silent
