from __future__ import annotations

from dataclasses import replace

import numpy as np
from ecg_shapes import SETTINGS, beat_times, ecg, window

from ecgd.dsp.derivation import complete_limb_leads
from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import ELECTRODE_OFF, FLAT, NOISE
from ecgd.model.beat import BeatClass
from ecgd.model.finding import LeadQuality
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray
from ecgd.pipeline.beat_watch import WatchedBeats, watch_beats
from ecgd.pipeline.history import History

FS_HZ = 250.0
SIGNAL = ecg(beat_times(5, 0.8), 5.0)
GOOD = tuple(LeadQuality(lead, 0.95, True, ()) for lead in LIMB_LEADS)
POOR = tuple(LeadQuality(lead, 0.02, False, (NOISE,)) for lead in LIMB_LEADS)


def watch(
    signal: FloatArray, quality: tuple[LeadQuality, ...], history: History | None = None
) -> WatchedBeats:
    seen = window(signal)
    prepared = prepare(seen, SETTINGS)
    return watch_beats(seen, prepared, quality, history or History(), last=False)


def test_beats_are_told_whatever_quality_says_but_measured_only_in_usable_leads() -> None:
    good, poor = watch(SIGNAL, GOOD), watch(SIGNAL, POOR)
    assert [b.r_peak for b in poor.final] == [b.r_peak for b in good.final]
    assert len(poor.final) == 5
    assert any(beat.waves is not None for beat in good.final)
    assert all(beat.waves is None and not any(beat.st) for beat in poor.final)
    assert {beat.beat_class for beat in poor.final} == {BeatClass.Q}


def test_rate_and_rhythm_go_on_where_the_beats_are_plain_though_no_lead_is_usable() -> None:
    for quality in (GOOD, POOR):
        seen = watch(SIGNAL, quality)
        assert seen.believed
        assert seen.history.watched_from == 0


def test_rate_and_rhythm_begin_anew_behind_a_window_whose_beats_may_be_noise() -> None:
    noise = np.random.default_rng(5).normal(0.0, 0.6, SIGNAL.shape)
    seen = watch(SIGNAL + noise, POOR)
    assert not seen.believed
    assert seen.history.watched_from == SIGNAL.shape[1]


def test_a_storm_in_one_lead_does_not_hide_the_silence_of_another() -> None:
    storm = np.zeros_like(SIGNAL)
    storm[1] = np.random.default_rng(2).normal(0.0, 2.0, SIGNAL.shape[1])
    quality = tuple(
        replace(lead, reasons=(NOISE,) if lead.lead == "II" else (FLAT,)) for lead in POOR
    )
    silent = watch(storm, quality, History(watched_from=0, end_index=0))
    assert silent.final == ()
    assert silent.history.watched_from == 0
    assert silent.history.end_index == SIGNAL.shape[1]


def test_a_broad_tachycardia_is_no_silence_though_another_lead_lies_quiet() -> None:
    clock_s = np.arange(SIGNAL.shape[1]) / FS_HZ
    broad = np.exp(-0.5 * ((clock_s - np.arange(0.3, 5.0, 0.54)[:, None]) / 0.035) ** 2).sum(axis=0)
    _, signal = complete_limb_leads(("I", "II"), np.stack((broad, 0.04 * broad)))
    seen = watch(signal, GOOD)
    assert len(seen.known) >= 7


def test_faint_noise_alone_is_no_beat_though_the_leads_are_called_usable() -> None:
    noise = np.random.default_rng(7).normal(0.0, 0.05, SIGNAL.shape)
    seen = watch(noise, GOOD)
    assert seen.known == ()
    assert seen.history.watched_from == 0


def test_a_storm_in_every_lead_is_no_silence() -> None:
    storm = np.random.default_rng(3).normal(0.0, 2.0, SIGNAL.shape)
    assert watch(storm, POOR).history.watched_from == SIGNAL.shape[1]


def test_a_lost_signal_is_no_silence_and_shows_no_beats() -> None:
    lost = tuple(replace(lead, sqi=0.0, reasons=(ELECTRODE_OFF,)) for lead in POOR)
    seen = watch(SIGNAL, lost)
    assert seen.final == ()
    assert seen.history.watched_from == SIGNAL.shape[1]
    assert seen.history.final_before == 0


def test_a_far_worse_lead_is_not_heard() -> None:
    spoilt = SIGNAL.copy()
    spoilt[2:] += np.random.default_rng(5).normal(0.0, 3.0, spoilt[2:].shape)
    quality = (*GOOD[:2], *POOR[2:])
    assert [b.r_peak for b in watch(spoilt, quality).final] == [
        b.r_peak for b in watch(SIGNAL, GOOD).final
    ]
