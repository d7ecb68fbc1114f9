"""The report of an alert, from the database alone: what it says, shows, and keeps to itself."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from report_examples import PATIENT, Example, stemi_example
from store_examples import make_alert

from ecgd.cli.main import cli
from ecgd.config.report import ReportSettings
from ecgd.errors import StoreError
from ecgd.paper.sheet import Sheet
from ecgd.paper.strip import CAPTION_PX, LEFT_PX, PX_PER_MM, Strip
from ecgd.service import report_png
from ecgd.service.report import make_report
from ecgd.service.report_process import Drawing, request_of, request_to_json
from ecgd.service.report_request import HTML, PNG, ReportRequest

ALERT = replace(
    make_alert("3f9a27c04d5e8b61", patient_id=PATIENT, sample_index=4750),
    simulated=False,
    patient_name="Anna Müller",
    st_mv=(("I", 0.07), ("II", 0.19), ("III", 0.12), ("aVR", -0.13)),
    st_change_mv=(("II", 0.15),),
    quality=(("I", 0.99), ("II", 0.89), ("III", 0.9), ("aVL", 0.0), ("aVR", 0.92)),
)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return stemi_example(tmp_path_factory.mktemp("report"), ALERT, gap_s=(8.0, 7.2))


@cache
def page(example: Example, **more: object) -> str:
    request = ReportRequest(example.database, example.alert.alert_id[:6], kind=HTML)
    return make_report(replace(request, **more)).content.decode()  # type: ignore[arg-type]


def words(example: Example, **more: object) -> list[str]:
    return re.findall(r"<text [^>]*>([^<]*)</text>", page(example, **more))


def test_it_says_what_was_raised_and_by_which_figures(example: Example) -> None:
    said = words(example)
    assert "CRITICAL" in said
    assert "ST-elevation infarction pattern" in said
    row = said.index("II", said.index("against the limit"))
    assert said[row : row + 5] == ["II", "+0.19 mV", "+0.15 mV", "elevated", "89 %"]
    assert said[said.index("-0.13 mV") + 2] == "depressed"
    assert said[said.index("+0.07 mV") + 2] == "within"
    row = said.index("aVL", row)
    assert said[row : row + 2] == ["aVL", "not measured"]
    whole = " ".join(said)
    assert "heart rate 72/min" in whole
    assert "supplements professional care" in whole
    assert "elevated from +0.10, depressed from -0.05" in whole
    assert "Measured: I, II; the other leads are computed from them." in whole
    for note in (*ALERT.evidence, *ALERT.clinical_notes, *ALERT.not_visible, ALERT.alert_id):
        assert note in whole.replace("&#x27;", "'")


def test_it_names_nobody_unless_it_is_told_to(example: Example) -> None:
    assert not [name for name in ("Anna", "kitchen", PATIENT) if name in page(example)]
    assert "patient: Anna M" in page(example, whose="Anna Müller")
    assert "<script" not in page(example, whose="<script>")


def test_the_strip_shows_all_leads_the_gap_and_the_beats(example: Example) -> None:
    whole = page(example)
    said = words(example)
    assert [each for each in said if each in ("I", "II", "III", "aVR", "aVL", "aVF")][:6] == [
        "I",
        "II",
        "III",
        "aVR",
        "aVL",
        "aVF",
    ]
    assert "missing" in said
    assert said.count("decision") == 2, "at the end of one row, and the begin of the next"
    assert whole.count("<circle") > 6 * 10, "ST of more than ten beats in six leads"


def test_the_limits_of_another_configuration_are_called_so(example: Example) -> None:
    theirs = "These limits are of another configuration"
    assert [each for each in words(example) if each.startswith(theirs)]
    same = words(example, config_hash=ALERT.config_hash)
    assert not [each for each in same if each.startswith(theirs)]


def test_alerts_without_a_signal_have_a_report_too(tmp_path: Path) -> None:
    lost = replace(ALERT, alert_id="f00", st_mv=(), quality=())
    example = stemi_example(tmp_path, lost)
    other = replace(example, alert=replace(lost, alert_id="f00"))
    assert "No window was judged for this alert: it says nothing of ST." in words(other)
    with pytest.raises(StoreError, match="no alert's id"):
        make_report(ReportRequest(example.database, "nowhere"))


def pillow() -> None:
    pytest.importorskip("PIL", reason="Pillow is missing: pip install 'ecgd[report]'")


def pixels(content: bytes) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(BytesIO(content)).convert("RGB")).astype(np.int16)


def test_the_pulse_is_ten_millimetres_high_in_the_picture() -> None:
    pillow()
    strip = Strip(("I",), np.zeros((1, 1250)), 250.0, 1250)
    from ecgd.paper.report_page import draw_strip_alone

    drawn = pixels(report_png.sheet_png(draw_strip_alone(strip, ())))
    assert drawn.shape[1] == 1080
    dark = (drawn.max(axis=2) < 90) & (np.arange(drawn.shape[0])[:, None] > CAPTION_PX + 30)
    rows = np.flatnonzero(dark[:, round(2 * PX_PER_MM)])
    assert np.ptp(rows) == pytest.approx(10 * PX_PER_MM, abs=2.0)
    columns = np.flatnonzero(dark[rows.min() + 1, : round(LEFT_PX)])
    assert np.ptp(columns) == pytest.approx(5 * PX_PER_MM, abs=2.0)


def test_the_picture_shows_the_gap_and_says_test(example: Example, tmp_path: Path) -> None:
    pillow()
    plain = make_report(ReportRequest(example.database, ALERT.alert_id))
    assert plain.content_type == PNG
    assert plain.file_name == "ecg-3f9a27c04d5e.png"
    assert len(plain.content) < 500_000
    drawn = pixels(plain.content)
    band = drawn[450:650, round(LEFT_PX) :]
    grey = (np.abs(band - 0xDC) < 4).all(axis=2)
    gap = LEFT_PX + np.flatnonzero(grey.mean(axis=0) > 0.8)
    assert gap.min() == pytest.approx(LEFT_PX + 2.0 * 25 * PX_PER_MM, abs=2)
    assert np.ptp(gap) == pytest.approx(0.8 * 25 * PX_PER_MM, abs=3)
    simulated = stemi_example(tmp_path, replace(ALERT, simulated=True))
    brief = ReportSettings(before_s=5.0, after_s=0.0)
    request = ReportRequest(simulated.database, ALERT.alert_id, report=brief)
    stamped = pixels(make_report(request).content)
    below, above = stamped[-900:], drawn[-900:]
    assert _reddish(below) > _reddish(above) + 20_000, "not the strip alone is marked"


def _reddish(drawn: np.ndarray) -> int:
    return int(((drawn[:, :, 0] - drawn[:, :, 1] > 20) & (drawn[:, :, 1] > 200)).sum())


def test_signs_that_the_face_lacks_are_written_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    pillow()
    monkeypatch.setattr(report_png, "FACES", ())
    for known in (report_png._font, report_png._has, report_png._drawable):
        known.cache_clear()
    assert report_png._drawable("Müller ≥ +0.1 – 王 ±", False) == "Muller >= +0.1 - ? ±"
    sheet = Sheet(100, 50, "", ())
    assert report_png.sheet_png(sheet).startswith(b"\x89PNG")
    for known in (report_png._font, report_png._has, report_png._drawable):
        known.cache_clear()


def test_without_pillow_it_is_a_page(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setattr(report_png, "find_spec", lambda _: None)
    made = make_report(ReportRequest(example.database, ALERT.alert_id))
    assert (made.content_type, made.file_name) == (HTML, "ecg-3f9a27c04d5e.html")
    assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", made.content)


def test_a_process_of_its_own_makes_the_same(example: Example) -> None:
    request = ReportRequest(example.database, ALERT.alert_id, whose="Änne", kind=HTML)
    assert request_of(request_to_json(request)) == request
    drawing = Drawing()
    assert drawing(request) == make_report(request)
    with pytest.raises(StoreError, match=r"no report could be made: .*no database"):
        drawing(replace(request, database=example.database.with_name("gone")))
    drawing.stop()
    with pytest.raises(StoreError, match="the daemon stops"):
        drawing(request)


def test_a_stopping_daemon_waits_for_no_drawing(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess.Popen
    sleeps = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(subprocess, "Popen", lambda _, **more: real(sleeps, **more))
    drawing = Drawing()
    ends = threading.Timer(0.3, drawing.stop)
    ends.start()
    with pytest.raises(StoreError, match="status -9"):
        drawing(ReportRequest(example.database, ALERT.alert_id))
    monkeypatch.setattr("ecgd.service.report_process.DEADLINE_S", 0.2)
    with pytest.raises(StoreError, match=r"within 0\.2 s"):
        Drawing()(ReportRequest(example.database, ALERT.alert_id))


def ecgctl(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["alerts", "report", *arguments])
    return done.exit_code, done.output


def test_ecgctl_writes_it_without_a_daemon(example: Example, tmp_path: Path) -> None:
    out = tmp_path / "strip.html"
    place = ["--database", str(example.database)]
    assert ecgctl("3f9a", "--out", str(out), *place)[0] == 0
    assert (out.stat().st_mode & 0o777, "Anna" in out.read_text()) == (0o600, False)
    assert ecgctl("3f9a", "--out", str(out), *place)[0] != 0, "it is there already"
    assert ecgctl("3f9a", "--out", str(out), "--force", "--with-identity", *place)[0] == 0
    assert "patient: Anna M" in out.read_text()
    status, said = ecgctl("3f9a", "--out", str(tmp_path / "strip.gif"), *place)
    assert (status, ".png or .html" in said) == (2, True)
    assert not list(tmp_path.glob("*.gif"))
