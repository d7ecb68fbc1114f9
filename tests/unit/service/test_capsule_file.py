"""The file of a capsule: signed, whole or refused, and about nobody unless that is asked for."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from capsule_bench import NAMES, stemi_stream
from hypothesis import given, settings
from hypothesis import strategies as st
from store_examples import make_alert

from ecgd.errors import CapsuleError
from ecgd.service.capsule_export import export, identity_of, open_capsule
from ecgd.service.capsule_file import load_key, pack, unpack
from ecgd.service.capsule_replay import verify
from ecgd.service.ed25519 import is_signed, public_key, sign
from ecgd.store.entries import StoredAlert

SECRET = bytes(range(32))

RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
        "39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
        "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67"
        "f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)
"""Tests 1 to 3 of its section 7.1: secret key, public key, message, signature."""


def stored() -> StoredAlert:
    words = (f"confirmed as chronic by {NAMES[2]}, until 2099-01-01",)
    named = {"patient_name": NAMES[0], "location": NAMES[1]}
    alert = replace(make_alert("alert-1"), evidence=words, **named)  # type: ignore[arg-type]
    return StoredAlert(1, alert, None, False, 1.0, NAMES[2], None)


def exported(**more: object) -> bytes:
    return export(stemi_stream(), (stored(),), SECRET, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_the_published_signatures(secret: str, public: str, message: str, signature: str) -> None:
    key, text = bytes.fromhex(secret), bytes.fromhex(message)
    assert public_key(key).hex() == public
    assert sign(key, text).hex() == signature
    assert is_signed(bytes.fromhex(public), text, bytes.fromhex(signature))
    assert not is_signed(bytes.fromhex(public), text + b"!", bytes.fromhex(signature))


SPKI = bytes.fromhex("302a300506032b6570032100")
"""What RFC 8410 puts before a public key."""
PKCS_8 = bytes.fromhex("302e020100300506032b657004220420")
"""And before a secret one."""


def openssl(*words: str | Path) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    return subprocess.run(
        [program, "pkeyutl", "-rawin", *map(str, words)],
        capture_output=True,
        check=False,
        timeout=30,
    )


def test_another_program_finds_the_signature_good(tmp_path: Path) -> None:
    members = unpack(exported()).members
    told = json.loads(members["signature.json"])
    manifest, key, signature = (tmp_path / name for name in ("manifest", "key", "signature"))
    manifest.write_bytes(members["manifest.json"])
    key.write_bytes(SPKI + bytes.fromhex(told["public_key"]))
    signature.write_bytes(bytes.fromhex(told["signature"]))
    words = ("-verify", "-pubin", "-keyform", "DER", "-inkey", key, "-sigfile", signature)
    assert openssl(*words, "-in", manifest).returncode == 0
    manifest.write_bytes(members["manifest.json"] + b" ")
    assert openssl(*words, "-in", manifest).returncode != 0


def test_another_program_signs_alike(tmp_path: Path) -> None:
    key, message = tmp_path / "key", tmp_path / "message"
    for number in range(4):
        secret, text = (
            hashlib.sha256(bytes([number])).digest(),
            bytes([number]) * 97 ** (number % 3),
        )
        key.write_bytes(PKCS_8 + secret)
        message.write_bytes(text)
        signed = openssl("-sign", "-keyform", "DER", "-inkey", key, "-in", message)
        assert signed.stdout == sign(secret, text), signed.stderr


def test_a_signature_that_is_too_large_by_the_order_is_refused() -> None:
    """RFC 8032, 5.1.7: else anybody could make a second signature of a signed file."""
    signature = sign(SECRET, b"x")
    order = 2**252 + 27742317777372353535851937790883648493
    larger = int.from_bytes(signature[32:], "little") + order
    assert is_signed(public_key(SECRET), b"x", signature)
    other = signature[:32] + larger.to_bytes(32, "little")
    assert not is_signed(public_key(SECRET), b"x", other)


@pytest.mark.parametrize("length", [0, 31, 63, 64, 65])
def test_what_is_no_signature_is_none(length: int) -> None:
    assert not is_signed(public_key(SECRET), b"", b"\xff" * length)
    assert not is_signed(b"\xff" * 32, b"", sign(SECRET, b""))


def test_an_exported_file_is_replayed() -> None:
    opened = open_capsule(exported())
    assert opened.file is not None
    assert opened.file.signer == public_key(SECRET)
    assert verify(opened.capsule).is_reproduced
    assert opened.alerts[0]["event_type"] == stored().alert.event_type.value


def test_nobody_is_named_unless_asked_for() -> None:
    members = unpack(exported()).members
    text = b"".join(data for name, data in members.items() if name != "capsule.bin").decode()
    named = unpack(exported(identity=identity_of(stored()))).members
    assert not [name for name in NAMES if name in text]
    assert "confirmed as chronic by somebody, until" in text
    assert "identity.json" not in members
    assert json.loads(named["identity.json"])["patient_name"] == NAMES[0]


def test_the_page_has_a_strip_and_an_st_table() -> None:
    members = unpack(exported()).members
    page, text = members["summary.html"].decode(), members["summary.txt"].decode()
    assert page.count("<polyline") >= 6
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "ST at J+40 ms" in text
    assert text.count("STEMI_DETECTED raised") == 1


def test_a_file_is_the_same_twice() -> None:
    assert exported() == exported()


WHOLE = pack({"capsule.bin": b"x" * 300}, {}, SECRET)


@given(st.integers(0, len(WHOLE) - 1))
def test_every_prefix_of_a_file_is_refused(length: int) -> None:
    with pytest.raises(CapsuleError, match="cut off or damaged"):
        unpack(WHOLE[:length])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))
def test_no_flipped_bit_passes_for_other_contents(place: int, bit: int) -> None:
    data = bytearray(WHOLE)
    data[place] ^= 1 << bit
    try:
        members = unpack(bytes(data)).members
    except CapsuleError:
        return
    # A bit of the archive's own dates and attributes: nothing that is read from it.
    assert members == unpack(WHOLE).members


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("capsule.bin", b"other", "capsule.bin in it is not what was signed"),
        ("manifest.json", b"{}", "its signature does not fit"),
        ("signature.json", b"{}", "its signature cannot be read"),
        ("more.txt", b"more", "its contents are not those that were signed: more.txt"),
    ],
)
def test_a_change_is_seen(name: str, content: bytes, says: str) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for each, data in (dict(unpack(WHOLE).members) | {name: content}).items():
            archive.writestr(each, data)
    with pytest.raises(CapsuleError, match=says):
        unpack(made.getvalue())


def test_another_signer_is_another_key() -> None:
    other = pack({"capsule.bin": b"x"}, {}, bytes(32))
    assert unpack(other).signer != unpack(WHOLE).signer
    assert unpack(other).fingerprint == " ".join(
        hashlib.sha256(public_key(bytes(32))).hexdigest()[i : i + 4] for i in range(0, 16, 4)
    )


@pytest.mark.parametrize("data", [b"hello", b"%PDF-1.7", bytes(400)])
def test_what_is_no_capsule_is_refused(data: bytes) -> None:
    with pytest.raises(CapsuleError, match="not the bytes of a capsule"):
        open_capsule(data)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "capsule.key"
    secret = load_key(path)
    assert load_key(path) == secret
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(CapsuleError, match="can be read by others"):
        load_key(path)
    path.chmod(0o600)
    path.write_text("no key\n")
    with pytest.raises(CapsuleError, match="holds no key"):
        load_key(path)


def test_a_key_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CapsuleError, match="name a key of your own with --key"):
        load_key(tmp_path / "nowhere" / "capsule.key")
