"""Analysis: one window and a history in, an assessment and the next history out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.baseline import with_change
from ecgd.decision.findings import find, unjudged_events
from ecgd.decision.network_findings import explanation
from ecgd.decision.rhythm_findings import shows_atria
from ecgd.decision.score_watch import EXPLAINED, ScoreLesson, learn_score, may_teach
from ecgd.dsp.lead_identity import check_leads
from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import assess_quality
from ecgd.dsp.trouble import find_troubles
from ecgd.ensemble.member import Scorer
from ecgd.ensemble.opinion import ask_members
from ecgd.features.atrial_fibrillation import without_p_waves
from ecgd.features.beat_confidence import GOOD_CONFIDENCE
from ecgd.features.boundary_network import Network, shipped_network
from ecgd.features.intervals import measure_intervals
from ecgd.features.rhythm import assess_rhythm
from ecgd.features.st import summarise_st
from ecgd.features.ventricular import judge_oscillation
from ecgd.model.assessment import Assessment, StageLatency
from ecgd.model.baseline import MedianBeat
from ecgd.model.finding import (
    ChannelFinding,
    EnsembleScore,
    LeadQuality,
    LeadSt,
    Outcome,
    PlacementFinding,
    RhythmFinding,
    StFinding,
)
from ecgd.model.rhythm import (
    ASYSTOLE,
    OSCILLATIONS,
    UNKNOWN,
    VENTRICULAR_FIBRILLATION,
    VENTRICULAR_RUN,
    VENTRICULAR_TACHYCARDIA,
)
from ecgd.model.signal import Prepared, Window
from ecgd.pipeline.beat_signs import BeatSigns, judge_with_signs, watch_signs
from ecgd.pipeline.beat_watch import (
    WatchedBeats,
    beats_in_one_lead,
    carry_over,
    carrying_signal,
    watch_beats,
    watch_waves,
)
from ecgd.pipeline.change_watch import follow_change, in_view_of
from ecgd.pipeline.confidence import confidence_in, follow_certainty
from ecgd.pipeline.history import History
from ecgd.pipeline.measurement import watch_variability
from ecgd.pipeline.model_memory import Seen, model_inputs, remember_window
from ecgd.pipeline.outcome import is_judged, outcome_of, risk_of, why_not
from ecgd.pipeline.placement import (
    learn_from,
    remarks_on,
    silence_st,
    usual_beat,
    watch_channels,
    watch_electrodes,
)
from ecgd.pipeline.st_watch import watch_st


@dataclass(frozen=True, slots=True, eq=False)
class Assessed:
    """The rules' answer, what it leaves for the next window, and what the networks need."""

    assessment: Assessment
    history: History
    prepared: Prepared


