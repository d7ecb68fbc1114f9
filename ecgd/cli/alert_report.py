"""ecgctl alerts report: what clinicians get of an alert, as a picture or a page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ecgd.cli.database_place import database_options, find_database
from ecgd.cli.words import clean
from ecgd.errors import StoreError

if TYPE_CHECKING:
    from ecgd.config.settings import Settings

_KINDS: Final = {".png": "image/png", ".html": "text/html"}


@click.command("report")
@click.argument("alert_id", metavar="ID")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    required=True,
    help="Write it there: a picture (.png) or a page (.html).",
)
@click.option("--with-identity", is_flag=True, help="Say who it is about; else nothing does.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@database_options
def report(
    *,
    alert_id: str,
    out: Path,
    with_identity: bool,
    force: bool,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
) -> None:
    """Write the report of an alert, by its id or the beginning of it: strip, ST table, notes.

    It is what clinicians among the contacts get behind the alert. Reads the database itself, so
    that it needs no daemon.
    """
    kind = _KINDS.get(out.suffix.lower())
    if kind is None:
        raise click.UsageError(f"the file's name has to end in .png or .html: {out}")
    from ecgd.service.report import make_report  # noqa: PLC0415 - numpy
    from ecgd.service.report_png import can_draw  # noqa: PLC0415 - beside it
    from ecgd.service.report_request import ReportRequest  # noqa: PLC0415 - beside it
    from ecgd.store.reader import StoreReader  # noqa: PLC0415 - numpy

    if kind == _KINDS[".png"] and not can_draw():
        raise click.UsageError(
            "pictures need Pillow (pip install 'ecgd[report]'); a page (.html) needs nothing"
        )
    path = find_database(database, config, socket).path
    stored = StoreReader(path).alert(alert_id)
    if stored is None:
        raise StoreError(
            f"no alert's id, or more than one, begins with {alert_id!r}",
            'Look with "ecgctl alerts list".',
        )
    alert = stored.alert
    whose = f"{alert.patient_name} ({alert.patient_id})" if with_identity else ""
    settings, config_hash = _settings(config)
    made = make_report(
        ReportRequest(
            database=path,
            alert_id=alert.alert_id,
            analysis=settings.analysis,
            report=settings.report,
            config_hash=config_hash,
            whose=whose,
            kind=kind,
        )
    )
    _write(out, made.content, force=force)
    click.echo(f"{clean(out)}: report of alert {clean(made.alert_id)}")


def _settings(config: Path | None) -> tuple[Settings, str]:
    """Return the settings that are named, else those of nobody: the alert's own are looked for."""
    from ecgd.config.settings import Settings as Values  # noqa: PLC0415 - not for the help
    from ecgd.service.identity import hash_settings  # noqa: PLC0415 - beside it

    if config is None:
        return Values(), ""
    from ecgd.service.settings import load_settings  # noqa: PLC0415 - pydantic is slow to load

    settings = load_settings(config)
    return settings, hash_settings(settings)


def _write(file: Path, data: bytes, *, force: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(file, flags, 0o600), "wb") as out:
            out.write(data)
    except FileExistsError as error:
        raise StoreError(f"{file} exists", "Give another name, or --force.") from error
    except OSError as error:
        raise StoreError(f"{file} cannot be written ({error.strerror})") from error
