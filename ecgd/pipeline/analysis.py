"""Analysis: one window and a history in, an assessment and the next history out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.baseline import with_change
from ecgd.decision.findings import OSCILLATIONS, find, unjudged_events
from ecgd.decision.st_rules import CONTIGUOUS, judge_st
from ecgd.dsp.filters import remove_drift
from ecgd.dsp.lead_identity import check_leads
from ecgd.dsp.normalise import z_score
from ecgd.dsp.prepare import Prepared, prepare
from ecgd.dsp.quality import FLAT, LOST_SIGNAL, assess_quality
from ecgd.ensemble.fusion import fuse
from ecgd.ensemble.member import Scorer
from ecgd.features.beats import FoundBeats, find_beats, newly_final
from ecgd.features.rhythm import ASYSTOLE, UNKNOWN, assess_rhythm
from ecgd.features.st import summarise_st
from ecgd.features.ventricular import judge_oscillation, measure_oscillation, remember
from ecgd.model.assessment import Assessment, StageLatency
from ecgd.model.beat import Beat
from ecgd.model.finding import (
    EnsembleScore,
    Finding,
    LeadQuality,
    LeadSt,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StFinding,
)
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import BoolArray, FloatArray, IntArray, Window
from ecgd.pipeline.history import KEPT_S, History
from ecgd.pipeline.placement import (
    learn_from,
    remarks_on,
    silence_st,
    usual_beat,
    watch_channels,
    watch_electrodes,
)

MODEL_FS_HZ = 250.0
"""The networks' sampling rate (the document, stage 6)."""

UNWATCHED_GAP_S = 0.5
"""A longer hole in the samples may hide a beat: intervals across it say nothing."""

UNSTEADY = "unsteady"
"""Why ST is not judged although it was measured: its scatter leaves every pair of leads open."""

RECENT_S = 60.0
"""Rate, rhythm and ST look back no further than this: fibrillation takes 30 s to tell (ESC)."""

QUIET_MV = 0.3
"""A lead that stays below this, in the band of the beats, has no storm of noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Assessed:
    """The rules' answer, what it leaves for the next window, and what the networks need."""

    assessment: Assessment
    history: History
    prepared: Prepared


@dataclass(frozen=True, slots=True)
class _Beats:
    """Beats of one window in the light of history."""

    known: tuple[Beat, ...]
    final: tuple[Beat, ...]
    history: History


