"""The report in the docs: an infarction of the fixtures, drawn as a clinician gets it."""

from __future__ import annotations

import argparse
import hashlib
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from report_examples import judged_alert, stemi_example

from ecgd.service.report import make_report
from ecgd.service.report_request import PNG, ReportRequest

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "report.png"
MADE_BY = "made-by"
DRAWING = (
    "ecgd/paper/report_page.py",
    "ecgd/paper/strip.py",
    "ecgd/service/report_png.py",
    "ecgd/service/report_words.py",
)
"""What a change of makes the picture an old one."""


def fingerprint() -> str:
    """Return a fingerprint of the files that draw."""
    digest = hashlib.sha256()
    for name in DRAWING:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()[:16]


def build() -> None:
    """Draw the infarction of the tests' recordings, as the rules and networks judge it."""
    with TemporaryDirectory() as scratch:
        example = stemi_example(Path(scratch), judged_alert(), gap_s=(8.0, 7.4))
        request = ReportRequest(
            example.database,
            example.alert.alert_id,
            config_hash=example.alert.config_hash,
            kind=PNG,
        )
        picture = Image.open(BytesIO(make_report(request).content))
    made_by = PngInfo()
    made_by.add_text(MADE_BY, fingerprint())
    picture.save(PICTURE, optimize=True, pnginfo=made_by, dpi=picture.info["dpi"])


def main() -> None:
    """Write the picture, or check it."""
    parser = argparse.ArgumentParser(description="Write docs/images/report.png.")
    parser.add_argument("--check", action="store_true", help="change nothing, fail if out of date")
    if not parser.parse_args().check:
        build()
    elif Image.open(PICTURE).info.get(MADE_BY) != fingerprint():
        sys.exit("docs/images/report.png is out of date; run scripts/build-report-example")


if __name__ == "__main__":
    main()
