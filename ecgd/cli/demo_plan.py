"""What a demo starts, and where its files lie."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from ecgd.config.places import SOCKET_NAME
from ecgd.config.settings import (
    DaemonSettings,
    GpioSettings,
    PatientSettings,
    Settings,
    StoreSettings,
    WebhookSettings,
)
from ecgd.errors import AlreadyRunningError, ConfigError, ConfigProblem, ControlError, EcgdError

MARKER: Final = ".ecgd-demo"
"""Its presence says that a directory is a demo's and may be emptied."""

_SECRET_BYTES: Final = 32
_SOCKET_PATH_MAX_BYTES: Final = 107


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a demo needs to know; all paths are absolute."""

    config: Path
    source: str
    state_dir: Path
    runtime_dir: Path
    database: Path
    log: Path
    pulse_log: Path
    secret_file: Path
    link: Path
    baud: int
    host: str
    port: int

    @property
    def socket(self) -> Path:
        return self.runtime_dir / SOCKET_NAME

    def node_command(self) -> list[str]:
        """Return the command line of the simulated device."""
        named = ("--source", self.source, "--link", str(self.link), "--baud", str(self.baud))
        return [sys.executable, "-m", "ecgd.node", *named, "--seed", "1"]

    def daemon_command(self) -> list[str]:
        """Return the command line of the daemon."""
        named = ("--config", str(self.config), "--state-dir", str(self.state_dir))
        return [sys.executable, "-m", "ecgd.service", *named]

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the children's environment: systemd's own variables are not theirs."""
        dropped = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM")
        kept = {name: value for name, value in environ.items() if name not in dropped}
        return kept | {"RUNTIME_DIRECTORY": str(self.runtime_dir), "PYTHONUNBUFFERED": "1"}


def make_plan(config: Path, recording: str, state_dir: Path) -> Plan:
    """Read the configuration and return what to start.

    The daemon checks its configuration itself; here only a wrong one is looked at closely, for
    the full check loads much that would delay the start. Raises ConfigError, with every problem,
    when it is wrong or not one for a demo.
    """
    try:
        return _plan(config, _unchecked(config), recording, state_dir.absolute())
    except (OSError, ValueError, TypeError, AttributeError):
        from ecgd.service.settings import load_settings  # noqa: PLC0415

        return _plan(config, load_settings(config), recording, state_dir.absolute())


def _unchecked(config: Path) -> Settings:
    data = tomllib.loads(config.read_text(encoding="utf-8"))
    return Settings(
        daemon=DaemonSettings(**data.get("daemon", {})),
        gpio=GpioSettings(**data.get("gpio", {})),
        store=StoreSettings(**data.get("store", {})),
        webhooks=tuple(WebhookSettings(**table) for table in data.get("webhooks", ())),
        patients=tuple(PatientSettings(**table) for table in data.get("patients", ())),
    )


def _plan(config: Path, settings: Settings, recording: str, state_dir: Path) -> Plan:
    webhook = _checked_webhook(config, settings)
    address = urlsplit(webhook.url)
    source = urlsplit(settings.patients[0].source)
    return Plan(
        config=config.absolute(),
        source=source_url(recording),
        state_dir=state_dir,
        runtime_dir=_runtime_dir(state_dir),
        database=state_dir / settings.store.file_name,
        log=state_dir / (settings.daemon.log_file or "ecgd.out"),
        pulse_log=state_dir / settings.gpio.pulse_log,
        secret_file=state_dir / webhook.secret_file,
        link=state_dir / source.path,
        baud=_baud(source.query),
        host=address.hostname or "127.0.0.1",
        port=address.port or 80,
    )


def source_url(recording: str) -> str:
    """Return the URL of what the device sends; a path is a recording that is repeated."""
    if recording.startswith(("replay:", "synthetic:")):
        return recording
    return f"replay:{quote(str(Path(recording).absolute()))}?loop=true"


def _baud(query: str) -> int:
    for option in query.split("&"):
        name, _, value = option.partition("=")
        if name == "baud" and value.isdecimal():
            return int(value)
    return 9600


def _checked_webhook(config: Path, settings: Settings) -> WebhookSettings:
    problems = []
    targets = [webhook for webhook in settings.webhooks if webhook.test_target]
    if not settings.daemon.simulated:
        problems.append(("daemon.simulated", "a demo's alerts are simulated: set it to true"))
    if len(settings.patients) != 1 or not settings.patients[0].source.startswith("serial:"):
        problems.append(("patients", "a demo has one patient, whose source is serial:"))
    if settings.gpio.factory != "mock" or not settings.gpio.pulse_log:
        problems.append(("gpio", 'a demo needs factory = "mock" and a pulse_log'))
    if not targets or not _is_local(targets[0].url) or not targets[0].secret_file:
        problems.append(
            ("webhooks", "a demo needs a test_target at http://127.0.0.1:PORT with a secret_file")
        )
    if problems:
        found = tuple(ConfigProblem(key, None, what) for key, what in problems)
        raise ConfigError(str(config), found)
    return targets[0]


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")


def _runtime_dir(state_dir: Path) -> Path:
    """Return the state directory, or a short one where a socket's path would be too long."""
    if len(os.fsencode(state_dir / SOCKET_NAME)) <= _SOCKET_PATH_MAX_BYTES:
        return state_dir
    return Path(tempfile.gettempdir()) / f"ecgd-demo-{os.getuid()}"


def prepare(plan: Plan) -> bytes:
    """Empty the state directory, write a fresh secret, and return the secret.

    Raises ControlError when the directory is not a demo's, AlreadyRunningError when one runs.
    """
    _refuse_running(plan)
    _empty(plan.state_dir)
    try:
        plan.runtime_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = secrets.token_bytes(_SECRET_BYTES)
        text = f"whsec_{base64.b64encode(secret).decode()}\n"
        with open(os.open(plan.secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:  # noqa: PTH123 - a Path cannot open with a mode
            f.write(text)
    except OSError as wrong:
        raise _unusable(plan.state_dir, wrong) from wrong
    return secret


def _refuse_running(plan: Plan) -> None:
    from ecgd.cli.client import Client, UnreachableError  # noqa: PLC0415

    try:
        Client(plan.socket, timeout_s=1.0).get("/v1/health")
    except UnreachableError:
        return
    except EcgdError:
        pass
    raise AlreadyRunningError(
        f"a demo runs already: somebody listens on {plan.socket}",
        "end it with Ctrl-C in its terminal, or give this one another --state-dir",
    )


def _empty(directory: Path) -> None:
    try:
        if directory.exists() and any(directory.iterdir()):
            if not (directory / MARKER).is_file():
                raise ControlError(
                    f"{directory} is not empty and not a demo's directory",
                    "give --state-dir an empty directory, or one that does not exist",
                )
            shutil.rmtree(directory)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / MARKER).touch()
    except OSError as wrong:
        raise _unusable(directory, wrong) from wrong


def _unusable(directory: Path, wrong: OSError) -> EcgdError:
    return EcgdError(
        f"cannot use {directory} for the demo: {wrong.strerror or wrong}",
        "give --state-dir a directory that this user may write to",
    )
