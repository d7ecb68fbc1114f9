"""ecgctl diagnostics: figures for whoever looks for a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, open_client, print_json, socket_option


@click.command()
@socket_option
@json_option
@click.pass_context
def diagnostics(ctx: click.Context, socket: Path | None, as_json: bool) -> None:
    """Show latencies against their budget, links, queues, and the health of every part.

    Ends with 4 while a part or a delivery target is not healthy or a budget is not kept.
    """
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
