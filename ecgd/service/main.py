"""The ``ecgd`` command: read the configuration, run the daemon, say how it ended."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from ecgd import __version__
from ecgd.config.settings import Settings
from ecgd.errors import EcgdError

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits(3): a restart does not help."""


def main(arguments: list[str] | None = None) -> int:
    """Run the daemon until SIGTERM or SIGINT; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(options)
    except EcgdError as error:
        print(f"ecgd: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_CONFIG
    return _run(settings)


def _run(settings: Settings) -> int:
    # What the configuration is wrong about should be said at once, before numpy has loaded.
    from ecgd.service.daemon import Daemon  # noqa: PLC0415
    from ecgd.service.logs import start_logs  # noqa: PLC0415

    logs = start_logs(settings.daemon)
    try:
        asyncio.run(Daemon(settings, os.environ).run())
    except EcgdError as error:
        print(f"ecgd: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_FAILED
    finally:
        logs.close()
    return EXIT_OK


def _settings(options: argparse.Namespace) -> Settings:
    from ecgd.service.settings import load_settings  # noqa: PLC0415

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
