"""The account of what could have been seen, as the API shows it."""

from __future__ import annotations

from typing import Any

from ecgd.model.coverage import CoverageSum, Danger


def coverage_shape(account: CoverageSum) -> dict[str, Any]:
    """Shape of an account: shares from 0 to 1, and reasons with their time, the longest first."""
    return {
        "watched_s": round(account.watched_s, 1),
        "seen": {danger.value: account.seen_share(danger) for danger in Danger},
        "unseen": {danger.value: _reasons(account, danger) for danger in Danger},
    }


def _reasons(account: CoverageSum, danger: Danger) -> list[dict[str, Any]]:
    reasons = account.unseen_s.get(danger, {})
    longest_first = sorted(reasons.items(), key=lambda item: -item[1])
    return [{"reason": reason, "unseen_s": round(each_s, 1)} for reason, each_s in longest_first]
