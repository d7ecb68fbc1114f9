"""ecgctl diagnostics: figures for whoever looks for a fault, or a page for the telephone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from ecgd.cli.client import UnreachableError
from ecgd.cli.database_place import find_database
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, open_client, print_json, socket_option


@click.command()
@click.option("--page", is_flag=True, help="One page in plain words, to read out to a helper.")
@click.option("--names", is_flag=True, help="With --page: patients by name, not only by id.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --page: where to look for files while no daemon answers.",
)
@socket_option
@json_option
@click.pass_context
def diagnostics(
    ctx: click.Context,
    *,
    page: bool,
    names: bool,
    config: Path | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Show latencies against their budget, links, losses, the computer, and every part's health.

    Ends with 4 while a part or a delivery target is not healthy or a budget is not kept. --page
    works without a daemon too, and ends with 3 then.
    """
    if page and as_json:
        raise click.UsageError("--page is for people; --json alone has everything")
    if not page and (names or config is not None):
        raise click.UsageError("--names and --config go with --page")
    if page:
        ctx.exit(_print_report(socket, config, names=names))
    answer = open_client(socket).get("/v1/diagnostics")
    if as_json:
        print_json(answer)
    else:
        from ecgd.cli.diagnostics_page import diagnostics_page  # noqa: PLC0415 - rich is slow
        from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

        print_page(diagnostics_page(answer))
    if not _all_well(answer):
        ctx.exit(ExitCode.ATTENTION)


def _all_well(answer: dict[str, Any]) -> bool:
    parts = answer["status"]["parts"] + answer["status"]["targets"]
    kept = all(stage["within_budget"] is not False for stage in answer["latency"])
    return kept and all(part["healthy"] for part in parts)


def _print_report(socket: Path | None, config: Path | None, *, names: bool) -> ExitCode:
    """Print the helper's page; it has to come whatever is wrong."""
    client = open_client(socket)
    try:
        answer = client.get("/v1/diagnostics")
        alerts = client.get("/v1/alerts", {"limit": "5"})["alerts"]
    except UnreachableError as failure:
        _print_offline(failure, config, names=names)
        return ExitCode.UNREACHABLE
    from ecgd.cli import report_daemon  # noqa: PLC0415 - only for this page
    from ecgd.cli.log_tail import last_warnings  # noqa: PLC0415 - only for this page
    from ecgd.cli.report_page import report_text  # noqa: PLC0415 - only for this page

    status = answer["status"]
    warnings = last_warnings(status["log_path"], 5)
    sections = report_daemon.daemon_sections(answer, alerts, warnings, names=names)
    hidden = {} if names else report_daemon.names_of(status)
    click.echo(report_text(_heading(), sections, hidden))
    troubles = any(report_daemon.find_troubles(answer))
    return ExitCode.ATTENTION if troubles else ExitCode.FINE


def _print_offline(failure: UnreachableError, config: Path | None, *, names: bool) -> None:
    from ecgd.cli.report_offline import offline_sections  # noqa: PLC0415 - numpy is slow to load
    from ecgd.cli.report_page import report_text  # noqa: PLC0415 - only for this page

    log_path = ""
    if config is not None:
        from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow

        log_path = load_settings(config).daemon.log_file
    database = find_database(config=config).path
    if log_path:
        log_path = str(database.parent / log_path)
    sections, hidden = offline_sections(failure, database, log_path)
    click.echo(report_text(_heading(), sections, {} if names else hidden))


def _heading() -> str:
    from ecgd.cli.moments import local_time  # noqa: PLC0415 - only for this page

    return f"ecgd report, {local_time(time.time())}"
