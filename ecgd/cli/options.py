"""What the commands have in common: --socket, --json, and how errors end them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from ecgd.cli.client import Client, UnreachableError, find_socket
from ecgd.cli.exit_codes import ExitCode
from ecgd.errors import ConfigError, EcgdError

_Command = TypeVar("_Command", bound=Callable[..., Any])


def socket_option(command: _Command) -> _Command:
    """Add --socket."""
    return click.option(
        "--socket",
        "socket",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="The daemon's control socket.  [default: $ECGD_SOCKET, else found]",
    )(command)


def json_option(command: _Command) -> _Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def open_client(socket: Path | None) -> Client:
    """Return a client of the daemon that --socket or the environment names."""
    return Client(find_socket(socket, os.environ))


def print_json(value: Any) -> None:
    """Print a value as JSON, readable and strict."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


class CommandError(click.ClickException):
    """An error as the terminal shows it: what happened, what to do."""

    def __init__(self, error: EcgdError) -> None:
        super().__init__(error.what if error.remedy else str(error))
        self.remedy = error.remedy

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"ecgctl: {self.message}", file=file, err=file is None)
        if self.remedy:
            click.echo(f"  {self.remedy}", file=file, err=file is None)


class _UnreachableCommandError(CommandError):
    exit_code = ExitCode.UNREACHABLE


class _WrongConfigCommandError(CommandError):
    exit_code = ExitCode.WRONG_CONFIG


def command_error(error: EcgdError) -> CommandError:
    """Return the error that ends the command with the right exit code."""
    match error:
        case UnreachableError():
            return _UnreachableCommandError(error)
        case ConfigError():
            return _WrongConfigCommandError(error)
        case _:
            return CommandError(error)
