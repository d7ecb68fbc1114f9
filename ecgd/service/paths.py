"""Where relative paths of the configuration lead: into the state directory."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from ecgd.config.fleet import MqttSettings
from ecgd.config.places import runtime_dir, socket_path, state_dir
from ecgd.config.settings import PatientSettings, Settings, WebhookSettings
from ecgd.errors import EcgdError


@dataclass(frozen=True, slots=True)
class Places:
    """The directories of a running daemon."""

    state_dir: Path
    socket_path: Path
    database_path: Path
    config_path: Path | None = None


def find_places(settings: Settings, environ: os._Environ[str]) -> Places:
    """Make the state and runtime directories, and say where everything lies.

    Raises EcgdError when a directory cannot be made or written. A disk that became read-only is
    no reason to stay away from the patient: what cannot be stored is an alarm of its own.
    """
    daemon = settings.daemon
    state = state_dir(environ, daemon.state_dir).expanduser().absolute()
    runtime = runtime_dir(environ, daemon.runtime_dir, str(state)).expanduser().absolute()
    for directory in (state, runtime):
        _make(directory)
    socket = socket_path(environ, str(runtime), str(state))
    return Places(state, socket, state / settings.store.file_name)


def resolve_paths(settings: Settings, base: Path, credentials_dir: str = "") -> Settings:
    """Return the settings with every relative path made absolute under ``base``.

    A secret that systemd put into ``credentials_dir`` keeps its bare name: it is found by that.
    """
    return replace(
        settings,
        daemon=replace(settings.daemon, log_file=_under(base, settings.daemon.log_file)),
        gpio=replace(settings.gpio, pulse_log=_under(base, settings.gpio.pulse_log)),
        fault_light=replace(
            settings.fault_light,
            socket=_under(base, settings.fault_light.socket),
            pulse_log=_under(base, settings.fault_light.pulse_log),
        ),
        ensemble=replace(settings.ensemble, models_dir=_under(base, settings.ensemble.models_dir)),
        mqtt=_mqtt(settings.mqtt, base, credentials_dir),
        heartbeat=replace(
            settings.heartbeat,
            url_file=_secret(base, settings.heartbeat.url_file, credentials_dir),
            ca_file=_under(base, settings.heartbeat.ca_file),
        ),
        webhooks=tuple(_webhook(target, base, credentials_dir) for target in settings.webhooks),
        patients=tuple(resolve_patient(patient, base) for patient in settings.patients),
    )


def _webhook(target: WebhookSettings, base: Path, credentials_dir: str) -> WebhookSettings:
    return replace(
        target,
        secret_file=_secret(base, target.secret_file, credentials_dir),
        previous_secret_file=_secret(base, target.previous_secret_file, credentials_dir),
        ca_file=_under(base, target.ca_file),
    )


def _mqtt(settings: MqttSettings, base: Path, credentials_dir: str) -> MqttSettings:
    return replace(
        settings,
        password_file=_secret(base, settings.password_file, credentials_dir),
        ca_file=_under(base, settings.ca_file),
        certificate_file=_under(base, settings.certificate_file),
        key_file=_under(base, settings.key_file),
    )


def resolve_patient(patient: PatientSettings, base: Path) -> PatientSettings:
    """Return a patient whose paths are absolute, under ``base`` where they were relative."""
    if patient.device.key_file:
        key_file = _under(base, patient.device.key_file)
        patient = replace(patient, device=replace(patient.device, key_file=key_file))
    patient = replace(patient, pin_file=_under(base, patient.pin_file))
    parts = urlsplit(patient.source)
    if parts.scheme not in ("serial", "replay") or not parts.path or parts.path.startswith("/"):
        return patient
    # Not urlunsplit: it would write an absolute path with an empty host in two ways.
    query = f"?{parts.query}" if parts.query else ""
    path = Path(unquote(parts.path)).expanduser()
    source = f"{parts.scheme}://{quote(str(base / path))}{query}"
    return replace(patient, source=source)


def _secret(base: Path, name: str, credentials_dir: str) -> str:
    is_credential = credentials_dir and name and "/" not in name
    if is_credential and Path(credentials_dir, name).is_file():
        return name
    return _under(base, name)


def _under(base: Path, name: str) -> str:
    return str(base / Path(name).expanduser()) if name else ""


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise EcgdError(
            f"cannot make the directory {directory}: {error.strerror}",
            "Name another with --state-dir, or give this user the right to it",
        ) from error
    if not os.access(directory, os.W_OK | os.X_OK) and not _is_read_only_disk(directory):
        raise EcgdError(
            f"cannot write in {directory}",
            "Name another with --state-dir, or give this user the right to it",
        )


def _is_read_only_disk(directory: Path) -> bool:
    return bool(os.statvfs(directory).f_flag & os.ST_RDONLY)
