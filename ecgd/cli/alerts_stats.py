"""ecgctl alerts stats: how many alerts there were, and how many of them were true."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ecgd.cli.database_place import database_options, find_database
from ecgd.cli.options import json_option, print_json
from ecgd.cli.since import Since
from ecgd.decision.alert_tally import AlertTally, tally

if TYPE_CHECKING:
    from ecgd.store.entries import StoredAlert

ALL_ALERTS: Final = 10_000_000


@click.command("stats")
@click.option(
    "--since",
    type=Since(),
    default="30d",
    show_default=True,
    metavar="TIME",
    help="Alerts of so long, or since then.",
)
@click.option("--patient", metavar="ID", help="Alerts of this patient only.")
@database_options
@json_option
def stats(
    *,
    since: float,
    patient: str | None,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Count alerts by event type: raised, marked true, false, unsure, and not marked.

    The positive predictive value is the share of true ones among those marked true or false,
    with its 95 % limits. Simulated alerts are left out. Needs no daemon.
    """
    from ecgd.store.reader import StoreReader  # noqa: PLC0415 - numpy is slow to load

    place = find_database(database, config, socket)
    stored = StoreReader(place.path).alerts(
        patient_id=patient, since_unix_s=since, limit=ALL_ALERTS
    )
    answer = stats_answer(stored, since)
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.alerts_stats_page import stats_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    print_page(stats_page(answer))


def stats_answer(stored: Iterable[StoredAlert], since_unix_s: float) -> dict[str, Any]:
    """Return the counts as JSON, the most frequent kind first."""
    verdicts = defaultdict(list)
    simulated = 0
    for each in stored:
        if each.alert.simulated:
            simulated += 1
        else:
            verdicts[each.alert.event_type.value].append(each.verdict)
    kinds = [{"event_type": kind} | _shape(tally(found)) for kind, found in verdicts.items()]
    everything = tally(verdict for found in verdicts.values() for verdict in found)
    return {
        "since_unix_s": since_unix_s,
        "until_unix_s": time.time(),
        "simulated": simulated,
        "kinds": sorted(kinds, key=lambda kind: (-kind["raised"], kind["event_type"])),
        "all": _shape(everything),
    }


def _shape(counted: AlertTally) -> dict[str, Any]:
    limits = counted.limits
    return {
        "raised": counted.raised,
        "true": counted.true,
        "false": counted.false,
        "unsure": counted.unsure,
        "unmarked": counted.unmarked,
        "positive_predictive_value": counted.positive_predictive_value,
        "limits": None if limits is None else list(limits),
    }
