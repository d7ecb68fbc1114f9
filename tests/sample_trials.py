"""A test of the alarms, and a gateway that runs one without a daemon."""

from __future__ import annotations

from ecgd.model.proof import ProofStatus, ProvenBy, Step, StepState, Trial, TrialKind, WayProof
from ecgd.web.trial_gateway import TrialRefusedError


def sample_trial(ended_s: float | None = 5.3) -> Trial:
    """One target has it, one has failed, one is left out."""
    return Trial(
        trial_id="7fe093813914a1070dc8f2e0",
        kind=TrialKind.TEST,
        by="anna",
        begun_s=900.0,
        begun_unix_s=1_699_999_900.0,
        steps=(
            Step("analysed", StepState.DONE, 0.43, "a synthetic heart stopped"),
            Step("home", StepState.DONE, 0.44, "HTTP 200 OK", is_target=True),
            Step("dead", StepState.FAILED, 5.3, "connection refused", "mend it", is_target=True),
            Step("mama", StepState.LEFT_OUT, None, "gets no simulated alerts", is_target=True),
        ),
        ended_s=ended_s,
        remarks=("a real alarm began after 1.2 s",),
    )


def sample_proof() -> ProofStatus:
    """Proven four minutes ago; one target is overdue."""
    whole = WayProof("", 245.0, 2.1, ProvenBy.CANARY, False, True, "", False)
    overdue = WayProof("relatives", 2_000.0, 0.2, ProvenBy.ALERT, True, True, "refused", True)
    return ProofStatus(True, 900.0, 1800.0, whole, (overdue,))


class FakeTrials:
    """Implements ``ecgd.web.trial_gateway.TrialGateway``."""

    def __init__(self) -> None:
        self.newest: Trial | None = None
        self.asked: list[tuple[str, bool | None, float, float]] = []
        self.refusal: TrialRefusedError | None = None

    def start_test(
        self, by: str, *, sounding: bool | None, limit_s: float, answer_s: float
    ) -> Trial:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append((by, sounding, limit_s, answer_s))
        self.newest = sample_trial()
        return sample_trial(ended_s=None)

    def newest_test(self) -> Trial | None:
        return self.newest
