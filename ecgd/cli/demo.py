"""ecgctl demo: the whole chain on this machine, from a simulated device to a delivered alert."""

from __future__ import annotations

from pathlib import Path

import click

from ecgd.cli.exit_codes import ExitCode


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config/demo.toml"),
    show_default=True,
    metavar="FILE",
    help="The daemon's configuration, with one patient and a webhook on 127.0.0.1.",
)
@click.option(
    "--recording",
    required=True,
    metavar="PATH|URL",
    help="What the simulated device sends: a recording, which is repeated, or a source URL.",
)
@click.option(
    "--seconds",
    "seconds_s",
    type=click.FloatRange(5, 86_400),
    metavar="N",
    help="End after so long and show whether every link of the chain was seen to work.",
)
@click.option(
    "--expect",
    default="STEMI_DETECTED",
    show_default=True,
    metavar="EVENT",
    help="The alert that must be stored, sounded and delivered with --seconds.",
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/demo"),
    show_default=True,
    metavar="DIR",
    help="The demo's files; emptied at each start.",
)
@click.pass_context
def demo(
    ctx: click.Context,
    *,
    config: Path,
    recording: str,
    seconds_s: float | None,
    expect: str,
    state_dir: Path,
) -> None:
    """Show the gateway at work, without any hardware.

    A simulated HC-05 sends a recording byte by byte to the daemon, which sounds its alarm on mock
    pins, stores it, and posts it to a receiver that checks the signature. Ctrl-C ends it.
    """
    from ecgd.cli.demo_plan import make_plan  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.demo_run import run_demo  # noqa: PLC0415

    plan = make_plan(config, recording, state_dir)
    if not run_demo(plan, expect=expect, seconds_s=seconds_s):
        ctx.exit(ExitCode.ERROR)
