"""What a person reads about the networks' opinion on a recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from ecgd.cli.opinion_words import SEEN
from ecgd.cli.words import clean, count
from ecgd.model.assessment import Assessment

LABELS_SHOWN = 4


@dataclass(slots=True)
class OpinionAccount:
    """Gathers scores, what they came to, and what each network saw."""

    fused: list[float] = field(default_factory=list)
    members: dict[str, list[float]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)

    def take(self, assessment: Assessment) -> None:
        """Take one window."""
        scores = assessment.scores
        if scores is None:
            return
        self.fused.append(scores.fused)
        for name, probability in scores.members:
            self.members.setdefault(name, []).append(probability)
        self.seen.update(label for label, share in scores.labels if share >= SEEN)
        self.explained.update((scores.explained_by,) if scores.explained_by else ())

    def lines(self, scoring: str, threshold: float) -> Iterator[str]:
        """Yield lines; without any score, why there is none."""
        if not self.fused:
            yield clean(scoring)
            return
        windows = len(self.fused)
        each = ", ".join(
            f"{clean(name)} {median(values):.2f}" for name, values in self.members.items()
        )
        low, high = min(self.fused), max(self.fused)
        yield f"{median(self.fused):.2f} ({low:.2f} to {high:.2f}); {each}"
        anomalies = sum(fused >= threshold for fused in self.fused)
        yield f"at an anomaly in {anomalies} of {count(windows, 'window')}"
        if self.seen:
            labels = self.seen.most_common(LABELS_SHOWN)
            yield "seen: " + ", ".join(f"{clean(label)} ({number})" for label, number in labels)
        for reason, number in self.explained.most_common(1):
            yield f"explained by {clean(reason)} ({number})"