class Analysis:
    """The analysis of one window at a time; pure but for the clock that times its stages.

    The same window and history give the same assessment, bit for bit. Rules answer first;
    ``score`` asks the networks about the same window afterwards.
    """

    def __init__(
        self,
        settings: AnalysisSettings,
        ensemble: EnsembleSettings,
        scorer: Scorer,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._ensemble = ensemble
        self._scorer = scorer
        self._clock = clock

    @property
    def has_networks(self) -> bool:
        """Whether ``score`` has anybody to ask."""
        return bool(self._scorer.names)

    def assess(self, window: Window, history: History, *, last: bool = False) -> Assessed:
        """Judge one window by the rules.

        ``last`` says that no window follows, so that the newest beats are final too.
        """
        began_s = self._clock()
        before = _carry_over(window, history)
        window, channels = check_leads(window)
        before, channels = watch_channels(before, window, channels)
        prepared = prepare(window, self._settings)
        quality = assess_quality(window, prepared)
        prepared_s = self._clock()
        before = _watch_waves(before, window, prepared, quality)
        beats = _find(window, prepared, quality, before, last=last)
        usual = usual_beat(window, prepared, beats.known)
        after, placement = watch_electrodes(beats.history, window, prepared, quality, usual)
        measured = self._summarise(window, prepared, quality, beats)
        leads_st = silence_st(with_change(measured, after.baseline), placement, channels)
        rhythm = self._rhythm(window, quality, beats)
        measured_s = self._clock()
        remarks = remarks_on(window, channels)
        assessment = self._judge(window, quality, leads_st, rhythm, beats.final, remarks=remarks)
        after = learn_from(after, window, usual, leads_st, assessment.st)
        latency = (
            StageLatency("waiting", began_s - window.arrived_s),
            StageLatency("preprocessing", prepared_s - began_s),
            StageLatency("features", measured_s - prepared_s),
            StageLatency("rules", self._clock() - measured_s),
        )
        assessment = replace(assessment, placement=placement, channels=channels, latency=latency)
        return Assessed(assessment, after, prepared)

    def score(self, assessed: Assessed) -> Assessment:
        """Ask the networks about a window that the rules have judged."""
        began_s = self._clock()
        assessment = assessed.assessment
        scores = self._ask(assessed)
        findings = find(
            assessment.st,
            assessment.rhythm,
            scores,
            analysis=self._settings,
            ensemble=self._ensemble,
            judged=_is_judged(assessment.st, assessment.rhythm),
        )
        return replace(
            assessment,
            scores=scores,
            findings=findings,
            outcome=_outcome(findings, assessment.cannot_judge),
            beats=(),
            unjudged=unjudged_events(assessment.st, assessment.rhythm, scores),
            latency=(StageLatency("inference", self._clock() - began_s),),
        )

    def _ask(self, assessed: Assessed) -> EnsembleScore | None:
        assessment = assessed.assessment
        if assessment.outcome is Outcome.CANNOT_JUDGE or assessment.risk_level is None:
            return None
        if assessed.prepared.leads[: len(LIMB_LEADS)] != LIMB_LEADS:
            return None
        seen = model_input(assessed.prepared, self._settings.drift_degree)
        answers = self._scorer.score(seen, MODEL_FS_HZ)
        return fuse(answers, self._ensemble, assessment.risk_level)

    def _summarise(
        self, window: Window, prepared: Prepared, quality: tuple[LeadQuality, ...], beats: _Beats
    ) -> tuple[LeadSt, ...]:
        return summarise_st(
            beats.known,
            prepared.leads,
            fs_hz=window.fs_hz,
            now_index=window.end_index,
            settings=self._settings,
            lead_usable=[lead.usable for lead in quality],
            highpass_hz=window.device.highpass_hz,
            lowpass_hz=window.device.lowpass_hz,
        )

    def _rhythm(
        self, window: Window, quality: tuple[LeadQuality, ...], beats: _Beats
    ) -> RhythmFinding:
        label, rate_bpm = judge_oscillation(beats.history.waves, window.fs_hz)
        if label != UNKNOWN:
            return RhythmFinding(label, rate_bpm)
        rhythm = assess_rhythm(
            beats.known,
            now_index=window.end_index,
            watched_from_index=beats.history.watched_from,
            fs_hz=window.fs_hz,
            settings=self._settings,
            judged=bool(_seen(quality).any()),
        )
        if rhythm.label == ASYSTOLE or any(lead.usable for lead in quality):
            return rhythm
        return RhythmFinding(UNKNOWN, None)

    def _judge(
        self,
        window: Window,
        quality: tuple[LeadQuality, ...],
        leads_st: tuple[LeadSt, ...],
        rhythm: RhythmFinding,
        final: tuple[Beat, ...],
        *,
        remarks: tuple[str, ...],
    ) -> Assessment:
        # Without beats that can be told apart there is no ST, whatever was measured.
        st = None if rhythm.label in OSCILLATIONS else judge_st(leads_st, self._settings)
        if st is not None:
            st = replace(st, evidence=(*st.evidence, *remarks))
        findings = find(
            st,
            rhythm,
            None,
            analysis=self._settings,
            ensemble=self._ensemble,
            judged=_is_judged(st, rhythm),
        )
        cannot_judge = _why_not(quality, leads_st, st, rhythm)
        return Assessment(
            start_index=window.start_index,
            end_index=window.end_index,
            fs_hz=window.fs_hz,
            arrived_s=window.arrived_s,
            origin=window.origin,
            outcome=_outcome(findings, cannot_judge),
            risk_level=_risk(st, leads_st),
            rhythm=rhythm,
            quality=quality,
            st=st,
            findings=findings,
            cannot_judge=cannot_judge,
            beats=final,
            unjudged=unjudged_events(st, rhythm, None),
        )


def model_input(prepared: Prepared, drift_degree: int) -> FloatArray:
    """Return what the networks see: (6, sample) at 250 Hz, drift removed, z-scored per lead."""
    band_mv = prepared.band_mv[: len(LIMB_LEADS)]
    if prepared.fs_hz != MODEL_FS_HZ:
        # Not above: the daemon does without scipy.signal's 80 MB unless a device needs it.
        from scipy.signal import resample_poly  # noqa: PLC0415

        up, down = round(MODEL_FS_HZ * 100), round(prepared.fs_hz * 100)
        band_mv = resample_poly(band_mv, up, down, axis=-1)
    return z_score(remove_drift(band_mv, drift_degree))


def _carry_over(window: Window, history: History) -> History:
    """Return the history that a window may build on."""
    if window.origin != history.origin:
        return History(window.origin, watched_from=window.start_index, baseline=history.baseline)
    unseen = window.start_index > history.end_index
    watched_from = window.start_index if unseen else history.watched_from
    return replace(history, watched_from=max(watched_from, _after_long_gap(window)))


def _after_long_gap(window: Window) -> int:
    """Return the index after the last hole that may hide a beat; 0 without one."""
    length = round(UNWATCHED_GAP_S * window.fs_hz)
    edges = np.flatnonzero(np.diff(np.concatenate(([True], window.valid, [True])).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    long_stops: IntArray = stops[stops - starts >= length]
    return window.start_index + int(long_stops[-1]) if long_stops.size else 0


def _seen(quality: tuple[LeadQuality, ...]) -> BoolArray:
    """Tell which leads carry a signal, however bad: nothing proves that it is lost."""
    return np.array([LOST_SIGNAL.isdisjoint(lead.reasons) for lead in quality], dtype=np.bool_)


def _watch_waves(
    before: History, window: Window, prepared: Prepared, quality: tuple[LeadQuality, ...]
) -> History:
    """Return the history with this window's wave.

    Fibrillation looks like noise: it is looked for on every measured lead that carries a signal,
    though quality calls it unusable. A flat lead shows nothing.
    """
    flat = np.array([FLAT in lead.reasons for lead in quality])
    measured = np.array([lead in window.leads for lead in prepared.leads])
    wave = measure_oscillation(
        prepared.band_mv,
        _seen(quality) & ~flat & measured,
        end_index=window.end_index,
        fs_hz=window.fs_hz,
    )
    return replace(before, waves=remember(before.waves, wave, window.fs_hz))


def _quiet(prepared: Prepared, quality: tuple[LeadQuality, ...]) -> BoolArray:
    """Tell which leads carry a signal too small to hide a heart beat: an asystole may be seen."""
    activity_mv = np.percentile(np.abs(prepared.band_mv), 99, axis=-1)
    quiet: BoolArray = _seen(quality) & (activity_mv < QUIET_MV)
    return quiet


def _find(
    window: Window,
    prepared: Prepared,
    quality: tuple[LeadQuality, ...],
    before: History,
    *,
    last: bool,
) -> _Beats:
    usable = np.array([lead.usable for lead in quality], dtype=np.bool_)
    trusted = bool(usable.any())
    looked_at = usable if trusted else _quiet(prepared, quality)
    found = find_beats(
        start_index=window.start_index,
        fs_hz=window.fs_hz,
        leads=prepared.leads,
        st_path_mv=prepared.st_path_mv,
        band_mv=prepared.band_mv,
        valid=prepared.valid,
        usable=looked_at,
        hints=before.hints,
        from_index=before.final_before,
    )
    if not trusted:
        # What looks like a beat in noise is none, but neither that nor a storm is an asystole.
        silent = bool(looked_at.any()) and not found.r_peaks.size
        watched_from = before.watched_from if silent else window.end_index
        after = replace(before, end_index=window.end_index, watched_from=watched_from)
        return _Beats(before.beats, (), after)
    if last:
        found = replace(found, final_before_index=window.end_index)
    return _settle(window, found, before)


def _settle(window: Window, found: FoundBeats, before: History) -> _Beats:
    """Divide the beats into those that are final and those that a later window tells."""
    last_r_peak = before.beats[-1].r_peak if before.beats else None
    final = newly_final(found, before.final_before, last_r_peak, window.fs_hz)
    oldest = window.end_index - round(KEPT_S * window.fs_hz)
    beats = before.extended(final, oldest)
    newest = tuple(b for b in found.beats if b.r_peak >= found.final_before_index)
    after = replace(
        before,
        end_index=window.end_index,
        beats=beats,
        final_before=max(before.final_before, found.final_before_index),
        hints=found.hints,
    )
    recent = after.since(window.end_index - round(RECENT_S * window.fs_hz))
    return _Beats((*recent, *newest), final, after)


def _is_judged(st: StFinding | None, rhythm: RhythmFinding) -> bool:
    return st is not None or rhythm.label != UNKNOWN


def _outcome(findings: tuple[Finding, ...], cannot_judge: tuple[str, ...]) -> Outcome:
    if any(finding.severity >= Severity.MEDIUM for finding in findings):
        return Outcome.ANOMALY
    return Outcome.CANNOT_JUDGE if cannot_judge else Outcome.NORMAL


def _risk(st: StFinding | None, leads_st: tuple[LeadSt, ...]) -> RiskLevel | None:
    return st.risk_level if st is not None and leads_st else None


def _why_not(
    quality: tuple[LeadQuality, ...],
    leads_st: tuple[LeadSt, ...],
    st: StFinding | None,
    rhythm: RhythmFinding,
) -> tuple[str, ...]:
    """Say why a window cannot be judged; empty when it can.

    ST counts wherever the leads could show it; a recording without two contiguous limb leads is
    judged by its rhythm alone, and so is one in which nothing but the rhythm counts.
    """
    leads = {lead.lead for lead in leads_st}
    has_st_leads = any(a in leads and b in leads for a, b in CONTIGUOUS)
    by_rhythm = rhythm.label in OSCILLATIONS or (not has_st_leads and rhythm.label != UNKNOWN)
    if st is not None or by_rhythm:
        return ()
    signal = {reason for lead in quality if not lead.usable for reason in lead.reasons}
    unmeasured = {lead.reason for lead in leads_st if not lead.measurable} - {"lead unusable"}
    unsteady = st is None and any(lead.measurable for lead in leads_st)
    return (
        *sorted(signal | ({UNSTEADY} if unsteady else set())),
        *sorted(f"ST: {reason}" for reason in unmeasured if reason),
    ) or ("too few beats",)
