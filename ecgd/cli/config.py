"""ecgctl config: is this file right, and what is in force?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.words import clean, count
from ecgd.config.listing import list_settings
from ecgd.config.settings import Settings
from ecgd.errors import ConfigError


@click.group()
def config() -> None:
    """Check and show the daemon's configuration."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Report every problem of a configuration file at once, and what it leaves open."""
    from ecgd.service.cautions import (  # noqa: PLC0415 - delivery is slow to load
        find_cautions,
        find_key_cautions,
    )
    from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow to load

    try:
        settings = load_settings(file)
    except ConfigError as wrong:
        _report(wrong, as_json)
        ctx.exit(ExitCode.WRONG_CONFIG)
    cautions = (*find_cautions(settings), *find_key_cautions(settings))
    if as_json:
        warnings = [asdict(caution) for caution in cautions]
        print_json({"path": str(file), "valid": True, "problems": [], "warnings": warnings})
        return
    patients = count(len(settings.patients), "patient")
    click.echo(f"{file} is right: {patients}, {count(len(settings.webhooks), 'webhook')}")
    if not cautions:
        return
    click.echo(f"{count(len(cautions), 'warning')}; each stands in docs/contacts.md:")
    for caution in cautions:
        click.echo(f"  {clean(caution.what)}\n    {clean(caution.remedy)} [{caution.code}]")


@config.command()
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What this file says, not what the daemon has in force; needs no daemon.",
)
@click.option("--defaults", is_flag=True, help="The built-in defaults alone; needs no daemon.")
@click.option("--verbose", is_flag=True, help="Also what each setting means.")
@socket_option
@json_option
def show(
    *, file: Path | None, defaults: bool, verbose: bool, socket: Path | None, as_json: bool
) -> None:
    """Show every setting that is in force: what differs from its default first.

    Secrets are never shown, only the names of the files that hold them.
    """
    if defaults and file is not None:
        raise click.UsageError("--defaults are those without any --config")
    if defaults or file is not None:
        answer = _without_daemon(file)
    else:
        answer = open_client(socket).get("/v1/config")
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.config_page import config_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    print_page(config_page(answer, verbose=verbose))


def _without_daemon(file: Path | None) -> dict[str, Any]:
    """Return what a file says, or the defaults, in the shape of ``GET /v1/config``."""
    from ecgd.service.config_desk import written_keys  # noqa: PLC0415 - hashlib, asyncio
    from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow to load

    settings, written = Settings(), frozenset[str]()
    if file is not None:
        settings = load_settings(file)
        written = written_keys(file.read_text(encoding="utf-8"))
    entries = list_settings(settings, settings, written)
    shapes = [asdict(entry) for entry in entries]
    return {"path": str(file or ""), "file_changed": None, "settings": shapes}


def _report(wrong: ConfigError, as_json: bool) -> None:
    if as_json:
        problems = [
            {"key_path": problem.key_path, "line": problem.line, "what": problem.what}
            for problem in wrong.problems
        ]
        shape = {"path": wrong.path, "valid": False, "problems": problems, "warnings": []}
        print_json(shape)
        return
    click.echo(f"{wrong.path}: {count(len(wrong.problems), 'problem')}", err=True)
    for problem in wrong.problems:
        click.echo(f"  {clean(problem)}", err=True)
