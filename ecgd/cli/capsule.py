"""ecgctl alerts replay and export: what led to a grave alert, once more and for others to see."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ecgd.cli.database_place import database_options, find_database
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.in_force import settings_in_force
from ecgd.cli.options import json_option, print_json
from ecgd.cli.words import clean, count
from ecgd.errors import CapsuleError

if TYPE_CHECKING:
    from ecgd.service.capsule_export import Opened
    from ecgd.service.capsule_replay import Verdict
    from ecgd.store.entries import StoredAlert
    from ecgd.store.reader import StoreReader

KEY_NAME: Final = "capsule.key"
"""The key that signs, beside the database."""


@click.command()
@click.argument("what", metavar="ID|FILE")
@click.option("--verify", is_flag=True, help="Decide once more, and compare every bit.")
@click.option(
    "--models",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Networks of this directory.  [default: those that are installed]",
)
@database_options
@json_option
@click.pass_context
def replay(
    ctx: click.Context,
    *,
    what: str,
    verify: bool,
    models: Path | None,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Show what led to an alert, by its id or its exported FILE.

    With --verify the recorded bytes go once more through the daemon's own intake, analysis and
    alarm machine. Ends with 4 unless everything came out as it was recorded.
    """
    opened = _open(what, lambda: find_database(database, config, socket).path)
    if not verify:
        _show(opened, as_json=as_json)
        return
    from ecgd.service.capsule_replay import verify as verify_capsule  # noqa: PLC0415 - numpy

    verdict = verify_capsule(opened.capsule, models)
    changed = _changed(opened, config, socket, asks=opened.file is None and database is None)
    if as_json:
        print_json(_verdict_json(opened, verdict, changed))
    else:
        _say(opened, verdict, changed)
    if not verdict.is_reproduced or verdict.unverified or opened.capsule.problem:
        ctx.exit(ExitCode.ATTENTION)


