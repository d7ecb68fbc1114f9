"""Certificate authorities are read once, and anew when they have changed."""

from __future__ import annotations

import os
import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest
from webhook_receiver import self_signed

from ecgd.alerts import authorities
from ecgd.alerts.authorities import system_authorities, trusting


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    return self_signed(tmp_path_factory.mktemp("tls"))[0]


def test_a_file_is_read_once(certificate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str | None] = []
    make = ssl.create_default_context

    def counted(*arguments: Any, **options: Any) -> ssl.SSLContext:
        made.append(options.get("cafile"))
        return make(*arguments, **options)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    authorities._context.cache_clear()
    assert trusting(certificate) is trusting(certificate)
    assert made == [certificate]


def test_it_verifies_certificate_and_name_and_speaks_no_old_tls(certificate: str) -> None:
    context = trusting(certificate)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_file_that_has_changed_is_read_anew(certificate: str, tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    shutil.copy(certificate, path)
    first = trusting(str(path))
    changed_ns = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(changed_ns, changed_ns))
    assert trusting(str(path)) is not first


def test_a_directory_of_authorities_will_do(tmp_path: Path) -> None:
    assert trusting(str(tmp_path)).verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_what_cannot_be_read_is_an_os_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises((FileNotFoundError, ssl.SSLError)):
        trusting(str(path))


def test_the_systems_are_a_path_that_is_there() -> None:
    found = system_authorities()
    assert found is True or Path(str(found)).exists()
