"""ecgctl db: check, back up, restore and measure the database; the daemon goes on meanwhile."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ecgd.cli.database_place import database_options
from ecgd.cli.db_place import find_place
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, print_json
from ecgd.cli.words import clean, count, duration, megabytes
from ecgd.errors import AlreadyRunningError


@click.group()
def db() -> None:
    """Check, back up, restore and measure the database."""


@db.command()
@database_options
@json_option
def info(database: Path | None, config: Path | None, socket: Path | None, as_json: bool) -> None:
    """Show size, schema, rows and bytes of each table, growth, and what will be removed when."""
    from ecgd.store.survey import survey  # noqa: PLC0415 - numpy is slow to load

    place = find_place(database, config, socket)
    found = survey(
        place.database, place.store.waveform_days, place.store.alert_waveform_s, time.time()
    )
    if as_json:
        print_json(asdict(found) | {"path": str(found.path)})
        return
    from ecgd.cli.db_page import info_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    print_page(info_page(found, settings_known=place.settings_known))


@db.command()
@click.option("--full", is_flag=True, help="Read everything, waveform and capsules too.")
@database_options
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    *,
    full: bool,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Look for damage, beside the running daemon.

    Without --full as the daemon itself does at its start. Ends with 4 when there is damage.
    """
    from ecgd.store.survey import check as check_database  # noqa: PLC0415 - numpy is slow to load

    found = check_database(find_place(database, config, socket).database, full=full)
    problems = [*found.integrity.problems]
    problems += [f"recording {number}: pieces cannot be read" for number in _damaged(found)]
    problems += [f"capsule {name}: it is damaged" for name in found.damaged_capsules or ()]
    if as_json:
        print_json(
            {
                "path": str(found.path),
                "schema_version": found.schema_version,
                "full": full,
                "complete": found.integrity.complete,
                "problems": problems,
                "damaged_recordings": found.damaged_recordings,
                "damaged_capsules": found.damaged_capsules,
            }
        )
    else:
        _say_check(found.path, problems, complete=found.integrity.complete)
    if problems:
        ctx.exit(ExitCode.ATTENTION)


def _damaged(found: Any) -> tuple[int, ...]:
    return found.damaged_recordings or ()


def _say_check(path: Path, problems: list[str], *, complete: bool) -> None:
    if not problems:
        left_out = "" if complete else " (waveform and figures were not read: --full does)"
        click.echo(f"{clean(path)} is sound{left_out}")
        return
    click.echo(f"{clean(path)}: {count(len(problems), 'problem')}")
    for problem in problems[:20]:
        click.echo(f"  {clean(problem)}")
    if len(problems) > 20:
        click.echo(f"  and {len(problems) - 20} more (--json shows all)")
    click.echo("What can be read of it: 'ecgctl db backup' copies a sound database only; stop the")
    click.echo("daemon and restore the last backup, or start it: it puts a damaged file aside.")


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@database_options
@json_option
def backup(
    *,
    file: Path,
    force: bool,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Copy the database to FILE while the daemon writes, and check the copy.

    The copy is the state of one moment, one file, readable by its owner only. FILE is there when
    it is complete and sound, else not at all.
    """
    from ecgd.store.backup import back_up  # noqa: PLC0415 - keeps ecgctl --help fast

    place = find_place(database, config, socket)
    done = back_up(place.database, file.absolute(), force=force, progress=_show_progress)
    if as_json:
        print_json(asdict(done) | {"path": str(done.path), "source": str(place.database)})
        return
    click.echo(
        f"backed up {clean(place.database)} to {clean(done.path)}: {megabytes(done.size_bytes)}, "
        f"schema {done.schema_version}, checked, in {duration(done.duration_s)}"
    )


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@database_options
@json_option
def restore(
    *, file: Path, database: Path | None, config: Path | None, socket: Path | None, as_json: bool
) -> None:
    """Put a backup in the place of the database; the daemon has to be stopped.

    The backup is checked first. The present database is renamed, never deleted.
    """
    from ecgd.store.backup import restore as restore_copy  # noqa: PLC0415 - as above

    place = find_place(database, config, socket)
    try:
        done = restore_copy(
            file.absolute(), place.database, place.state_dir, progress=_show_progress
        )
    except AlreadyRunningError as error:
        remedy = "Stop it (systemctl stop ecgd), restore, and start it again"
        raise AlreadyRunningError(error.what, remedy) from error
    aside = None if done.aside is None else str(done.aside)
    if as_json:
        print_json(asdict(done) | {"path": str(done.path), "aside": aside, "source": str(file)})
        return
    click.echo(f"restored {clean(file)} to {clean(done.path)} (schema {done.schema_version})")
    if aside is not None:
        click.echo(f"the database before is kept as {clean(aside)}")
    if done.pending_messages:
        waiting = count(done.pending_messages, "message")
        click.echo(f"{waiting} of the backup had not been delivered: the daemon will send them")
    click.echo("start the daemon: systemctl start ecgd, or ecgd --config FILE")


def _show_progress(copied: int, pages: int) -> None:
    """Show how far a copy is, on a terminal."""
    if sys.stderr.isatty():
        end = "\n" if copied >= pages else ""
        click.echo(f"\r{100 * copied // max(1, pages)} % copied", err=True, nl=False)
        click.echo(end, err=True, nl=False)
