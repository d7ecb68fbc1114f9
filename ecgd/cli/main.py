"""ecgctl's door: names the commands, and loads only the one that is asked for."""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

from ecgd import __version__
from ecgd.cli.options import command_error
from ecgd.errors import EcgdError

COMMANDS: Final = {
    "status": "ecgd.cli.status:status",
    "battery": "ecgd.cli.status:battery",
    "diagnostics": "ecgd.cli.diagnostics:diagnostics",
    "alerts": "ecgd.cli.alerts:alerts",
    "live": "ecgd.cli.live:live",
    "tail": "ecgd.cli.tail:tail",
    "record": "ecgd.cli.record:record",
    "patients": "ecgd.cli.patients:patients",
    "device": "ecgd.cli.device:device",
    "baseline": "ecgd.cli.baseline:baseline",
    "notes": "ecgd.cli.notes:notes",
    "coverage": "ecgd.cli.coverage:coverage",
    "st": "ecgd.cli.st:st",
    "records": "ecgd.cli.records:records",
    "db": "ecgd.cli.db:db",
    "config": "ecgd.cli.config:config",
    "models": "ecgd.cli.models:models",
    "analyze": "ecgd.cli.analyze:analyze",
    "demo": "ecgd.cli.demo:demo",
    "completion": "ecgd.cli.completion:completion",
}

ALIASES: Final = {"devices": "device"}
"""Names of before, which go on working and are not listed."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are named; their errors get exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EcgdError as error:
            raise command_error(error) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ecgctl")
def cli() -> None:
    """Look at the heart-monitor gateway, and analyse recordings with it."""


def main() -> None:
    """Entry point of ``ecgctl``."""
    cli(prog_name="ecgctl")