@dataclass(frozen=True, slots=True, eq=False)
class _Signal:
    window: Window
    channels: ChannelFinding | None
    prepared: Prepared
    quality: tuple[LeadQuality, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Heart:
    beats: WatchedBeats
    confidence: float | None
    usual: MedianBeat | None
    placement: PlacementFinding | None
    leads_st: tuple[LeadSt, ...]
    rhythm: RhythmFinding


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The networks' answer to a window, and what it teaches about the patient."""

    assessment: Assessment
    lesson: ScoreLesson | None
    settings: EnsembleSettings

    def teach(self, history: History) -> History:
        """Return a history that knows this score: a newer one than the window's, as a rule."""
        if self.lesson is None:
            return history
        watch = learn_score(history.score_watch, self.lesson, self.settings)
        return replace(history, score_watch=watch)


class Analysis:
    """The analysis of one window at a time; pure but for the clock that times its stages.

    The same window and history give the same assessment, bit for bit. Rules answer first;
    ``score`` asks the networks about the same window afterwards. ``network`` finds the boundaries
    of waves in place of the one that is shipped.
    """

    def __init__(
        self,
        settings: AnalysisSettings,
        ensemble: EnsembleSettings,
        scorer: Scorer,
        clock: Callable[[], float],
        network: Network | None = None,
    ) -> None:
        self._settings = settings
        self._ensemble = ensemble
        self._scorer = scorer
        self._clock = clock
        # Read now: at its first window a daemon may have no descriptor left to read it.
        self._network = network or shipped_network()

    @property
    def has_networks(self) -> bool:
        """Whether ``score`` has anybody to ask."""
        return bool(self._scorer.names)

    def assess(self, window: Window, history: History, *, last: bool = False) -> Assessed:
        """Judge one window by the rules.

        ``last`` says that no window follows, so that the newest beats are final too.
        """
        began_s = self._clock()
        signal, before = self._look(window, carry_over(window, history))
        prepared_s = self._clock()
        heart, after = self._measure(signal, before, last=last)
        measured_s = self._clock()
        assessment, after = self._judge(signal, heart, after)
        latency = (
            StageLatency("waiting", began_s - window.arrived_s),
            StageLatency("preprocessing", prepared_s - began_s),
            StageLatency("features", measured_s - prepared_s),
            StageLatency("rules", self._clock() - measured_s),
        )
        assessment = replace(assessment, latency=latency)
        if self.has_networks:
            seen = Seen(heart.beats.known, after.shapes, after.waves)
            degree = self._settings.drift_degree
            memory = remember_window(after.models, assessment, signal.prepared, seen, degree)
            after = replace(after, models=memory)
        return Assessed(assessment, after, signal.prepared)

    def score(self, assessed: Assessed) -> Scored:
        """Ask the networks about a window that the rules have judged."""
        began_s = self._clock()
        assessment = assessed.assessment
        scores, lesson = self._ask(assessed)
        findings = find(
            assessment.st,
            assessment.rhythm,
            scores,
            analysis=self._settings,
            ensemble=self._ensemble,
            judged=is_judged(assessment.st, assessment.rhythm),
        )
        scored = replace(
            assessment,
            scores=scores,
            findings=findings,
            outcome=outcome_of(findings, assessment.cannot_judge),
            beats=(),
            st_episodes=(),
            unjudged=unjudged_events(assessment.st, assessment.rhythm, scores),
            latency=(StageLatency("inference", self._clock() - began_s),),
        )
        return Scored(scored, lesson, self._ensemble)

    def _ask(self, assessed: Assessed) -> tuple[EnsembleScore | None, ScoreLesson | None]:
        """Return the networks' opinion in view of the patient's own scores, and its lesson."""
        assessment = assessed.assessment
        if assessment.outcome is Outcome.CANNOT_JUDGE:
            return None, None
        inputs = model_inputs(assessed.history.models)
        scores = ask_members(self._scorer, inputs, self._ensemble, assessment.risk_level)
        if scores is None:
            return None, None
        found = assessment.findings
        says_much = scores.fused > EXPLAINED
        reason = explanation(scores, found, assessment.st, assessment.rhythm) if says_much else ""
        lesson = ScoreLesson(scores.fused, assessment.time_s, may_teach(found), bool(reason))
        watch = assessed.history.score_watch
        return replace(
            scores,
            is_usual=watch.is_usual(scores.fused),
            is_clearly_new=watch.is_clearly_new(scores.fused),
            explained_by=reason,
            becomes_usual=learn_score(watch, lesson, self._ensemble).adoptions > watch.adoptions,
        ), lesson

    def _look(self, window: Window, before: History) -> tuple[_Signal, History]:
        """Return what can be seen of each lead, whatever the heart does."""
        window, found = check_leads(window)
        before, channels = watch_channels(before, window, found)
        prepared = prepare(window, self._settings)
        return _Signal(window, channels, prepared, assess_quality(window, prepared)), before

    def _measure(self, signal: _Signal, before: History, *, last: bool) -> tuple[_Heart, History]:
        """Return beats, ST and rhythm."""
        window, prepared, quality = signal.window, signal.prepared, signal.quality
        before = watch_waves(before, window, prepared, quality)
        beats = watch_beats(window, prepared, quality, before, last=last, network=self._network)
        confidence = confidence_in(window, quality, beats.known)
        beats = replace(beats, history=follow_certainty(beats.history, confidence, window))
        usual = usual_beat(window, prepared, beats.known)
        after, placement = watch_electrodes(beats.history, window, prepared, quality, usual)
        measured = self._summarise(signal, beats)
        changed = with_change(measured, after.baseline, after.change_watch.reference)
        leads_st = silence_st(changed, placement, signal.channels)
        after = follow_change(
            after, window, usual, final=beats.final, leads_st=leads_st, settings=self._settings
        )
        rhythm = self._rhythm(signal, beats, confidence=confidence)
        if shows_atria(rhythm) and bool(rhythm.fibrillates) != after.fibrillates:
            after = replace(after, fibrillates=bool(rhythm.fibrillates))
        after = watch_variability(after, window)
        return _Heart(beats, confidence, usual, placement, leads_st, rhythm), after

    def _summarise(self, signal: _Signal, beats: WatchedBeats) -> tuple[LeadSt, ...]:
        window = signal.window
        return summarise_st(
            beats.known,
            signal.prepared.leads,
            fs_hz=window.fs_hz,
            now_index=window.end_index,
            settings=self._settings,
            lead_usable=[lead.usable for lead in signal.quality],
            highpass_hz=window.device.highpass_hz,
            lowpass_hz=window.device.lowpass_hz,
        )

    def _rhythm(
        self, signal: _Signal, beats: WatchedBeats, *, confidence: float | None
    ) -> RhythmFinding:
        """Return the rhythm; beats that are right beyond doubt are no fibrillation."""
        window, quality = signal.window, signal.quality
        label, rate_bpm = judge_oscillation(beats.history.waves, window.fs_hz)
        stands_apart = confidence is not None and confidence >= GOOD_CONFIDENCE
        if label != UNKNOWN and not (label == VENTRICULAR_FIBRILLATION and stands_apart):
            return RhythmFinding(label, rate_bpm)
        rhythm = assess_rhythm(
            beats.known,
            now_index=window.end_index,
            watched_from_index=beats.history.watched_from,
            fs_hz=window.fs_hz,
            settings=self._settings,
            judged=bool(carrying_signal(quality).any()),
            runs=beats.history.runs.runs,
            fibrillated=beats.history.fibrillates,
            certainty=beats.history.certainty,
        )
        since_index = beats.known[-1].r_peak if beats.known else window.start_index
        if rhythm.label == ASYSTOLE and beats_in_one_lead(
            window, signal.prepared, quality, since_index
        ):
            return RhythmFinding(UNKNOWN, None)
        told_in_noise = rhythm.label in {ASYSTOLE, VENTRICULAR_RUN, VENTRICULAR_TACHYCARDIA}
        if told_in_noise or beats.believed:
            return rhythm
        return RhythmFinding(UNKNOWN, None)

    def _judge(self, signal: _Signal, heart: _Heart, after: History) -> tuple[Assessment, History]:
        """Return what the rules say of it, and the history with all that was learned."""
        window, rhythm, usual, leads_st = signal.window, heart.rhythm, heart.usual, heart.leads_st
        after, signs = watch_signs(after, window, usual, leads_st)
        st = self._judge_st(signal, heart, after, signs)
        judged = is_judged(st, rhythm)
        findings = find(
            st, rhythm, None, analysis=self._settings, ensemble=self._ensemble, judged=judged
        )
        cannot_judge = why_not(signal.quality, leads_st, st, rhythm)
        after, episodes = watch_st(after, window, leads_st, rhythm)
        after = learn_from(after, window, usual, leads_st, st)
        known, fibrillates = heart.beats.known, after.fibrillates
        # Atria that fibrillate have no P wave, whatever was taken for one.
        final = without_p_waves(heart.beats.final) if fibrillates else heart.beats.final
        assessment = Assessment(
            start_index=window.start_index,
            end_index=window.end_index,
            fs_hz=window.fs_hz,
            arrived_s=window.arrived_s,
            origin=window.origin,
            outcome=outcome_of(findings, cannot_judge),
            risk_level=risk_of(st, leads_st),
            rhythm=rhythm,
            quality=signal.quality,
            st=st,
            findings=findings,
            cannot_judge=cannot_judge,
            beats=final,
            unjudged=unjudged_events(st, rhythm, None, has_networks=self.has_networks),
            troubles=find_troubles(window, signal.prepared, signal.quality),
            beat_confidence=heart.confidence,
            placement=heart.placement,
            channels=signal.channels,
            intervals=measure_intervals(known, usual, window.fs_hz, has_p=not fibrillates),
            variability=None if fibrillates else after.variability,
            st_episodes=episodes,
        )
        return assessment, after

    def _judge_st(
        self, signal: _Signal, heart: _Heart, after: History, signs: BeatSigns
    ) -> StFinding | None:
        """Return ST by the rules; None without beats that can be told apart."""
        if heart.rhythm.label in OSCILLATIONS:
            return None
        st = judge_with_signs(heart.leads_st, signs, self._settings)
        st = in_view_of(after, st, self._settings)
        if st is None:
            return None
        return replace(st, evidence=(*st.evidence, *remarks_on(signal.window, signal.channels)))
