"""ecgctl alerts test: one marked alert through everything, and what came of it when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from ecgd.cli.client import Client, Json, UnreachableError
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.words import clean
from ecgd.errors import ControlError

ROUTE: Final = "/v1/alerts/test"
LOOK_S: Final = 0.1
NAME_WIDTH: Final = 14
GRACE_S: Final = 10.0
"""A test ends itself at its limit; a daemon that says nothing of it for longer has lost it."""


@click.command("test")
@click.option(
    "--sound/--silent",
    "sound",
    default=None,
    help="Sound the buzzer, also in quiet hours; or only the light.  [default: as an alarm would, "
    "but silent in quiet hours]",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1, 300),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Seconds for everything but an answer.",
)
@click.option(
    "--wait-answer",
    "wait_answer_s",
    type=click.FloatRange(1, 600),
    metavar="S",
    help="Also wait so many seconds for somebody to press the button of the message.",
)
@click.option("--by", metavar="NAME", help="Who tests.  [default: the user]")
@socket_option
@json_option
@click.pass_context
def run_test(
    ctx: click.Context,
    *,
    sound: bool | None,
    timeout_s: float,
    wait_answer_s: float | None,
    by: str | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Run a marked test alert through everything, and wait for the receipts.

    From a synthetic heart to the buzzer, the database and every target with test_target = true.
    It says TEST, no real alarm, wherever it comes; a real alarm goes first.
    """
    from ecgd.cli.alerts import user_name  # noqa: PLC0415 - it imports this module

    client = open_client(socket)
    body: dict[str, Any] = {"by": by if by is not None else user_name(), "timeout_s": timeout_s}
    if sound is not None:
        body["sound"] = sound
    if wait_answer_s is not None:
        body["wait_answer_s"] = wait_answer_s
    begun = client.post(ROUTE, body)["test"]
    show = (lambda line: None) if as_json else click.echo
    show(f"TEST, no real alarm: by {clean(begun['by'])}; seconds since the beginning")
    limit_s = timeout_s + (wait_answer_s or 0.0) + GRACE_S
    trial = _follow(client, begun, limit_s, show)
    if as_json:
        print_json(trial)
    for line in _ending(trial):
        show(line)
    ctx.exit(ExitCode.FINE if succeeded(trial) else ExitCode.ATTENTION)


def succeeded(trial: Json) -> bool:
    """Tell whether everything that is configured was tried with success, and reaches somebody."""
    targets = [step for step in trial["steps"] if step["is_target"]]
    tried = [step for step in targets if step["state"] != "left out"]
    pins = [step for step in trial["steps"] if step["name"] == "pins" and not step["is_target"]]
    is_heard = any(step["state"] == "done" for step in pins)
    return bool(trial["is_proven"]) and bool(tried or (is_heard and not targets))


def step_line(step: Json) -> str:
    """Return one line of a step that has ended."""
    at_s = "" if step["at_s"] is None else f"{step['at_s']:.2f}"
    words = {"done": "", "failed": "FAILED: ", "left out": "not tried: "}[step["state"]]
    return f"  {clean(step['name']):<{NAME_WIDTH}} {at_s:>7}  {words}{clean(step['detail'])}"


def _follow(client: Client, begun: Json, limit_s: float, show: Callable[[str], None]) -> Json:
    """Print steps as they end, and return the test when it is over."""
    shown: set[tuple[str, bool]] = set()
    trial, deadline_s = begun, time.monotonic() + limit_s
    while True:
        for step in sorted(trial["steps"], key=lambda each: each["at_s"] or 0.0):
            name = (step["name"], step["is_target"])
            if step["state"] != "waiting" and name not in shown:
                shown.add(name)
                show(step_line(step))
        if trial["ended_s"] is not None:
            return trial
        if time.monotonic() > deadline_s:
            raise _lost("the daemon does not end the test")
        time.sleep(LOOK_S)
        trial = _asked(client, begun["test_id"])


def _asked(client: Client, test_id: str) -> Json:
    """Return how the test stands; the daemon may have ended, or have been started anew."""
    try:
        trial: Json = client.get(ROUTE)["test"]
    except UnreachableError as error:
        what = f"the daemon went away in the middle of the test: {error.what}"
        raise UnreachableError(what, error.remedy) from error
    except ControlError as error:
        raise _lost("the daemon was restarted in the middle of the test") from error
    if trial["test_id"] != test_id:
        raise _lost("another test has taken this one's place")
    return trial


def _lost(what: str) -> ControlError:
    return ControlError(what, "nothing is proven: run ecgctl alerts test again")


def _ending(trial: Json) -> Iterator[str]:
    for remark in trial["remarks"]:
        yield f"! {clean(remark)}"
    for step in trial["steps"]:
        if step["remedy"]:
            yield f"! {clean(step['name'])}: {clean(step['remedy'])}"
    failed = [clean(step["name"]) for step in trial["steps"] if step["state"] == "failed"]
    if failed:
        yield f"FAILED: {', '.join(failed)}"
    elif not succeeded(trial):
        yield "FAILED: no way to a person was tried"
    else:
        yield f"everything that is configured works, {trial['ended_s']:.1f} s in all"
