"""ecgctl models: the networks of the second opinion, as they are installed here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, print_json

if TYPE_CHECKING:
    from ecgd.config.settings import EnsembleSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])

NONE_INSTALLED = "no model installed: the rules decide alone"


@click.group()
def models() -> None:
    """Show the networks, and check that they still compute what they did."""


def place_options(command: _Command) -> _Command:
    """Add --config and --dir."""
    command = click.option(
        "--dir",
        "directory",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Look there.  [default: as configured, else those of the package]",
    )(command)
    return click.option(
        "--config",
        "file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Take ensemble.models_dir and the deadline of this configuration.",
    )(command)


@models.command("list")
@place_options
@json_option
def list_(*, file: Path | None, directory: Path | None, as_json: bool) -> None:
    """Show the networks: version, hash, size, labels, weight and metrics. Needs no daemon."""
    from ecgd.service.model_check import list_models  # noqa: PLC0415 - pydantic is slow to load

    installed = list_models(_settings(file, directory))
    if as_json:
        print_json({"models": None if installed is None else asdict(installed)})
    elif installed is None:
        click.echo(NONE_INSTALLED)
    else:
        from ecgd.cli.models_page import models_page  # noqa: PLC0415 - rich is slow to load
        from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

        print_page(models_page(asdict(installed)))


@models.command()
@place_options
@json_option
@click.pass_context
def verify(ctx: click.Context, *, file: Path | None, directory: Path | None, as_json: bool) -> None:
    """Load every network and run its golden vectors, as the daemon does. Needs no daemon.

    Ends with 4 when one of them cannot be used.
    """
    from ecgd.service.model_check import verify_models  # noqa: PLC0415 - pydantic is slow to load

    verdicts = [asdict(each) for each in verify_models(_settings(file, directory))]
    if as_json:
        print_json({"networks": verdicts})
    elif not verdicts:
        click.echo(NONE_INSTALLED)
    else:
        from ecgd.cli.models_page import verdicts_page  # noqa: PLC0415 - rich is slow to load
        from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

        print_page(verdicts_page(verdicts))
    if any(verdict["trouble"] for verdict in verdicts):
        ctx.exit(ExitCode.ATTENTION)


def _settings(file: Path | None, directory: Path | None) -> EnsembleSettings:
    from ecgd.config.settings import EnsembleSettings  # noqa: PLC0415 - only for these commands

    settings = EnsembleSettings()
    if file is not None:
        from ecgd.config.places import state_dir  # noqa: PLC0415 - only for these commands
        from ecgd.service.paths import resolve_paths  # noqa: PLC0415 - pydantic is slow to load
        from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow to load

        told = load_settings(file)
        base = state_dir(os.environ, told.daemon.state_dir).expanduser().absolute()
        settings = resolve_paths(told, base).ensemble
    return settings if directory is None else replace(settings, models_dir=str(directory))
