from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg

from ecgd.dsp.derivation import complete_limb_leads, mixing_of
from ecgd.model.leads import LIMB_LEADS

SIX = ecg(beat_times(4, 0.8), 4.0)


@pytest.mark.parametrize("pair", list(combinations(LIMB_LEADS, 2)))
def test_any_two_limb_leads_give_all_six(pair: tuple[str, str]) -> None:
    measured = SIX[[LIMB_LEADS.index(lead) for lead in pair]]
    leads, signal = complete_limb_leads(pair, measured)
    assert leads == LIMB_LEADS
    np.testing.assert_allclose(signal, SIX, atol=1e-12)


def test_measured_leads_stay_as_measured_even_where_they_break_the_identities() -> None:
    measured = np.array([[1.0, 2.0], [3.0, 5.0], [99.0, 98.0]])
    leads, signal = complete_limb_leads(("I", "II", "aVF"), measured)
    assert leads == LIMB_LEADS
    assert signal[LIMB_LEADS.index("aVF")].tolist() == [99.0, 98.0]
    assert signal[LIMB_LEADS.index("III")].tolist() == [2.0, 3.0]


def test_other_leads_follow_in_their_order() -> None:
    measured = np.arange(12.0).reshape(4, 3)
    leads, signal = complete_limb_leads(("V5", "II", "V1", "I"), measured)
    assert leads == (*LIMB_LEADS, "V5", "V1")
    np.testing.assert_array_equal(signal[6:], measured[[0, 2]])
    np.testing.assert_array_equal(signal[:2], measured[[3, 1]])


@pytest.mark.parametrize("leads", [("II",), ("V1", "V5"), ("MLII", "V1"), ("II", "V5")])
def test_fewer_than_two_limb_leads_come_back_as_they_are(leads: tuple[str, ...]) -> None:
    signal = np.ones((len(leads), 5))
    assert complete_limb_leads(leads, signal) == (leads, signal)


@pytest.mark.parametrize(
    "measured", [("I", "II"), ("II", "III"), ("aVL", "aVF", "V1"), ("I", "II", "aVF", "V2")]
)
def test_all_leads_are_the_mixture_of_the_measured_ones(measured: tuple[str, ...]) -> None:
    signal = np.random.default_rng(1).normal(size=(len(measured), 40))
    leads, completed = complete_limb_leads(measured, signal)
    mixing = mixing_of(leads, measured)
    assert mixing is not None
    assert {leads[k] for k in mixing.sources} == set(measured)
    mixed = mixing.weights @ completed[list(mixing.sources)]
    np.testing.assert_allclose(mixed, completed, atol=1e-12)


@pytest.mark.parametrize("leads", [LIMB_LEADS, ("I",), ("V1", "V2"), (*LIMB_LEADS, "V1")])
def test_measured_leads_alone_need_no_mixture(leads: tuple[str, ...]) -> None:
    assert mixing_of(leads, leads) is None
