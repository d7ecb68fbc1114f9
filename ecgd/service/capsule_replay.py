"""A capsule once more through Intake, Analysis and the alarm machine, compared bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ecgd.decision import alarm as machine
from ecgd.decision.alarm import AlarmBook, Changes
from ecgd.ensemble.member import Answer, FusedCalibration, Scorer
from ecgd.errors import CapsuleError, ModelError
from ecgd.inference.scorer import load_sound_scorer
from ecgd.model.assessment import Assessment
from ecgd.model.link import LinkClosed, LinkOpened
from ecgd.model.signal import FloatArray, Window
from ecgd.pipeline.analysis import Analysis, Assessed
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import IntakeEvent, WindowReady
from ecgd.pipeline.observation import observe_heart
from ecgd.service.capsule import Capsule, Intakes
from ecgd.service.capsule_journal import BookGiven, Came, LineAnew
from ecgd.service.capsule_lines import (
    JudgedRead,
    StepRead,
    assessment_plain,
    changes_plain,
    occurrences,
)
from ecgd.service.capsule_origin import build
from ecgd.service.exact_plain import from_plain

WINDOWS_KEPT: Final = 8
"""Windows that may wait to be judged, or to be scored; the daemon keeps one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that came out otherwise; ``at_s`` is seconds after the capsule's alert."""

    at_s: float
    where: str
    recorded: str
    replayed: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a replay found. ``unlike`` says what of this program is not what recorded it.

    ``unverified`` says what could not be compared and was taken as recorded.
    """

    difference: Difference | None
    windows: int
    scored: int
    steps: int
    alerts: tuple[str, ...]
    unlike: tuple[str, ...]
    unverified: tuple[str, ...]

    @property
    def is_reproduced(self) -> bool:
        """Whether every alert came out again, and all else that could be compared."""
        return self.difference is None and bool(self.alerts)


def verify(capsule: Capsule, models_dir: Path | None = None) -> Verdict:
    """Replay a capsule and compare everything. Raises CapsuleError where it cannot be read."""
    scorer, missing = _scorer(capsule, models_dir)
    run = _Run(capsule, scorer, has_networks=not missing)
    difference = next(run.differences(), None)
    unlike = tuple(
        f"{name}: recorded with {there}, this is {build().get(name, 'none')}"
        for name, there in sorted(capsule.build.items())
        if build().get(name) != there
    )
    return Verdict(
        difference=difference,
        windows=run.windows,
        scored=run.scored,
        steps=run.steps,
        alerts=tuple(run.alerts),
        unlike=unlike,
        unverified=(*missing, *run.unverified),
    )


@dataclass
class _Member:
    """The networks as they answered then: who did not answer is not asked."""

    names: tuple[str, ...]
    models_hash: str = ""
    scoring: str = ""
    fused_calibration: Mapping[str, FusedCalibration] = field(default_factory=dict)
    inner: Scorer | None = None
    asked: frozenset[str] = frozenset()

    def score(self, inputs: Mapping[str, FloatArray | None]) -> Mapping[str, Answer | None]:
        assert self.inner is not None
        known = {name: inputs.get(name) if name in self.asked else None for name in self.names}
        return self.inner.score(known)


def _scorer(capsule: Capsule, models_dir: Path | None) -> tuple[_Member, tuple[str, ...]]:
    names, wanted = capsule.network_names, capsule.networks_hash
    if not names:
        return _Member(()), ()
    try:
        found = load_sound_scorer(models_dir)
    except ModelError as error:
        return _Member(names), (f"the networks' answers were taken as recorded: {error.what}",)
    if found.models_hash != wanted:
        what = "are not installed"
        if found.names:
            what = f"({wanted[:12]}) are not those installed here ({found.models_hash[:12]})"
        words = f"the networks' answers were taken as recorded: its networks {what}"
        return _Member(names), (words,)
    return _Member(names, wanted, "", found.fused_calibration, found), ()


class _Run:
    """One replay on its way."""

    def __init__(self, capsule: Capsule, scorer: _Member, *, has_networks: bool) -> None:
        state, settings = capsule.state, capsule.settings
        self._capsule = capsule
        self._settings = settings
        self._scorer = scorer
        self._asks = has_networks and bool(scorer.names)
        self._analysis = Analysis(settings.analysis, settings.ensemble, scorer, lambda: 0.0)
        self._intakes = Intakes(capsule)
        self._intake = self._intakes.first()
        self._history: History = state.history
        self._book: AlarmBook = state.book
        self._windows: dict[tuple[int, int], Window] = {}
        self._assessed: dict[tuple[int, int], Assessed] = {}
        self._now_s = state.at_s
        self.windows = self.scored = self.steps = 0
        self.alerts: list[str] = []
        self.unverified: list[str] = []

    def differences(self) -> Iterator[Difference]:
        """Replay, and yield what comes out otherwise."""
        for entry in self._capsule.entries:
            match entry:
                case Came():
                    self._come(entry)
                case LineAnew():
                    self._intake = self._intakes.anew(entry)
                case BookGiven():
                    self._book = entry.book
                case JudgedRead():
                    yield from self._judge(entry)
                case StepRead():
                    yield from self._step(entry)

    def _come(self, entry: Came) -> None:
        received = entry.received
        self._now_s = received.block.arrived_s if hasattr(received, "block") else received.arrived_s
        events: tuple[IntakeEvent, ...] = ()
        if isinstance(received, LinkClosed):
            events = self._intake.interrupt(received.arrived_s)
        elif not isinstance(received, LinkOpened):
            events = self._intake.receive(received)
        for event in events:
            if isinstance(event, WindowReady):
                window = event.window
                _keep(self._windows, (window.origin, window.end_index), window)

    def _judge(self, entry: JudgedRead) -> Iterator[Difference]:
        key = (entry.origin, entry.end_index)
        window = self._windows.get(key)
        if window is None:
            yield self._difference(f"window {key[1]} of count {key[0]}", "a window", "none")
            return
        history = replace(self._history, **entry.given)
        assessed = self._analysis.assess(window, history)
        self._history = assessed.history
        self.windows += 1
        _keep(self._assessed, key, assessed)
        where = f"assessment of the window that ends at sample {key[1]}"
        yield from self._compare(where, entry.assessment, assessment_plain(assessed.assessment))

    def _step(self, entry: StepRead) -> Iterator[Difference]:
        arguments = list(entry.arguments)
        if entry.window is not None:
            basis, differences = self._basis(entry)
            yield from differences
            if basis is not None:
                arguments[0] = observe_heart(basis, arguments[0].now_s)
        self._now_s = _time_of(entry, self._now_s)
        self._book, changes = self._move(entry, arguments)
        self.steps += 1
        told = changes_plain(changes)
        yield from self._compare(f"alarm machine, {entry.what}", entry.told, told)
        self.alerts += [alarm["alert_id"] for alarm in occurrences(told)]

    def _basis(self, entry: StepRead) -> tuple[Assessment | None, list[Difference]]:
        """Return what an observation of the heart rests on; None: it is taken as recorded."""
        assert entry.window is not None
        origin, end_index, is_scored = entry.window
        assessed = self._assessed.get((origin, end_index))
        if assessed is None:
            return None, []
        if not is_scored:
            return assessed.assessment, []
        if not self._asks:
            return from_plain(entry.scored), []
        self._scorer.asked = _members(entry.scored)
        scored = self._analysis.score(assessed).assessment
        self.scored += 1
        where = f"networks on the window that ends at sample {end_index}"
        return scored, list(self._compare(where, entry.scored, assessment_plain(scored)))

    def _move(self, entry: StepRead, arguments: list[Any]) -> tuple[AlarmBook, Changes]:
        alarms = self._settings.alarms
        ids = (alarm["alert_id"] for alarm in occurrences(entry.told))

        def new_id() -> str:
            return next(ids, "one more")

        steps: dict[str, Callable[[], tuple[AlarmBook, Changes]]] = {
            "observe": lambda: machine.observe(self._book, arguments[0], alarms, new_id),
            "tick": lambda: machine.tick(self._book, arguments[0], alarms, new_id),
            "acknowledge": lambda: machine.acknowledge(self._book, *arguments),
            "pause_audio": lambda: (machine.pause_audio(self._book, arguments[0], alarms), ()),
        }
        if entry.what not in steps:
            raise CapsuleError(f"its alarm machine took a step {entry.what!r}, unknown here")
        return steps[entry.what]()

    def _compare(self, where: str, recorded: Any, replayed: Any) -> Iterator[Difference]:
        found = first_difference(recorded, replayed)
        if found is not None:
            path, there, here = found
            yield self._difference(f"{where}: {path}" if path else where, there, here)

    def _difference(self, where: str, recorded: str, replayed: str) -> Difference:
        return Difference(self._now_s - self._capsule.raised_s, where, recorded, replayed)


def first_difference(recorded: Any, replayed: Any, path: str = "") -> tuple[str, str, str] | None:
    """Return where two plain values differ first, and what they are there; None: nowhere."""
    if _text(recorded) == _text(replayed):
        return None
    if isinstance(recorded, dict) and isinstance(replayed, dict):
        names = sorted(recorded.keys() | replayed.keys())
        for name in names:
            step = path if name in ("v", "=") else f"{path}.{name}" if path else str(name)
            found = first_difference(recorded.get(name), replayed.get(name), step)
            if found is not None:
                return found
    if isinstance(recorded, list) and isinstance(replayed, list) and len(recorded) == len(replayed):
        for number, (there, here) in enumerate(zip(recorded, replayed, strict=True)):
            found = first_difference(there, here, f"{path}[{number}]")
            if found is not None:
                return found
    return path, _short(recorded), _short(replayed)


def _members(scored: Any) -> frozenset[str]:
    scores = scored["v"]["scores"]
    return frozenset() if scores is None else frozenset(name for name, _ in scores["v"]["members"])


def _time_of(entry: StepRead, now_s: float) -> float:
    time_s = entry.arguments[-1]
    return float(getattr(time_s, "now_s", time_s)) if time_s is not None else now_s


def _keep(kept: dict[tuple[int, int], Any], key: tuple[int, int], value: Any) -> None:
    kept[key] = value
    while len(kept) > WINDOWS_KEPT:
        del kept[next(iter(kept))]


def _text(plain: Any) -> str:
    return json.dumps(plain, sort_keys=True)


def _short(plain: Any) -> str:
    text = _text(plain)
    return text if len(text) <= 120 else f"{text[:117]}..."
