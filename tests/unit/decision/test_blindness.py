"""Which dangers a window could not show, and why."""

from __future__ import annotations

from dataclasses import replace

from sample_daemon import sample_assessment

from ecgd.decision.blindness import FEW_BEATS, PARTLY_VISIBLE, TOO_SHORT, blind_to
from ecgd.decision.findings import unjudged_events
from ecgd.model.assessment import Assessment
from ecgd.model.coverage import Danger
from ecgd.model.finding import PlacementFinding, RhythmFinding, StFinding
from ecgd.model.trouble import Cause, SignalTrouble


def window(label: str, st: StFinding | None) -> Assessment:
    rhythm = RhythmFinding(label, None)
    unjudged = unjudged_events(st, rhythm, None)
    return replace(sample_assessment(), rhythm=rhythm, st=st, unjudged=unjudged)


def _sample_st() -> StFinding:
    st = sample_assessment().st
    assert st is not None
    return st


ST = _sample_st()


def test_a_window_that_shows_everything_is_blind_to_nothing() -> None:
    assert blind_to(window("regular", ST)) == {}


def test_the_signal_explains_what_it_hides() -> None:
    loose = SignalTrouble(Cause.LOOSE, ("I", "III"), "LA")
    lost = replace(window("unknown", None), troubles=(loose,))
    assert blind_to(lost) == dict.fromkeys(Danger, "left-arm electrode loose")
    assert blind_to(window("unknown", None)) == dict.fromkeys(Danger, FEW_BEATS)


def test_fibrillation_hides_everything_but_itself() -> None:
    blind = blind_to(window("ventricular fibrillation", None))
    assert set(blind) == set(Danger) - {Danger.VENTRICULAR}
    assert set(blind.values()) == {"hidden by ventricular fibrillation"}


def test_a_run_hides_atrial_fibrillation_only() -> None:
    hidden = "hidden by run of ventricular beats"
    assert blind_to(window("run of ventricular beats", ST)) == {Danger.ATRIAL_FIBRILLATION: hidden}
    assert blind_to(window("pause", ST)) == {}


def test_fibrillation_is_not_watched_before_it_could_be_told() -> None:
    begun = RhythmFinding("regular", 70.0, fibrillates=None)
    early = replace(window("regular", ST), rhythm=begun, unjudged=unjudged_events(ST, begun, None))
    assert blind_to(early) == {Danger.ATRIAL_FIBRILLATION: TOO_SHORT}


def test_one_territory_is_not_enough() -> None:
    part = replace(ST, not_visible=(*ST.not_visible, "inferior"))
    assert blind_to(window("regular", part)) == {Danger.STEMI: PARTLY_VISIBLE}


def test_what_silences_st_is_told() -> None:
    swapped = PlacementFinding(("RA", "LA"), "right and left arm", "lead I is upside down")
    exchanged = replace(window("regular", None), placement=swapped)
    assert blind_to(exchanged) == {Danger.STEMI: "electrodes exchanged: right and left arm"}
    front_end = replace(window("regular", None), cannot_judge=("ST: high-pass at 0.5 Hz",))
    assert blind_to(front_end) == {Danger.STEMI: "ST: high-pass at 0.5 Hz"}
