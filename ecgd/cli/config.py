"""ecgctl config: is this file right?"""

from __future__ import annotations

from pathlib import Path

import click

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, print_json
from ecgd.cli.words import clean, count
from ecgd.errors import ConfigError


@click.group()
def config() -> None:
    """Check the daemon's configuration."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Report every problem of a configuration file at once."""
    from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow to load

    try:
        settings = load_settings(file)
    except ConfigError as wrong:
        _report(wrong, as_json)
        ctx.exit(ExitCode.WRONG_CONFIG)
    if as_json:
        print_json({"path": str(file), "valid": True, "problems": []})
        return
    patients = count(len(settings.patients), "patient")
    click.echo(f"{file} is right: {patients}, {count(len(settings.webhooks), 'webhook')}")


def _report(wrong: ConfigError, as_json: bool) -> None:
    if as_json:
        problems = [
            {"key_path": problem.key_path, "line": problem.line, "what": problem.what}
            for problem in wrong.problems
        ]
        print_json({"path": wrong.path, "valid": False, "problems": problems})
        return
    click.echo(f"{wrong.path}: {count(len(wrong.problems), 'problem')}", err=True)
    for problem in wrong.problems:
        click.echo(f"  {clean(problem)}", err=True)
