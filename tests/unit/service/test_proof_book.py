"""What was proven is kept, grows old by the right clock, and is never made younger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ecgd.model.proof import ProvenBy
from ecgd.service.proof_book import FILE_NAME, HEART, WHOLE, ProofBook

MARKS = {"home": 7, "phone": 8}


class Times:
    """Both clocks, set by hand."""

    def __init__(self, mono_s: float = 100.0, unix_s: float = 1_700_000_000.0) -> None:
        self.mono_s, self.unix_s = mono_s, unix_s

    def pass_by(self, seconds: float) -> None:
        self.mono_s += seconds
        self.unix_s += seconds


def book(tmp_path: Path, times: Times, boot: str = "one", **marks: int) -> ProofBook:
    clocks = (lambda: times.mono_s, lambda: times.unix_s)
    return ProofBook(tmp_path, boot, marks or MARKS, clocks)


def test_within_a_boot_ages_go_by_the_monotonic_clock(tmp_path: Path) -> None:
    times = Times()
    known = book(tmp_path, times)
    assert known.age_s("home") is None
    known.note("home", 2.1, ProvenBy.ALERT)
    times.mono_s += 240.0
    times.unix_s -= 86_400.0
    assert known.age_s("home") == 240.0
    proven = known.proven("home")
    assert proven is not None and (proven.took_s, proven.by) == (2.1, ProvenBy.ALERT)


def test_a_restart_keeps_it_and_says_so(tmp_path: Path) -> None:
    times = Times()
    before = book(tmp_path, times)
    before.note("home", 2.1, ProvenBy.CANARY)
    before.note(WHOLE, 2.1, ProvenBy.CANARY)
    before.note(HEART, 0.3, ProvenBy.CANARY)
    changed = [before.is_changed]
    before.keep()
    assert [*changed, before.is_changed] == [True, False]
    times.pass_by(60.0)
    after = book(tmp_path, times)
    assert [after.age_s(name) for name in ("home", WHOLE, HEART)] == [60.0] * 3
    assert after.is_carried_over("home") and not before.is_carried_over("home")
    after.note("home", 1.0, ProvenBy.TEST)
    assert not after.is_carried_over("home")


@pytest.mark.parametrize(("gone_s", "age_s"), [(3600.0, 3600.0), (-50.0, None)])
def test_over_a_boot_the_wall_clock_tells_unless_it_is_behind(
    tmp_path: Path, gone_s: float, age_s: float | None
) -> None:
    times = Times()
    before = book(tmp_path, times)
    before.note("home", 2.1, ProvenBy.CANARY)
    before.keep()
    later = Times(mono_s=3.0, unix_s=times.unix_s + gone_s)
    assert book(tmp_path, later, boot="two").age_s("home") == age_s


def test_a_target_that_was_changed_is_proven_no_more(tmp_path: Path) -> None:
    times = Times()
    before = book(tmp_path, times)
    for name in ("home", "phone", WHOLE):
        before.note(name, 2.1, ProvenBy.CANARY)
    before.keep()
    after = book(tmp_path, times, home=7, phone=9)
    assert after.age_s("home") is not None
    assert after.age_s("phone") is None
    assert after.age_s(WHOLE) is None, "it was the way to another phone"


def test_strangers_are_not_kept(tmp_path: Path) -> None:
    known = book(tmp_path, Times())
    known.note("somebody", 1.0, ProvenBy.ALERT)
    assert known.proven("somebody") is None


def _written(tmp_path: Path) -> dict[str, Any]:
    known = book(tmp_path, Times())
    known.note("home", 2.1, ProvenBy.CANARY)
    known.keep()
    record: dict[str, Any] = json.loads((tmp_path / FILE_NAME).read_text())
    return record


def test_a_record_that_somebody_changed_counts_for_nothing(tmp_path: Path) -> None:
    record = _written(tmp_path)
    record["ways"]["home"]["unix_s"] += 1e6
    (tmp_path / FILE_NAME).write_text(json.dumps(record))
    assert book(tmp_path, Times()).age_s("home") is None


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '{"version": 2}', '{"version": 1, "ways": 3}', "\x00" * 70_000]
)
def test_garbage_is_told_and_forgotten(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    known = book(tmp_path, Times())
    assert known.proven("home") is None
    assert "damaged" in caplog.text
    known.note("home", 1.0, ProvenBy.CANARY)
    known.keep()
    assert book(tmp_path, Times()).age_s("home") == 0.0


def test_a_disk_that_takes_nothing_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = book(tmp_path / "nowhere", Times())
    known.note("home", 1.0, ProvenBy.CANARY)
    known.keep()
    known.keep()
    assert caplog.text.count("cannot write") == 1
    assert known.is_changed
