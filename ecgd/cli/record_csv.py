"""Signal as CSV: a comment, headings, one line a sample; counts can be had back exactly."""

from __future__ import annotations

import csv
import io
import json
from typing import BinaryIO, Final

import numpy as np

from ecgd import __version__
from ecgd.cli.moments import zoned_time
from ecgd.cli.record_excerpt import Excerpt, Placed
from ecgd.cli.record_tally import Tally
from ecgd.cli.words import clean
from ecgd.dsp.derivation import complete_limb_leads
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import BoolArray, FloatArray

_LINES_AT_ONCE: Final = 20_000


def write_csv(excerpt: Excerpt, file: BinaryIO, *, all_leads: bool, name: bool) -> Tally:
    """Write the excerpt and return what is in it.

    A sample that is stored but not valid has empty cells; where nothing is stored there is no line.
    """
    tally = Tally()
    for piece in excerpt.pieces():
        if not tally.length:
            file.write(_heading(excerpt, piece.unix_s, all_leads=all_leads, name=name).encode())
        for begin in range(0, piece.valid.size, _LINES_AT_ONCE):
            file.write(_lines(piece, excerpt.device, begin, all_leads=all_leads).encode())
        tally.take(piece)
    return tally


def _heading(excerpt: Excerpt, start_unix_s: float, *, all_leads: bool, name: bool) -> str:
    device = excerpt.device
    facts: dict[str, str | float] = {"patient": excerpt.patient_id}
    if name:
        facts["name"] = clean(excerpt.patient_name)
    facts |= {
        "device": clean(device.device_id),
        "fs_hz": device.fs_hz,
        "start": zoned_time(start_unix_s),
        "counts_per_mv": device.counts_per_mv,
        "baseline_counts": device.baseline_counts,
    }
    for corner in ("highpass_hz", "lowpass_hz"):
        if (corner_hz := getattr(device, corner)) is not None:
            facts[corner] = corner_hz
    pairs = " ".join(f"{key}={json.dumps(fact, ensure_ascii=False)}" for key, fact in facts.items())
    line = io.StringIO()
    leads = _shown(device, np.zeros((len(device.leads), 1)), all_leads=all_leads)[0]
    csv.writer(line, lineterminator="\n").writerow(
        ["time_s", *(f"{clean(lead)} [mV]" for lead in leads)]
    )
    return f"# ecgd {__version__} {pairs}\n{line.getvalue()}"


def _lines(piece: Placed, device: DeviceInfo, begin: int, *, all_leads: bool) -> str:
    end = min(begin + _LINES_AT_ONCE, piece.valid.size)
    above = piece.counts[:, begin:end].astype(np.float64) - device.baseline_counts
    _, rows = _shown(device, above, all_leads=all_leads)
    valid = piece.valid[begin:end]
    positions = range(piece.position + begin, piece.position + end)
    times = [f"{position / device.fs_hz:.6f}" for position in positions]
    columns = [_cells(row, device.counts_per_mv, valid) for row in rows]
    return "\n".join(map(",".join, zip(times, *columns, strict=True))) + "\n"


def _shown(
    device: DeviceInfo, above: FloatArray, *, all_leads: bool
) -> tuple[tuple[str, ...], FloatArray]:
    """Return leads and their rows; in counts, halves are exact where millivolts would round."""
    return complete_limb_leads(device.leads, above) if all_leads else (device.leads, above)


def _cells(row: FloatArray, counts_per_mv: float, valid: BoolArray) -> list[str]:
    """Return the shortest texts that read back as exactly these numbers; few of them differ."""
    levels, which = np.unique(row, return_inverse=True)
    texts = np.array([repr(level / counts_per_mv) for level in levels.tolist()], dtype=object)
    cells: list[str] = np.where(valid, texts[which], "").tolist()
    return cells
