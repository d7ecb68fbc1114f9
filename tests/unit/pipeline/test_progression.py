"""Rows of figures: one every ten seconds, the newest last, what is unknown in the middle."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.model.assessment import Assessment
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.finding import LeadSt, Outcome, RhythmFinding, RiskLevel, StFinding
from ecgd.model.intervals import Intervals
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.morphology import LeadShape, Morphology
from ecgd.pipeline.progression import (
    FIGURES,
    LEAST_ROWS,
    NAMES,
    ROW_LIMIT,
    ROWS,
    SCALES,
    Rows,
    extend_rows,
    is_due,
    progression_input,
    row_of,
)


def assessment(st_mv: float | None = None, rate_bpm: float | None = None) -> Assessment:
    leads = tuple(LeadSt(lead, True, level_mv=st_mv) for lead in LIMB_LEADS)
    return Assessment(
        0,
        1250,
        250.0,
        0.0,
        0,
        Outcome.NORMAL,
        RiskLevel.NORMAL,
        RhythmFinding("regular", rate_bpm),
        (),
        st=StFinding(leads, RiskLevel.NORMAL),
        intervals=Intervals(qrs_ms=130.0, axis_deg=90.0),
    )


def figure(row: np.ndarray, name: str) -> float:
    centre, unit = SCALES[name]
    return float(row[NAMES.index(name)]) * unit + centre


def test_a_row_holds_the_figures_in_their_scales() -> None:
    beats = tuple(
        Beat(k * 250, None, (), (), beat_class=BeatClass.V if k == 0 else BeatClass.N)
        for k in range(4)
    )
    shape = LeadShape(0.05, 0.8, 0.3, q_s=0.03, t_mv=0.2)
    morphology = Morphology(dict.fromkeys(LIMB_LEADS, shape), 0.1, 60.0, True, False, 0.8, 5)

    row = row_of(assessment(0.15, 100.0), beats, morphology, oscillation=-3.0, fibrillation=2.0)

    assert row.shape == (FIGURES,) and row[0] == 1.0
    assert figure(row, "heart_rate_bpm") == pytest.approx(100.0)
    assert figure(row, "st_aVL_mv") == pytest.approx(0.15)
    assert figure(row, "ventricular_share") == pytest.approx(0.25)
    assert figure(row, "qrs_ms") == pytest.approx(130.0)
    assert figure(row, "axis_sine") == pytest.approx(1.0)
    assert figure(row, "t_II_mv") == pytest.approx(0.2)
    assert figure(row, "q_III_s") == pytest.approx(0.03)
    assert figure(row, "has_p") == pytest.approx(1.0)
    assert figure(row, "oscillation") == pytest.approx(-3.0)
    assert figure(row, "fibrillation") == pytest.approx(2.0)


def test_what_is_unknown_is_zero_and_what_is_wild_is_cut() -> None:
    row = row_of(assessment(5.0), (), None, None, None)

    assert row[NAMES.index("heart_rate_bpm")] == 0.0
    assert row[NAMES.index("pr_ms")] == 0.0
    assert row[NAMES.index("st_II_mv")] == ROW_LIMIT
    assert np.isfinite(row).all()


def test_one_row_is_kept_every_ten_seconds() -> None:
    rows: Rows = ()
    for second in range(5, 400):
        if is_due(rows, float(second)):
            rows = extend_rows(rows, float(second), np.full(FIGURES, float(second)))

    assert len(rows) == ROWS
    assert [slot for slot, _ in rows] == list(range(10, 40))
    seen = progression_input(rows, 399.0)
    assert seen is not None and seen.shape == (ROWS, FIGURES)
    assert seen[-1, 0] == 390.0 and seen[0, 0] == 100.0


def test_missing_stretches_are_zeros_and_too_few_rows_are_nothing() -> None:
    slots = [slot for slot in range(20, 50) if slot not in (30, 31)]
    rows: Rows = tuple((slot, np.ones(FIGURES)) for slot in slots)

    seen = progression_input(rows, 499.0)

    assert seen is not None
    assert not seen[10:12].any() and seen[12:].all()
    assert progression_input(rows[: LEAST_ROWS - 1], 319.0) is None
    assert progression_input(rows, 700.0) is None
    assert progression_input((), 10.0) is None
