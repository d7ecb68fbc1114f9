"""What a budget says, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ecgd.cli.budget_words import caveats_of, line_of, outcome_words
from ecgd.decision.budget import Confirmed, Outcomes, lines_of, suggest

if TYPE_CHECKING:
    from ecgd.cli.budget_run import Account
    from ecgd.decision.past_verdict import Thresholds

Json = dict[str, Any]

VERSION: Final = 1


def answer_of(account: Account, now: Thresholds, since: float, until: float) -> Json:
    """Return the whole answer."""
    return {
        "version": VERSION,
        "since_unix_s": since,
        "until_unix_s": until,
        "oldest_unix_s": account.oldest_unix_s,
        "newest_unix_s": account.newest_unix_s,
        "windows": account.windows,
        "coarse_windows": account.coarse_windows,
        "scored_windows": account.scored_windows,
        "raised": account.raised,
        "simulated": account.simulated,
        "replayed": sum(account.replayed.values()),
        "replayed_by_kind": dict(sorted(account.replayed.items())),
        "settings": _settings(account.outcomes, now),
        "caveats": caveats_of(account, since),
    }


def _settings(outcomes: list[Outcomes], now: Thresholds) -> list[Json]:
    found = []
    for key in dict.fromkeys(each.key for each in outcomes):
        mine = [each for each in outcomes if each.key == key]
        best = suggest(mine)
        found.append(
            {
                "key": key,
                "unit": mine[0].unit,
                "now": next(each.value for each in mine if each.is_now),
                "alarms": mine[0].alarms_now,
                "values": [_value(each, now) for each in mine],
                "suggested": None if best is None else best.value,
                "lines": [] if best is None else _lines(best, now),
            }
        )
    return found


def _value(outcome: Outcomes, now: Thresholds) -> Json:
    return {
        "value": outcome.value,
        "is_now": outcome.is_now,
        "alarms": outcome.alarms,
        "by_kind": {kind.value: count for kind, count in outcome.by_kind},
        "confirmed_kept": outcome.kept,
        "confirmed_lost": [_confirmed(alert) for alert in outcome.lost],
        "confirmed_untold": [_confirmed(alert) for alert in outcome.untold],
        "later_s": outcome.later_s,
        "false_spared": outcome.spared_false,
        "false_known": outcome.known_false,
        "beyond_guideline": outcome.beyond or None,
        "words": outcome_words(outcome),
        "lines": [] if outcome.is_now else _lines(outcome, now),
    }


def _lines(outcome: Outcomes, now: Thresholds) -> list[str]:
    return [line_of(key, value) for key, value in lines_of(now, outcome.key, outcome.value)]


def _confirmed(alert: Confirmed) -> Json:
    return {
        "alert_id": alert.alert_id,
        "event_type": alert.event_type.value,
        "occurred_unix_s": alert.at_s,
        "reason": alert.reason.value,
        "later_s": alert.later_s,
    }
