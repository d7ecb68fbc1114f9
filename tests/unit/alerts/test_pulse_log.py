from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.alerts import pulse_log
from ecgd.alerts.pulse_log import PinChange, PulseLog, read_pulse_log


def test_changes_come_back_as_written(tmp_path: Path) -> None:
    changes = (PinChange(1.25, "buzzer", 18, True), PinChange(1.4, "buzzer", 18, False))
    log = PulseLog(str(tmp_path / "pins"))
    for change in changes:
        log.append(change)
    assert read_pulse_log(str(tmp_path / "pins")) == changes, "each line is on disk at once"
    log.close()


def test_second_run_appends(tmp_path: Path) -> None:
    for time_s in (1.0, 2.0):
        log = PulseLog(str(tmp_path / "pins"))
        log.append(PinChange(time_s, "red", 17, True))
        log.close()
    assert [change.time_s for change in read_pulse_log(str(tmp_path / "pins"))] == [1.0, 2.0]


def test_cut_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "pins"
    path.write_text("1.000000 red 17 1\n1.250000 re")
    assert read_pulse_log(str(path)) == (PinChange(1.0, "red", 17, True),)


def test_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_log, "LIMIT_BYTES", 100)
    log = PulseLog(str(tmp_path / "pins"))
    for n in range(50):
        log.append(PinChange(float(n), "green", 22, n % 2 == 0))
    log.close()
    assert 80 < (tmp_path / "pins").stat().st_size <= 100
    assert len(read_pulse_log(str(tmp_path / "pins"))) >= 4
