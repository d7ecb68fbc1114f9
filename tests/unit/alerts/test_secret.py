from __future__ import annotations

import base64
import pickle
from pathlib import Path

import pytest

from ecgd.alerts.secret import Keys, Secret, load_keys, load_secret
from ecgd.errors import DeliveryError

VALUE = bytes(range(24))
TEXT = base64.b64encode(VALUE).decode()


def written(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("text", [TEXT, f"whsec_{TEXT}", f"  whsec_{TEXT}\n"])
def test_file_with_or_without_prefix(tmp_path: Path, text: str) -> None:
    assert load_secret(written(tmp_path / "secret", text)).reveal() == VALUE


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "secret", TEXT, mode)
    with pytest.raises(DeliveryError, match=f"mode {mode:04o}") as caught:
        load_secret(path)
    assert f"chmod 0600 {path}" in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="No such file"):
        load_secret(str(tmp_path / "secret"))


def test_short_secret(tmp_path: Path) -> None:
    path = written(tmp_path / "secret", base64.b64encode(VALUE[:23]).decode())
    with pytest.raises(DeliveryError, match="23 bytes, 24 are the least"):
        load_secret(path)


@pytest.mark.parametrize("text", ["not base64 at all!", "whsec_" + TEXT[:-1], "é" * 40])
def test_error_about_a_bad_secret_does_not_show_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(DeliveryError, match="no base64") as caught:
        load_secret(written(tmp_path / "secret", text))
    assert text not in str(caught.value)
    assert caught.value.__cause__ is None


def test_credential_of_systemd_whose_acl_shows_a_group_bit(tmp_path: Path) -> None:
    written(tmp_path / "ecgd.webhook", TEXT, 0o440)
    assert load_secret("ecgd.webhook", str(tmp_path)).reveal() == VALUE


def test_path_is_no_credential(tmp_path: Path) -> None:
    path = written(tmp_path / "secret", TEXT, 0o440)
    with pytest.raises(DeliveryError, match="read by others"):
        load_secret(path, str(tmp_path))


def test_secret_is_never_shown() -> None:
    secret = Secret(b"very secret value of some length")
    assert "very" not in f"{secret} {secret!r} {[secret]} {vars_of(secret)}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def vars_of(secret: Secret) -> str:
    return str(getattr(secret, "__dict__", "no __dict__"))


NAMES = ("token", "user")


@pytest.mark.parametrize(
    ("text", "token", "user"),
    [
        ("tk_1\n", "tk_1", ""),
        ("token=tk_1\nuser = u1\n", "tk_1", "u1"),
        ("# from the console\r\n\r\n  token=a=b==\r\n", "a=b==", ""),
        ("abc==", "abc==", ""),
        ("https://hooks.example/a?b=c", "https://hooks.example/a?b=c", ""),
        ("one://x\ntwo://y", "one://x\ntwo://y", ""),
        ("", "", ""),
    ],
)
def test_keys_of_a_service(tmp_path: Path, text: str, token: str, user: str) -> None:
    keys = load_keys(written(tmp_path / "keys", text), NAMES)
    assert (keys.get("token"), keys.get("user")) == (token, user)


@pytest.mark.parametrize(
    "text", ["pasword=s3zq9x", "töken=s3zq9x", "token=s3\x00zq9x", "Token=s3zq9x"]
)
def test_error_about_bad_keys_names_the_line_and_shows_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(DeliveryError, match="line 2") as caught:
        load_keys(written(tmp_path / "keys", f"user=u\n{text}\n"), NAMES)
    assert "zq9x" not in str(caught.value)


def test_keys_are_guarded_as_secrets_are(tmp_path: Path) -> None:
    path = written(tmp_path / "keys", "token=very-secret", 0o640)
    with pytest.raises(DeliveryError, match="mode 0640"):
        load_keys(path, NAMES)
    assert load_keys("keys", NAMES, str(tmp_path)).get("token") == "very-secret"
    keys = Keys({"token": "very-secret"})
    assert "very-secret" not in f"{keys} {keys!r} {[keys]}"
    with pytest.raises(TypeError):
        pickle.dumps(keys)


def test_headers_of_any_name(tmp_path: Path) -> None:
    path = written(tmp_path / "keys", "Authorization = Bearer x\nX-Key=1\n")
    keys = load_keys(path, ())
    assert keys.names() == ("Authorization", "X-Key")
    assert keys.get("Authorization") == "Bearer x"
    with pytest.raises(DeliveryError, match="name=value"):
        load_keys(written(tmp_path / "keys", "Bearer x"), ())
