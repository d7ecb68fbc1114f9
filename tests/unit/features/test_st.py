from __future__ import annotations

import pytest

from ecgd.config.settings import AnalysisSettings
from ecgd.features.st import summarise_st
from ecgd.model.beat import Beat, BeatClass, StLevels
from ecgd.model.finding import LeadSt

SETTINGS = AnalysisSettings()
FS_HZ = 250.0


def beat(r_peak: int, level_mv: float | None, beat_class: BeatClass = BeatClass.N) -> Beat:
    st = (
        None if level_mv is None else StLevels(level_mv, level_mv, level_mv, *[level_mv + 0.01] * 3)
    )
    return Beat(r_peak, None, ("II",), (st,), (None,), beat_class)


def summarise(beats: list[Beat], usable: bool = True, highpass_hz: float | None = None) -> LeadSt:
    (lead,) = summarise_st(
        beats,
        ("II",),
        fs_hz=FS_HZ,
        now_index=5000,
        settings=SETTINGS,
        lead_usable=[usable],
        highpass_hz=highpass_hz,
    )
    return lead


def beats_of(*levels_mv: float) -> list[Beat]:
    return [beat(4900 - 200 * k, level) for k, level in enumerate(reversed(levels_mv))][::-1]


def test_the_usual_beat_decides_and_one_wild_beat_changes_nothing() -> None:
    lead = summarise(beats_of(0.1, 0.12, 5.0, 0.11, 0.13))
    assert lead.measurable
    assert lead.level_mv == pytest.approx(0.115, abs=1e-3)
    assert lead.beat_count == 5
    assert lead.elevated_fraction == 1.0
    assert lead.levels is not None
    assert lead.levels.j80_mv == pytest.approx(0.125, abs=1e-3)


def test_at_most_the_last_ten_beats_count() -> None:
    lead = summarise(beats_of(*[9.0] * 6, *[0.2] * 10))
    assert lead.beat_count == 10
    assert lead.level_mv == pytest.approx(0.2)


def test_beats_older_than_the_limit_do_not_count() -> None:
    old = [beat(1249 - k, 1.0) for k in range(5)][::-1]
    lead = summarise([*old, *beats_of(0.1, 0.1, 0.1)])
    assert not lead.measurable
    assert lead.reason == "too few beats"
    assert lead.beat_count == 3


def test_ventricular_beats_give_way_to_others() -> None:
    wild = [beat(4000 + k, 2.0, BeatClass.V) for k in range(8)]
    assert summarise([*wild, *beats_of(0.0, 0.0, 0.0, 0.0, 0.0)][::1]).level_mv == 0.0


@pytest.mark.parametrize(("corner_hz", "measurable"), [(None, True), (0.05, True), (0.5, False)])
def test_a_front_end_that_bends_st_is_not_measured(
    corner_hz: float | None, measurable: bool
) -> None:
    lead = summarise(beats_of(*[0.3] * 6), highpass_hz=corner_hz)
    assert lead.measurable is measurable
    if not measurable:
        assert lead.reason == "not measurable with this front end: high-pass 0.5 Hz"
        assert lead.level_mv is None


def test_an_unusable_lead_is_not_measurable() -> None:
    lead = summarise(beats_of(*[0.3] * 6), usable=False)
    assert (lead.measurable, lead.reason, lead.level_mv) == (False, "lead unusable", None)


def test_the_uncertainty_grows_with_scatter_and_shrinks_with_beats() -> None:
    calm = summarise(beats_of(*[0.1, 0.102, 0.098] * 3)).uncertainty_mv
    wild = summarise(beats_of(*[0.1, 0.2, 0.0] * 3)).uncertainty_mv
    few = summarise(beats_of(0.1, 0.2, 0.0, 0.2, 0.0)).uncertainty_mv
    assert calm is not None
    assert wild is not None
    assert few is not None
    assert 0.004 < calm < 0.02 < wild < few


def test_leads_that_no_beat_has_are_reported_too() -> None:
    leads = summarise_st(
        beats_of(*[0.1] * 6),
        ("II", "V5"),
        fs_hz=FS_HZ,
        now_index=5000,
        settings=SETTINGS,
        lead_usable=[True, True],
    )
    assert [lead.measurable for lead in leads] == [True, False]
