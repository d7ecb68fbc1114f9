"""What marks on long recordings say of a moment, and where they say nothing."""

from __future__ import annotations

from ecgd.evaluation.databases import ReferenceBeats
from ecgd.evaluation.rhythm_study import Stretch
from ecgd.evaluation.rhythm_truth import Marks
from ecgd.model.network_label import (
    ANOMALY,
    BRADYCARDIA,
    ECTOPY,
    FIBRILLATION,
    TACHYCARDIA,
    VENTRICULAR_FIBRILLATION,
    VENTRICULAR_TACHYCARDIA,
)


def beats(rr_s: float = 0.8, **others: str) -> ReferenceBeats:
    times_s = tuple(k * rr_s for k in range(round(120 / rr_s)))
    symbols = ["N"] * len(times_s)
    for place, symbol in others.items():
        symbols[int(place.removeprefix("beat"))] = symbol
    return ReferenceBeats(times_s, tuple(symbols))


def marks(*stretches: Stretch, own: ReferenceBeats | None = None, names_vt: bool = True) -> Marks:
    return Marks(stretches, own, names_vt)


CALM = Stretch("N", 0.0, 120.0)


def test_a_calm_stretch_is_normal() -> None:
    truth = marks(CALM, own=beats()).truth_at(60.0)
    assert truth[ANOMALY] is False and truth[ECTOPY] is False
    assert truth[BRADYCARDIA] is False and truth[TACHYCARDIA] is False
    assert truth[FIBRILLATION] is False


def test_the_rate_is_told_but_near_its_limits() -> None:
    assert marks(CALM, own=beats(1.4)).truth_at(60.0)[BRADYCARDIA] is True
    assert BRADYCARDIA not in marks(CALM, own=beats(1.1)).truth_at(60.0)
    assert marks(CALM, own=beats(0.5)).truth_at(60.0)[TACHYCARDIA] is True
    assert TACHYCARDIA not in marks(CALM, own=beats(0.57)).truth_at(60.0)


def test_one_early_beat_is_neither_and_three_are_significant() -> None:
    one = marks(CALM, own=beats(beat70="V")).truth_at(60.0)
    assert one[ECTOPY] is True and ANOMALY not in one
    three = marks(CALM, own=beats(beat70="V", beat72="V", beat74="A")).truth_at(60.0)
    assert three[ANOMALY] is True


def test_bundle_branch_block_is_significant() -> None:
    wide = ReferenceBeats(tuple(k * 0.8 for k in range(150)), ("L",) * 150)
    assert marks(CALM, own=wide).truth_at(60.0)[ANOMALY] is True


def test_a_rhythm_holds_where_it_fills_half_of_the_strip() -> None:
    rhythm = marks(Stretch("N", 0.0, 50.0), Stretch("AFIB", 50.0, 120.0), own=beats())
    assert rhythm.truth_at(49.0)[FIBRILLATION] is False
    assert FIBRILLATION not in rhythm.truth_at(53.0)
    assert rhythm.truth_at(58.0)[FIBRILLATION] is True
    assert rhythm.truth_at(58.0)[ANOMALY] is True


def test_ventricular_rhythms_are_of_the_newest_seconds() -> None:
    rhythm = marks(
        Stretch("N", 0.0, 50.0), Stretch("VT", 50.0, 60.0), Stretch("VF", 60.0, 80.0), own=beats()
    )
    assert rhythm.truth_at(55.0)[VENTRICULAR_TACHYCARDIA] is True
    assert VENTRICULAR_TACHYCARDIA not in rhythm.truth_at(51.0)
    later = rhythm.truth_at(75.0)
    assert later[VENTRICULAR_FIBRILLATION] is True and later[VENTRICULAR_TACHYCARDIA] is False
    assert later[ANOMALY] is True


def test_unclear_marks_say_nothing() -> None:
    assert marks(Stretch("NOISE", 0.0, 120.0), own=beats()).truth_at(60.0) == {}


def test_before_fibrillation_that_alone_is_marked_nothing_is_called_normal() -> None:
    rhythm = marks(Stretch("N", 0.0, 100.0), Stretch("VF", 100.0, 120.0), names_vt=False)
    assert ANOMALY not in rhythm.truth_at(60.0)
    assert rhythm.truth_at(30.0)[ANOMALY] is False
    assert VENTRICULAR_TACHYCARDIA not in rhythm.truth_at(30.0)
    assert rhythm.truth_at(110.0)[ANOMALY] is True
