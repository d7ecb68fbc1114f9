"""One export: the files, and an account of what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecgd.cli.export_files import drafts, refuse_existing
from ecgd.cli.moments import zoned_time
from ecgd.cli.record_csv import write_csv
from ecgd.cli.record_excerpt import Excerpt
from ecgd.cli.record_tally import Tally
from ecgd.cli.record_wfdb import record_name, write_wfdb

Json = dict[str, Any]


def export(
    excerpt: Excerpt, form: str, out: Path, *, all_leads: bool, name: bool, force: bool
) -> Json:
    """Write the files whole or not at all, and return the account.

    Raises RecordingError when they are there already or cannot be written.
    """
    if form == "csv":
        paths, tally = _export_csv(excerpt, out, all_leads=all_leads, name=name, force=force)
    else:
        record = record_name(out)
        refuse_existing([out.parent / f"{record}.hea"], force=force)
        with drafts(out.parent / record, force=force) as files:
            paths, tally = write_wfdb(excerpt, files, record, name=name)
    return _account(excerpt, paths, tally)


def _export_csv(
    excerpt: Excerpt, out: Path, *, all_leads: bool, name: bool, force: bool
) -> tuple[tuple[Path, ...], Tally]:
    refuse_existing([out], force=force)
    with drafts(out, force=force) as files:
        tally = write_csv(excerpt, files.create("csv"), all_leads=all_leads, name=name)
        return files.publish([("csv", out.name)]), tally


def _account(excerpt: Excerpt, paths: tuple[Path, ...], tally: Tally) -> Json:
    fs_hz = excerpt.device.fs_hz
    return {
        "files": [str(path) for path in paths],
        "patient_id": excerpt.patient_id,
        "device_id": excerpt.device.device_id,
        "leads": list(excerpt.device.leads),
        "fs_hz": fs_hz,
        "began_unix_s": tally.start_unix_s,
        "began": zoned_time(tally.start_unix_s),
        "duration_s": tally.length / fs_hz,
        "valid_samples": tally.valid_samples,
        "missing_samples": tally.missing_samples,
        "gaps": tally.gap_count,
        "recordings": [stream.id for stream, _ in tally.offsets.values()],
        "damaged_pieces": excerpt.losses.damaged,
        "samples_stored_twice": excerpt.losses.twice,
    }