@click.command("export")
@click.argument("alert_id", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--with-identity", is_flag=True, help="Say who it is about; else nothing does.")
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Sign with this key.  [default: capsule.key beside the database]",
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@database_options
def export_capsule(
    *,
    alert_id: str,
    file: Path,
    with_identity: bool,
    key: Path | None,
    force: bool,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
) -> None:
    """Write the capsule of an alert into one signed FILE (.ecgdcapsule), for others to see.

    It is a ZIP archive: summary.html is for a person, the rest for "alerts replay --verify".
    """
    from ecgd.service.capsule_export import export, identity_of  # noqa: PLC0415 - numpy
    from ecgd.service.capsule_file import SUFFIX, fingerprint, load_key  # noqa: PLC0415 - numpy
    from ecgd.service.ed25519 import public_key  # noqa: PLC0415 - beside the others

    if file.suffix != SUFFIX:
        raise click.UsageError(f"the file's name has to end in {SUFFIX}: {file}")
    path = find_database(database, config, socket).path
    reader, stored = _alert(path, alert_id)
    data, told = _capsule(reader, stored)
    secret = load_key(key or path.parent / KEY_NAME)
    identity = identity_of(stored) if with_identity else None
    _write(file, export(data, told, secret, identity=identity), force=force)
    who = "says who it is about" if with_identity else "says of nobody who it is"
    click.echo(f"{clean(file)}: {count(len(told), 'alert')}, {who}")
    click.echo(f"signed with the key {fingerprint(public_key(secret))}")


def _open(what: str, database: Any) -> Opened:
    from ecgd.service.capsule_export import (  # noqa: PLC0415 - numpy
        Opened,
        nameless_alert,
        open_capsule,
    )

    if os.sep in what or "." in what or Path(what).is_file():
        try:
            return open_capsule(Path(what).read_bytes())
        except OSError as error:
            raise CapsuleError(f"{what} cannot be read ({error.strerror})") from error
        except CapsuleError as error:
            raise CapsuleError(f"{what}: {error.what}", error.remedy) from error
    reader, stored = _alert(database(), what)
    data, told = _capsule(reader, stored)
    opened = open_capsule(data)
    return Opened(opened.capsule, tuple(nameless_alert(each) for each in told), None)


def _alert(path: Path, alert_id: str) -> tuple[StoreReader, StoredAlert]:
    from ecgd.store.reader import StoreReader  # noqa: PLC0415 - numpy is slow to load

    reader = StoreReader(path)
    stored = reader.alert(alert_id)
    if stored is None:
        raise CapsuleError(
            f"no alert's id, or more than one, begins with {alert_id!r}",
            'Look with "ecgctl alerts list".',
        )
    return reader, stored


def _capsule(reader: StoreReader, stored: StoredAlert) -> tuple[bytes, tuple[StoredAlert, ...]]:
    alert_id = stored.alert.alert_id
    found = reader.capsule(alert_id)
    if found is None:
        raise CapsuleError(
            f"alert {alert_id} has no capsule",
            "Only HIGH and CRITICAL alerts of a patient have one, and the oldest go for new ones "
            "(store.capsule_mb).",
        )
    alerts = (reader.alert(each) for each in found.alert_ids)
    return found.data, tuple(alert for alert in alerts if alert is not None)


def _write(file: Path, data: bytes, *, force: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(file, flags, 0o600), "wb") as out:
            out.write(data)
    except FileExistsError as error:
        raise CapsuleError(f"{file} exists", "Give another name, or --force.") from error
    except OSError as error:
        raise CapsuleError(f"{file} cannot be written ({error.strerror})") from error


def _show(opened: Opened, *, as_json: bool) -> None:
    from ecgd.service.capsule_page import summary_text  # noqa: PLC0415 - numpy
    from ecgd.service.capsule_sight import look_at  # noqa: PLC0415 - numpy

    if as_json:
        header = {k: v for k, v in opened.capsule.header.items() if k != "settings"}
        print_json(header | {"problem": opened.capsule.problem, "alerts": opened.alerts})
        return
    _say_signer(opened)
    text = summary_text(opened.capsule, look_at(opened.capsule), opened.alerts)
    click.echo("\n".join(clean(line) for line in text.splitlines()))


def _changed(
    opened: Opened, config: Path | None, socket: Path | None, *, asks: bool
) -> tuple[str, ...]:
    """Return what is set otherwise now, as far as it is known how things are set now."""
    from ecgd.service.capsule_origin import changed_settings, deciding  # noqa: PLC0415 - numpy

    now = settings_in_force(config, socket, asks=asks)
    return () if now is None else changed_settings(opened.capsule.settings, deciding(now[0]))


def _say(opened: Opened, verdict: Verdict, changed: tuple[str, ...]) -> None:
    _say_signer(opened)
    for words in changed:
        click.echo(f"set otherwise since: {clean(words)}")
    if changed:
        click.echo("the replay goes by what was recorded")
    for words in verdict.unlike:
        click.echo(f"not as recorded: {clean(words)}")
    for words in verdict.unverified:
        click.echo(f"not verified: {clean(words)}")
    if opened.capsule.problem:
        click.echo(f"incomplete: {clean(opened.capsule.problem)}")
    done = (
        f"{count(verdict.windows, 'window')}, {verdict.scored} of them by the networks, "
        f"{count(verdict.steps, 'step')} of the alarm machine, "
        f"{count(len(verdict.alerts), 'alert')}"
    )
    found = verdict.difference
    if found is not None:
        click.echo(f"not reproduced: the first difference is {found.at_s:+.3f} s from the alert")
        click.echo(f"  {clean(found.where)}")
        click.echo(f"  recorded: {clean(found.recorded)}")
        click.echo(f"  replayed: {clean(found.replayed)}")
        click.echo(f"until then: {done}")
    elif not verdict.alerts:
        click.echo(f"reproduced bit for bit as far as it goes, which is before the alert: {done}")
    else:
        click.echo(f"reproduced bit for bit: {done}")


def _say_signer(opened: Opened) -> None:
    if opened.file is not None:
        click.echo(f"signed with the key {opened.file.fingerprint}, and nothing was changed since")


def _verdict_json(opened: Opened, verdict: Verdict, changed: tuple[str, ...]) -> dict[str, Any]:
    from dataclasses import asdict  # noqa: PLC0415 - for this answer only

    signer = None if opened.file is None else opened.file.fingerprint
    return asdict(verdict) | {
        "capsule_id": opened.capsule.capsule_id,
        "is_reproduced": verdict.is_reproduced,
        "changed_settings": changed,
        "problem": opened.capsule.problem,
        "signer": signer,
    }
