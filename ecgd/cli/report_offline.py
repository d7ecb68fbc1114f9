"""The helper's page while no daemon answers: what files and systemd tell, in plain words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ecgd import __version__
from ecgd.cli.log_tail import last_lines, unit_state
from ecgd.cli.machine_lines import machine_lines
from ecgd.cli.report_page import Section, verdict
from ecgd.cli.words import age, count
from ecgd.errors import EcgdError
from ecgd.store.reader import StoreReader

_LATEST: Final = 5
_LOG_LINES: Final = 10


def offline_sections(
    failure: EcgdError, database: Path, log_path: str
) -> tuple[list[Section], dict[str, str]]:
    """Return the sections, and the patients' names with what stands for them."""
    from ecgd.service.machine import read_machine  # noqa: PLC0415 - asyncio is slow to load

    state = unit_state()
    machine = asdict(read_machine(Path("/"), database.parent))
    stored, names = _stored(database)
    return [
        verdict(list(_troubles(failure, state))),
        Section("Program", (f"ecgd {__version__} is installed",)),
        Section("Service", tuple(_service(state))),
        Section(f"Database {database}", tuple(stored)),
        Section("Computer", tuple(machine_lines(machine))),
        Section(
            "Last lines of the log",
            tuple(last_lines(log_path, _LOG_LINES)) or ("none that this user may read",),
        ),
    ], names


def _troubles(failure: EcgdError, state: Mapping[str, str]) -> Iterator[str]:
    yield f"NOBODY IS WATCHED as far as can be seen: {failure.what}. Do: {failure.remedy}."
    if state.get("ActiveState") == "failed":
        yield (
            f"The service has failed ({state.get('Result')}, exit status "
            f"{state.get('ExecMainStatus')}). Do: read the last lines of the log below."
        )


def _service(state: Mapping[str, str]) -> Iterator[str]:
    if not state:
        yield "systemd knows no ecgd here, or there is no systemd"
        return
    yield f"{state.get('ActiveState')} ({state.get('SubState')})"
    yield f"since {state.get('StateChangeTimestamp') or 'the computer started'}"
    yield f"restarted {state.get('NRestarts', '0')} times by systemd"


def _stored(database: Path) -> tuple[list[str], dict[str, str]]:
    reader = StoreReader(database)
    try:
        patients = reader.patients()
        names = {patient.name: patient.patient_id for patient in patients}
        return list(_database_lines(reader, database)), names
    except (EcgdError, OSError) as wrong:
        return [str(wrong)], {}


def _database_lines(reader: StoreReader, database: Path) -> Iterator[str]:
    now_unix_s = time.time()
    yield f"{database.stat().st_size / 1e6:.1f} MB, schema version {reader.schema_version()}"
    for patient in reader.patients():
        newest = next(iter(reader.streams(patient.patient_id, limit=1)), None)
        if newest is not None:
            heard = age(max(0.0, now_unix_s - newest.ended_unix_s))
            yield f"{patient.patient_id}: last signal {heard}"
    for stored in reader.alerts(limit=_LATEST):
        alert = stored.alert
        seen = f"seen by {stored.acknowledged_by}" if stored.acknowledged_by else "not seen"
        when = age(max(0.0, now_unix_s - alert.occurred_unix_s))
        what = f"{alert.severity.name} {alert.event_type.value}"
        yield f"alert {when}: {alert.patient_id}, {what}, {seen}"
    for backlog in reader.outbox_backlogs():
        if backlog.pending:
            yield f"waiting to be sent to {backlog.target}: {count(backlog.pending, 'alert')}"
