"""A capsule as one file that goes out of the house: a ZIP archive with a signed list of contents.

``manifest.json`` names every other member with its SHA-256, ``signature.json`` holds an Ed25519
signature of the manifest's bytes and the public key; see docs/capsule.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ecgd.errors import CapsuleError
from ecgd.service.ed25519 import KEY_BYTES, is_signed, public_key, sign

SUFFIX: Final = ".ecgdcapsule"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"
STREAM: Final = "capsule.bin"
ALERTS: Final = "alerts.json"
SUMMARY: Final = "summary.html"
TEXT: Final = "summary.txt"
IDENTITY: Final = "identity.json"
FORMAT: Final = 1
MEMBER_BYTES_MAX: Final = 256 << 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The archive's own times say nothing: the same contents are the same file."""


@dataclass(frozen=True, slots=True)
class CapsuleFile:
    """A file that was read, every member as its manifest says. ``signer`` is the public key."""

    members: Mapping[str, bytes]
    manifest: Mapping[str, Any]
    signer: bytes

    @property
    def fingerprint(self) -> str:
        """What a person compares: the beginning of the key's SHA-256."""
        return fingerprint(self.signer)


def fingerprint(public: bytes) -> str:
    """Return 16 hexadecimal digits in groups of four."""
    text = hashlib.sha256(public).hexdigest()[:16]
    return " ".join(text[start : start + 4] for start in range(0, 16, 4))


def pack(members: Mapping[str, bytes], about: Mapping[str, Any], secret: bytes) -> bytes:
    """Return the file of some members, signed."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(members.items())}
    manifest = json.dumps({"format": FORMAT, **about, "sha256": sums}, indent=2).encode()
    signature = {
        "algorithm": "Ed25519",
        "public_key": public_key(secret).hex(),
        "signature": sign(secret, manifest).hex(),
    }
    all_members = {MANIFEST: manifest, SIGNATURE: json.dumps(signature, indent=2).encode()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in (all_members | dict(members)).items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if name == STREAM else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, data)
    return made.getvalue()


def unpack(data: bytes) -> CapsuleFile:
    """Return what a file holds. Raises CapsuleError where it is torn, damaged or was changed."""
    members = _members(data)
    missing = [name for name in (MANIFEST, SIGNATURE, STREAM) if name not in members]
    if missing:
        raise CapsuleError(f"the file is no capsule: it has no {', '.join(missing)}")
    signer = _signer(members)
    try:
        manifest = json.loads(members[MANIFEST])
        sums = dict(manifest["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise CapsuleError("its manifest cannot be read") from error
    if manifest.get("format") != FORMAT:
        raise CapsuleError(f"it has format {manifest.get('format')!r}; this program reads {FORMAT}")
    listed = members.keys() - {MANIFEST, SIGNATURE}
    if listed != sums.keys():
        odd = ", ".join(sorted(listed ^ sums.keys()))
        raise CapsuleError(f"its contents are not those that were signed: {odd}")
    for name in sorted(listed):
        if hashlib.sha256(members[name]).hexdigest() != sums[name]:
            raise CapsuleError(f"{name} in it is not what was signed: damaged or changed")
    return CapsuleFile(members, manifest, signer)


def _members(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            large = [
                each.filename for each in archive.infolist() if each.file_size > MEMBER_BYTES_MAX
            ]
            if large:
                raise CapsuleError(f"{large[0]} in it is larger than any that is written")
            return {each.filename: archive.read(each) for each in archive.infolist()}
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise _not_whole(data, error) from error
    except (ValueError, KeyError, zlib.error) as error:
        raise _not_whole(data, error) from error


def _not_whole(data: bytes, error: Exception) -> CapsuleError:
    begins = data[:4] == b"PK\x03\x04"[: len(data)]
    what = "the file is cut off or damaged" if begins else "the file is no capsule"
    return CapsuleError(f"{what} ({error})", "Export it again, or copy it again.")


def _signer(members: Mapping[str, bytes]) -> bytes:
    try:
        told = json.loads(members[SIGNATURE])
        public = bytes.fromhex(told["public_key"])
        signature = bytes.fromhex(told["signature"])
        known = told["algorithm"] == "Ed25519"
    except (ValueError, KeyError, TypeError) as error:
        raise CapsuleError("its signature cannot be read") from error
    if not known or not is_signed(public, members[MANIFEST], signature):
        raise CapsuleError("its signature does not fit: the list of its contents was changed")
    return public


def load_key(path: Path) -> bytes:
    """Return the secret key in a file, which is made if there is none. Raises CapsuleError."""
    try:
        if not path.exists():
            _make_key(path)
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise CapsuleError(
            f"the key that signs, {path}, cannot be read or made ({error})",
            "Run it as the daemon's user, or name a key of your own with --key.",
        ) from error
    if mode & 0o077:
        raise CapsuleError(f"{path} can be read by others: whoever has it can sign", "chmod 600")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise CapsuleError(f"{path} holds no key: it has to be {2 * KEY_BYTES} hexadecimal digits")
    return secret


def _make_key(path: Path) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as out:
        out.write(os.urandom(KEY_BYTES).hex() + "\n")
