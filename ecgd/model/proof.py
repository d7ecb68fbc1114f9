"""Proof that alarms arrive: trials of the whole way, and when each target was last proven."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TrialKind(StrEnum):
    """A test is run by a person and goes all the way; a canary wakes nobody."""

    TEST = "test"
    CANARY = "canary"


class StepState(StrEnum):
    """Where one step of a trial stands. LEFT_OUT: the configuration has nothing to be tried."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    LEFT_OUT = "left out"


ANALYSED = "analysed"
RAISED = "alarm raised"
PINS = "pins"
STORED = "stored"
ANSWERED = "answered"
LOCAL_STEPS = (ANALYSED, RAISED, PINS, STORED)
"""What happens inside the gateway, in this order; a step for each target follows."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``at_s`` counts from the trial's begin; None: it has not come to an end.

    ``is_target``: the step is a receipt of the target of this name. ``remedy`` says what to do.
    """

    name: str
    state: StepState = StepState.WAITING
    at_s: float | None = None
    detail: str = ""
    remedy: str = ""
    is_target: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One run. ``begun_s`` is monotonic; ``ended_s`` counts from it, None while it runs.

    ``remarks`` say what befell it, such as a real alarm that went first.
    """

    trial_id: str
    kind: TrialKind
    by: str
    begun_s: float
    begun_unix_s: float
    steps: tuple[Step, ...]
    ended_s: float | None = None
    remarks: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.ended_s is not None

    @property
    def is_proven(self) -> bool:
        """Whether it is over, something was tried, and all of that succeeded."""
        tried = [step for step in self.steps if step.state is not StepState.LEFT_OUT]
        return self.is_over and bool(tried) and all(s.state is StepState.DONE for s in tried)


class ProvenBy(StrEnum):
    """What has proved a way."""

    ALERT = "alert"
    TEST = "test"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class WayProof:
    """When one way was last proven, and how long that took; None: it never was.

    ``carried_over``: that was before this start of the daemon. ``is_silent``: a canary can prove
    it. ``trouble`` is why the newest canary failed, empty if it did not. ``is_overdue``: nothing
    has proved it for too long.
    """

    name: str
    age_s: float | None
    took_s: float | None
    by: ProvenBy | None
    carried_over: bool
    is_silent: bool
    trouble: str
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class ProofStatus:
    """What is proven. ``whole`` is the way from a synthetic heart to every target's receipt."""

    enabled: bool
    every_s: float
    too_old_s: float
    whole: WayProof
    targets: tuple[WayProof, ...]
