"""Properties of the synthetic patient."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.sources.dipole import StVector
from ecgd.sources.noise import NOISE_PRESETS
from ecgd.sources.patient import ElectrodeOff, Patient, PatientSignal
from ecgd.sources.rhythm import Rhythm

PATIENTS = st.builds(
    Patient,
    rhythm=st.sampled_from([rhythm for rhythm in Rhythm if rhythm is not Rhythm.ASYSTOLE]),
    rate_bpm=st.floats(20, 250),
    st=st.none() | st.builds(StVector, st.floats(-180, 180), st.floats(-2, 2)),
    noise=st.sampled_from(list(NOISE_PRESETS.values())),
    electrode_off=st.just(()) | st.just((ElectrodeOff("LA", 0.5, 1.5),)),
    pvc_fraction=st.floats(0, 0.4),
    pac_fraction=st.floats(0, 0.4),
    seed=st.integers(0, 2**63),
)


@given(patient=PATIENTS, pieces=st.lists(st.integers(1, 400), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_samples_do_not_depend_on_how_they_are_asked_for(
    patient: Patient, pieces: list[int]
) -> None:
    whole = PatientSignal(patient, 250.0).take(sum(pieces))
    signal = PatientSignal(patient, 250.0)
    blocks = [signal.take(piece) for piece in pieces]
    joined = np.concatenate([block.signal_mv for block in blocks], axis=1)
    assert (joined == whole.signal_mv).all()
    assert tuple(beat for block in blocks for beat in block.beats) == whole.beats
    assert frozenset().union(*(block.electrodes_off for block in blocks)) == whole.electrodes_off


@given(patient=PATIENTS)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_every_patient_is_finite_and_keeps_the_identities(patient: Patient) -> None:
    lead_i, lead_ii = PatientSignal(patient, 250.0).take(1000).signal_mv
    assert np.isfinite(lead_i).all()
    assert np.isfinite(lead_ii).all()
    assert max(np.abs(lead_i).max(), np.abs(lead_ii).max()) < 20
    counts = np.rint(np.stack((lead_i, lead_ii)) * 1000).astype(np.int64)
    derived = {
        lead: 2 * (DERIVATION[lead][0] * counts[0] + DERIVATION[lead][1] * counts[1])
        for lead in LIMB_LEADS
    }
    assert (derived["I"] + derived["III"] == derived["II"]).all()
    assert (derived["aVR"] + derived["aVL"] + derived["aVF"] == 0).all()
