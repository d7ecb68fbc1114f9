"""Makes one report in a process of its own: its libraries and its work burden the daemon nowhere.

``python -m ecgd.service.report_process`` reads a request as JSON, and writes one line of JSON and
the file behind it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from ecgd.config.report import ReportSettings
from ecgd.config.settings import AnalysisSettings
from ecgd.errors import EcgdError, StoreError
from ecgd.service.report_request import Report, ReportRequest

DEADLINE_S: Final = 120.0
"""Longer than a slow computer takes that has much else to do."""

_OOM: Final = "900"
"""If memory runs out, this one goes first."""

_ALONE: Final = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}


class Drawing:
    """Makes reports, one at a time, each in a process that gives way to everything else."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def __call__(self, request: ReportRequest) -> Report:
        """Return a report. Blocks for seconds; raises StoreError if none could be made."""
        with self._turn:
            try:
                with self._begin() as process:
                    said = self._talk(process, request_to_json(request).encode())
            except OSError as error:
                raise StoreError(f"no report could be made ({error.strerror})") from error
            finally:
                self._process = None
        head, _, content = said.partition(b"\n")
        told = json.loads(head)
        return Report(told["alert_id"], told["content_type"], content)

    def stop(self) -> None:
        """Make no more, and end the one that is under way: whoever waits for it goes on."""
        with self._guard:
            self._is_stopped = True
            if self._process is not None:
                self._process.kill()

    def _begin(self) -> subprocess.Popen[bytes]:
        with self._guard:
            if self._is_stopped:
                raise StoreError("no report is made any more: the daemon stops")
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ecgd.service.report_process"],
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                env=os.environ | _ALONE,
            )
            return self._process

    def _talk(self, process: subprocess.Popen[bytes], asked: bytes) -> bytes:
        try:
            said, troubles = process.communicate(asked, DEADLINE_S)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise StoreError(f"no report could be made within {DEADLINE_S:g} s") from error
        if process.returncode != 0:
            words = troubles.decode("utf-8", "replace").strip().splitlines()
            why = words[-1] if words else f"status {process.returncode}"
            raise StoreError(f"no report could be made: {why}")
        return said


def request_to_json(request: ReportRequest) -> str:
    """Return a request as text."""
    plain = asdict(request) | {"database": str(request.database)}
    return json.dumps(plain)


def request_of(text: str) -> ReportRequest:
    """Return the request in a text that ``request_to_json`` has made."""
    plain = json.loads(text)
    report = ReportSettings(**plain.pop("report"))
    return ReportRequest(
        database=Path(plain.pop("database")),
        analysis=AnalysisSettings(**plain.pop("analysis")),
        report=replace(report, targets=tuple(report.targets)),
        **plain,
    )


def main() -> int:
    """Make the report that is asked for on the standard input."""
    with suppress(OSError):
        os.nice(19)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM, encoding="ascii")
    from ecgd.service.report import make_report  # noqa: PLC0415 - the daemon needs none of it

    try:
        report = make_report(request_of(sys.stdin.read()))
    except EcgdError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    head = {"alert_id": report.alert_id, "content_type": report.content_type}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + report.content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
