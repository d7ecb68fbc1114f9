"""Fixtures and rules of the whole tree; its folder is where shared test material is imported from.

A test marked ``debian("package")`` is skipped where that Debian package is missing. Where
ECGD_TESTS_REQUIRE_ALL=1, as in continuous integration, it fails instead, and so does every other
test that skips because something "is missing".
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("ecgd", derandomize=True, deadline=None, database=None)
settings.load_profile("ecgd")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of the recordings; ``recordings / "normal"`` names one without its suffix."""
    return ROOT / "tests" / "fixtures" / "recordings"


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """Yield a directory whose path is short enough for Unix sockets."""
    with tempfile.TemporaryDirectory(prefix="ecgd") as name:
        yield Path(name)


@cache
def installed(package: str) -> bool:
    """Tell whether dpkg knows the package as installed; False where there is no dpkg."""
    try:
        answer = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return False
    return answer.stdout == "installed"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose Debian package is missing."""
    needed = [name for marker in item.iter_markers("debian") for name in marker.args]
    missing = [name for name in needed if not installed(name)]
    if not missing:
        return
    names = " ".join(missing)
    pytest.skip(f"Debian package is missing: apt-get install {names}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for something missing into a failure where everything is required."""
    report = yield
    error = call.excinfo.value if call.excinfo is not None else None
    missing = isinstance(error, pytest.skip.Exception) and "is missing" in str(error)
    if missing and os.environ.get("ECGD_TESTS_REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"required here, not skipped: {error}"
    return report
