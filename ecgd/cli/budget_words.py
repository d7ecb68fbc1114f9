"""What a budget says, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ecgd.cli.moments import local_time
from ecgd.decision.budget import Outcomes

if TYPE_CHECKING:
    from ecgd.cli.budget_run import Account

_LATE_S: Final = 0.5
_MISSING_S: Final = 3600.0


def outcome_words(outcome: Outcomes) -> str:
    """Return one value's outcome as a sentence."""
    value = f"{outcome.value:g} {outcome.unit}".rstrip()
    alarms = "alarm" if outcome.alarms == 1 else "alarms"
    if outcome.is_now:
        return f"{value}: {outcome.alarms} {alarms}, as it is now"
    return (
        f"{value}: {outcome.alarms} {alarms} instead of {outcome.alarms_now}"
        f"{_confirmed_words(outcome)}"
    )


def _confirmed_words(outcome: Outcomes) -> str:
    lost, kept = len(outcome.lost), outcome.kept
    if lost:
        words = f", LOSES {lost} of {kept + lost} confirmed"
    elif kept:
        words = ", no confirmed event lost"
    else:
        words = ", none was confirmed"
    if outcome.later_s > _LATE_S:
        words += f", up to {outcome.later_s:.0f} s later"
    if outcome.untold:
        words += f", {len(outcome.untold)} confirmed that no replay shows"
    if outcome.known_false:
        words += f", {outcome.spared_false} of {outcome.known_false} false ones spared"
    return words


def line_of(key: str, value: float) -> str:
    """Return the line of the configuration, with the table that it stands in."""
    table, _, name = key.rpartition(".")
    number = f"{value:g}"
    return f"[{table}] {name} = {number if '.' in number else f'{number}.0'}"


def caveats_of(account: Account, since: float) -> list[str]:
    """Return what the stored figures cannot tell."""
    said = []
    if not account.windows:
        return ["nothing is stored of this time: there is nothing to replay"]
    oldest = account.oldest_unix_s or since
    if oldest - since > _MISSING_S:
        said.append(f"stored windows begin at {local_time(oldest, seconds=False)} only")
    said += [
        "a verdict is stored when it changes, else every few seconds: between two the figures are "
        "taken as unchanged, so times are right to some seconds",
        "an extreme rate hides a supraventricular tachycardia: whether one would be told under a "
        "milder limit is not stored",
        "a lower ST threshold is tried without the patterns that soften a STEMI to HIGH, and "
        "learning of the own baseline goes on as it did",
        "alarms of equipment, and those of a signal that cannot be judged, are not replayed",
    ]
    if account.coarse_windows:
        said.append(
            f"{account.coarse_windows} of {account.windows} windows were stored without error and "
            "change of ST and without the beats' extreme rates: other thresholds are rough there"
        )
    if not account.scored_windows:
        said.append("no networks answered in this time: nothing can be said of their thresholds")
    if len(account.configurations) > 1:
        said.append(
            f"the alerts come from {len(account.configurations)} configurations: what was judged "
            "by another one than today's is only roughly right"
        )
    if account.simulated:
        said.append(f"simulated alerts ({account.simulated}) confirm nothing")
    return said
