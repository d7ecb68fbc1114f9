"""The ``ecgd`` command: read the configuration, run the daemon, say how it ended."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

from ecgd import __version__
from ecgd.config.settings import Settings
from ecgd.errors import ConfigError, EcgdError
from ecgd.service.daemon import Daemon
from ecgd.service.logs import start_logs
from ecgd.service.paths import find_places, resolve_paths
from ecgd.service.settings import load_settings
from ecgd.service.signals import ignore_stray_signals

_log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits(3): a restart does not help."""


def main(arguments: list[str] | None = None) -> int:
    """Run the daemon until SIGTERM or SIGINT; return the exit status."""
    ignore_stray_signals()
    _fill_standard_files()
    options = _parser().parse_args(arguments)
    try:
        _run(_settings(options), options.config)
    except ConfigError as error:
        return _fail(error, EXIT_CONFIG)
    except EcgdError as error:
        return _fail(error, EXIT_FAILED)
    return EXIT_OK


def _run(settings: Settings, config: Path) -> None:
    places = replace(find_places(settings, os.environ), config_path=config.absolute())
    credentials_dir = os.environ.get("CREDENTIALS_DIRECTORY", "")
    settings = resolve_paths(settings, places.state_dir, credentials_dir)
    logs = start_logs(settings.daemon)
    try:
        asyncio.run(Daemon(settings, places, logs).run())
    except EcgdError:
        raise
    except Exception:
        _log.critical("an unexpected failure ends the daemon", exc_info=True)
        raise
    finally:
        logs.close()


def _fill_standard_files() -> None:
    """Open what was closed of descriptors 0 to 2: what a library prints must reach no database."""
    while (file := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(file)


def _fail(error: EcgdError, status: int) -> int:
    try:
        print(f"ecgd: {error}", file=sys.stderr)  # noqa: T201
    except OSError:
        # The status says it too, and a full or closed terminal must not change it.
        return status
    return status


def _settings(options: argparse.Namespace) -> Settings:
    settings = load_settings(options.config)
    if options.state_dir is None:
        return settings
    return replace(settings, daemon=replace(settings.daemon, state_dir=str(options.state_dir)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ecgd",
        description="Heart-monitor gateway. It supplements professional care, never replaces it.",
    )
    parser.add_argument("--config", type=Path, required=True, help="configuration file (TOML)")
    parser.add_argument("--state-dir", type=Path, help="directory of database, lock and socket")
    parser.add_argument("--version", action="version", version=f"ecgd {__version__}")
    return parser
