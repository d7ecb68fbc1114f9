"""Runs ``ecgctl analyze --st-levels``: tables of ST levels in, verdicts out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from ecgd.cli.analysis_lines import dump_line, error_line
from ecgd.cli.options import command_error
from ecgd.cli.st_levels_report import levels_line, levels_text
from ecgd.config.settings import Settings
from ecgd.errors import EcgdError
from ecgd.service.settings import load_settings
from ecgd.service.st_levels import judge_table
from ecgd.sources.st_levels_file import read_st_levels


def judge_files(paths: Iterable[Path], config: Path | None, *, as_json: bool) -> int:
    """Judge every table and return how many could not be read; one that fails stops no other."""
    settings = Settings() if config is None else load_settings(config)
    failed = 0
    for path in paths:
        try:
            found = judge_table(read_st_levels(path), settings.analysis)
        except EcgdError as error:
            failed += 1
            if as_json:
                click.echo(dump_line(error_line(str(path), error)))
            command_error(error).show()
            continue
        click.echo(dump_line(levels_line(path, found)) if as_json else levels_text(path, found))
    return failed
