"""ecgctl alerts budget: what other thresholds would have done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecgd.cli.database_place import database_options, find_database
from ecgd.cli.in_force import settings_in_force
from ecgd.cli.options import json_option, print_json
from ecgd.cli.progress import looking
from ecgd.cli.since import Since
from ecgd.config.settings import Settings
from ecgd.errors import ControlError

if TYPE_CHECKING:
    from ecgd.decision.budget import Knob
    from ecgd.decision.past_verdict import Thresholds


@click.command("budget")
@click.option(
    "--since",
    type=Since(),
    default="7d",
    show_default=True,
    metavar="TIME",
    help="What was stored for so long, or since then.",
)
@click.option("--patient", metavar="ID", help="This patient only.")
@click.option(
    "--try",
    "wanted",
    metavar="KEY=VALUE",
    multiple=True,
    help="Only this setting and value; may be given more than once.",
)
@database_options
@json_option
def budget(
    *,
    since: float,
    patient: str | None,
    wanted: tuple[str, ...],
    database: Path | None,
    config: Path | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Show how many heart alarms other thresholds and hold-offs would have raised.

    Replays what is stored of every window through the real rules, hold-offs and alarm machine.
    An alert that was marked true, or is CRITICAL and was never marked, must not be lost. Changes
    no setting: prints the line for the configuration. Needs no daemon.
    """
    place = find_database(database, config, socket)
    settings, origin = settings_in_force(config, socket, asks=database is None) or (
        Settings(),
        "the defaults: name the configuration with --config",
    )
    answer = _answer(place.path, settings, since, patient, wanted)
    answer |= {"database": str(place.path), "settings_of": origin}
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.budget_page import budget_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    print_page(budget_page(answer))


def _answer(
    path: Path, settings: Settings, since: float, patient: str | None, wanted: tuple[str, ...]
) -> dict[str, Any]:
    from ecgd.cli.budget_answer import answer_of  # noqa: PLC0415 - numpy is slow to load
    from ecgd.cli.budget_run import Pace, Replay, trials_of  # noqa: PLC0415
    from ecgd.decision.budget import REPLAYED  # noqa: PLC0415
    from ecgd.decision.past_verdict import Thresholds  # noqa: PLC0415
    from ecgd.store.past_windows import PastWindowReader  # noqa: PLC0415

    now = Thresholds(settings.analysis, settings.ensemble, settings.alarms)
    trials, until = trials_of(now, _knobs(now, wanted)), time.time()
    reader = PastWindowReader(path)
    patients = _patients([each.patient_id for each in reader.patients()], patient)
    hop_s = settings.analysis.hop_s
    replay = Replay(
        reader.past_alerts(since, REPLAYED),
        now=now,
        trials=trials,
        pace=Pace(hop_s, settings.store.segment_s + hop_s),
        has_networks={each: reader.has_scores(each, since, until) for each in patients},
    )
    with looking("stored verdicts") as looked:
        for patient_id, window in reader.past_windows(patients, since, until, looked):
            replay.take(patient_id, window)
    return answer_of(replay.finish(), now, since, until)


def _patients(known: list[str], wanted: str | None) -> list[str]:
    if wanted is None:
        return known
    if wanted in known:
        return [wanted]
    raise ControlError(f"no patient is called {wanted!r:.60}", f"known: {', '.join(known)}")


def _knobs(now: Thresholds, wanted: tuple[str, ...]) -> tuple[Knob, ...]:
    """Return what is to be tried; raises UsageError for what is no setting, or out of bounds."""
    from ecgd.cli.budget_settings import bounds_of  # noqa: PLC0415 - only needed here
    from ecgd.decision.budget import KNOBS  # noqa: PLC0415 - numpy is slow to load

    values: dict[str, list[float]] = {}
    known = {knob.key: knob for knob in KNOBS}
    for text in wanted:
        key, _, number = text.partition("=")
        if key not in known:
            raise click.UsageError(f"{key!r} cannot be tried; there are: {', '.join(known)}")
        low, high = bounds_of(now, key)
        try:
            value = float(number)
        except ValueError:
            raise click.UsageError(f"{text!r} names no number: write {key}=VALUE") from None
        if not low <= value <= high:
            raise click.UsageError(f"{key} goes from {low:g} to {high:g}, not to {number}")
        values.setdefault(key, []).append(value)
    if not values:
        return KNOBS
    return tuple(known[key]._replace(values=tuple(tried)) for key, tried in values.items())
