"""The second opinion in words: the networks' scores, what each sees, or why there is none."""

from __future__ import annotations

from typing import Any, Final

from ecgd.cli.words import clean, count

Json = dict[str, Any]

SEEN: Final = 0.5
"""A label that is more probable than not is seen."""

ANOMALY: Final = 0.75
GRAVE: Final = 0.9
"""Scores are coloured from here on; what follows from them is the daemon's to say."""


def opinion_text(scores: Json) -> str:
    """Return the fused score, the members' and how far they agree (from ``assessment``)."""
    members = ", ".join(f"{clean(name)} {share:.2f}" for name, share in scores["members"].items())
    words = [f"{scores['fused']:.2f} ({members})"]
    if len(scores["members"]) > 1 and scores.get("disagreement") is not None:
        words.append(f"{scores['disagreement']:.2f} apart")
    if left_out := scores.get("left_out"):
        words.append(f"without {' and '.join(clean(name) for name in left_out)}")
    if scores.get("is_usual"):
        words.append("as usual for this patient")
    if scores.get("explained_by"):
        words.append(f"explained by {clean(scores['explained_by'])}")
    return ", ".join(words)


def seen_text(scores: Json) -> str:
    """Return the surest label of each network's own eye; empty: none is more probable than not."""
    surest: dict[str, tuple[float, str]] = {}
    for named, share in scores.get("labels", {}).items():
        eye, _, label = named.partition(": ")
        if share is not None and share >= SEEN:
            surest[eye] = max(surest.get(eye, (0.0, "")), (share, label))
    return ", ".join(f"{clean(e)}: {clean(label)} {p:.2f}" for e, (p, label) in surest.items())


def agreement_text(scores: Json) -> str:
    """Return how many networks see an anomaly, and how sure they are together."""
    members = count(len(scores["members"]), "network")
    return (
        f"{scores['consensus']} of {members} at an anomaly, confidence {scores['confidence']:.2f}"
    )


def short_opinion(scores: Json) -> str:
    """Return the scores in the fewest cells."""
    members = " ".join(f"{clean(name)} {share:.2f}" for name, share in scores["members"].items())
    return f"networks {scores['fused']:.2f}  {members}"


def score_style(scores: Json) -> str:
    """Return the style of a score: what is usual, or known to the rules, is calm."""
    if scores["fused"] < ANOMALY or scores.get("is_usual") or scores.get("explained_by"):
        return ""
    return "bold red" if scores["fused"] >= GRAVE else "yellow"


def why_no_opinion(status: Json, assessment: Json) -> str:
    """Return why the rules are alone in a window (from ``/v1/status``)."""
    if not any(network["is_ready"] for network in status.get("networks", ())):
        return clean(status["scoring"])
    if assessment["outcome"] == "cannot_judge":
        return "not asked: this signal cannot be judged"
    return "no opinion yet: rules only"
