"""The feature vector: its order is fixed, and what was not measured is not a number."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
from sample_daemon import sample_assessment

from ecgd.features.vector import NAMES, VERSION, feature_vector
from ecgd.model.assessment import Assessment
from ecgd.model.beat import StLevels

LAYOUT = {1: "c6229566f11a843f"}
"""The names in order, by version: another layout needs another version."""


def test_another_layout_is_another_version() -> None:
    layout = hashlib.sha256("\n".join(NAMES).encode()).hexdigest()[:16]
    assert layout == LAYOUT[VERSION]
    assert len(set(NAMES)) == len(NAMES)


def _with_levels(assessment: Assessment) -> Assessment:
    levels = StLevels(0.2, 0.22, 0.27, 0.28, 0.3, 0.26)
    assert assessment.st is not None
    leads = tuple(
        replace(st, levels=levels) if st.lead == "III" else st for st in assessment.st.leads
    )
    return replace(assessment, st=replace(assessment.st, leads=leads))


def test_figures_stand_where_their_names_do() -> None:
    assessment = _with_levels(sample_assessment())
    wave = np.sin(2 * np.pi * 10 * np.arange(1250) / 250.0)
    vector = dict(zip(NAMES, feature_vector(assessment, {"II": wave}, 250.0), strict=True))
    assert vector["heart_rate_bpm"] == assessment.rhythm.heart_rate_bpm
    assert vector["st_III_j40_mv"] == 0.27
    assert round(vector["psd_II_peak_hz"]) == 10
    assert vector["db4_II_d4_energy_share"] > 0.5
    assert np.isnan(vector["psd_I_peak_hz"])
