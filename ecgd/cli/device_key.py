"""ecgctl device key: make the key that a device and its gateway share."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ecgd.cli.options import json_option, print_json
from ecgd.errors import SourceError

_MODE = 0o600


@click.command("key")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--header", is_flag=True, help="Write the firmware's ecg_key.h to standard output.")
@json_option
def device_key(path: Path, *, header: bool, as_json: bool) -> None:
    """Make a device's secret key in FILE, or show which one it holds.

    A key that is there is never overwritten. With --header its digits go to standard output, for
    the firmware; without it they are shown to nobody.
    """
    from ecgd.protocol.seal import LinkKey  # noqa: PLC0415 - needed by no other command
    from ecgd.sources.key_file import read_key  # noqa: PLC0415 - the same

    is_new = not path.exists() and not header
    if is_new:
        _make(path)
    key = read_key(path)
    fingerprint = LinkKey(key).fingerprint
    if header:
        click.echo(_header(key, fingerprint), nl=False)
    elif as_json:
        print_json({"path": str(path.absolute()), "fingerprint": fingerprint, "is_new": is_new})
    else:
        click.echo(f"{path}: {'a new key' if is_new else 'the key'} {fingerprint}")
        click.echo(
            f"for the device:  ecgctl device key {path} --header > ecg_key.h, in its firmware"
        )
        click.echo(f'for the gateway: key_file = "{path.absolute()}" in [patients.device]')
        click.echo("The daemon's user must own the file. One key belongs to one device.")


def _make(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(os.urandom(16).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SourceError(
            f"key file {path} cannot be made: {error.strerror or error}",
            "Name a file in a directory that exists and is yours",
        ) from error


def _header(key: bytes, fingerprint: str) -> str:
    digits = ", ".join(f"0x{byte:02x}" for byte in key)
    return (
        f"// Key {fingerprint} of one device. Secret: keep it out of every repository.\n"
        "#pragma once\n"
        f"#define ECG_KEY {digits}\n"
    )
