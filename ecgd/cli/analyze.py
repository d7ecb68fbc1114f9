"""ecgctl analyze: the daemon's own analysis over recordings."""

from __future__ import annotations

import math
from pathlib import Path

import click

from ecgd.cli.exit_codes import ExitCode


def _lead_names(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(","))
    if not all(names):
        raise click.BadParameter(f"{value!r} names an empty lead; write I,II", ctx, param)
    return names


def _finite(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("give a number", ctx, param)
    return value


@click.command()
@click.argument(
    "paths", metavar="[PATH...]", nargs=-1, required=False, type=click.Path(path_type=Path)
)
@click.option(
    "--fs", "fs_hz", type=click.FloatRange(min=1), help="Sampling rate in Hz (.npy, .csv)."
)
@click.option(
    "--leads", callback=_lead_names, metavar="I,II", help="Leads to take, or their names in order."
)
@click.option("--unit", type=click.Choice(["uV", "mV"]), help="Unit of the samples.")
@click.option(
    "--highpass",
    "highpass_hz",
    type=click.FloatRange(0, 10),
    callback=_finite,
    metavar="HZ",
    help="High-pass corner of what recorded it; above 0.05 Hz no ST level is told.",
)
@click.option(
    "--hold-off",
    "hold_off_s",
    type=click.FloatRange(0, 1800),
    callback=_finite,
    metavar="S",
    help="Seconds that evidence must last for an alarm, of every kind.  [default: as configured]",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Thresholds and hold-offs of this configuration.  [default: the built-in ones]",
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Key of the device whose sealed bytes were recorded (.ecgdbytes).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines for programs.")
@click.option(
    "--annotations",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write WFDB annotation files there: beats, and waves per lead.",
)
@click.option(
    "--features",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Write the feature vector of every window there, one row each.",
)
@click.option(
    "--st-levels",
    "st_levels",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge a table of ST levels instead: time_s, I, II, III, aVR, aVL, aVF, one beat a row.",
)
@click.pass_context
def analyze(
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    fs_hz: float | None,
    leads: tuple[str, ...] | None,
    unit: str | None,
    highpass_hz: float | None,
    hold_off_s: float | None,
    config: Path | None,
    key_file: Path | None,
    as_json: bool,
    annotations: Path | None,
    features: Path | None,
    st_levels: tuple[Path, ...],
) -> None:
    """Analyse recordings exactly as the daemon analyses a device.

    PATH is a WFDB record (its .hea, its .dat or the name without either), an EDF or EDF+ file, a
    table (.csv, .tsv, .txt), a .npy array of shape (lead, sample), a byte recording (.ecgdbytes),
    or a directory, which means the recordings in it.
    """
    if st_levels:
        given = (
            *(paths, fs_hz, leads, unit, highpass_hz),
            *(hold_off_s, key_file, annotations, features),
        )
        if any(each not in (None, ()) for each in given):
            raise click.UsageError("--st-levels goes with --config and --json only")
        from ecgd.cli.st_levels_run import judge_files  # noqa: PLC0415 - numpy is slow to load

        if judge_files(st_levels, config, as_json=as_json):
            ctx.exit(ExitCode.ERROR)
        return
    if not paths:
        raise click.UsageError("Missing argument 'PATH...': name a recording, or --st-levels FILE")
    from ecgd.cli import analysis_run as run  # noqa: PLC0415 - numpy and scipy are slow to load

    settings = run.settings_of(config, hold_off_s)
    requests = run.requests_of(
        paths,
        fs_hz=fs_hz,
        leads=leads,
        unit=unit,
        highpass_hz=highpass_hz,
        features=features is not None,
        key_file=key_file,
    )
    watchers = run.watchers_of(
        requests, as_json=as_json, annotations=annotations, features=features
    )
    if run.analyse_all(requests, settings, watchers):
        ctx.exit(ExitCode.ERROR)
