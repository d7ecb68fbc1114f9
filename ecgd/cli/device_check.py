"""ecgctl device check: who is at a cable, and whether its square wave is 1 mV high."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, print_json
from ecgd.cli.words import clean

if TYPE_CHECKING:
    from ecgd.model.device import DeviceInfo, DeviceStatus
    from ecgd.service.device_check import SelfTest

_BLINK_S = 5
_UNKNOWN = "not reported by this device"


@click.command()
@click.argument("port", type=click.Path(path_type=Path))
@click.option("--baud", type=int, default=9600, show_default=True, help="The device's rate.")
@click.option("--key-file", type=click.Path(path_type=Path), help="The key of a sealed device.")
@json_option
@click.pass_context
def check(
    ctx: click.Context, port: Path, *, baud: int, key_file: Path | None, as_json: bool
) -> None:
    """Ask the device at the serial PORT who it is, and run its self test.

    The device sends a 1 mV square wave in place of the heart, whose step and period are measured;
    then its LED blinks for 5 s. Nobody may wear it meanwhile. Needs no daemon; one that uses the
    port has to be stopped. Ends with 4 where something needs a person.
    """
    from ecgd.protocol import Answer  # noqa: PLC0415 - needed by no other command
    from ecgd.service.device_check import device_check  # noqa: PLC0415 - the same
    from ecgd.sources.key_file import load_link_key  # noqa: PLC0415 - the same

    key = load_link_key(key_file) if key_file is not None else None
    with device_check(str(port), baud, key) as talk:
        if not as_json:
            click.echo(f"waiting for a device at {port} (11 s at most)", err=True)
        info = talk.meet()
        status = talk.status()
        test = talk.test(info)
        has_led = talk.identify(_BLINK_S) is Answer.OK
    doubts = _doubts(status, test)
    if as_json:
        print_json(_shape(info, status, test, doubts))
    else:
        for line in (*_device_lines(info, status), *_test_lines(test)):
            click.echo(line)
        click.echo(f"LED: {f'blinks for {_BLINK_S} s' if has_led else 'it has none that blinks'}")
        click.echo("\n".join(f"! {doubt}" for doubt in doubts) or "everything is as it should be")
    ctx.exit(ExitCode.ATTENTION if doubts else ExitCode.FINE)


def _device_lines(info: DeviceInfo, status: DeviceStatus | None) -> list[str]:
    high, low, reach = info.highpass_hz, info.lowpass_hz, info.input_range_mv
    lines = [
        f"device: {clean(info.device_id)}, firmware {clean(info.firmware) or 'without a version'}",
        f"leads: {', '.join(info.leads)} at {info.fs_hz:g} Hz, {info.adc_bits} bits, "
        f"{info.counts_per_mv:g} counts per mV",
        f"front end: {_figure(high, 'Hz')} to {_figure(low, 'Hz')}, ± {_figure(reach, 'mV')}: "
        + _st_words(info),
    ]
    if status is None:
        return lines
    battery = _UNKNOWN if status.battery_mv is None else f"{status.battery_mv / 1000:.2f} V"
    off = status.electrodes_off
    electrodes = _UNKNOWN if off is None else (", ".join(sorted(off)) + " off" if off else "on")
    cause = (status.reset_cause or _UNKNOWN).replace("_", " ")
    return [*lines, f"battery: {battery}", f"electrodes: {electrodes}", f"last reset: {cause}"]


def _st_words(info: DeviceInfo) -> str:
    from ecgd.features.st import (  # noqa: PLC0415 - needed by no other command
        HIGHPASS_LIMIT_HZ,
        LOWPASS_LIMIT_HZ,
    )

    high, low = info.highpass_hz, info.lowpass_hz
    if high is None:
        return "whether ST can be measured is not known"
    bends = high > HIGHPASS_LIMIT_HZ or (low is not None and low < LOWPASS_LIMIT_HZ)
    return "ST cannot be measured" if bends else "ST can be measured"


def _figure(value: float | None, unit: str) -> str:
    return "?" if value is None else f"{value:g} {unit}"


def _test_lines(test: SelfTest) -> list[str]:
    where = {1: "before the amplifier", 2: "behind the amplifier: it is not tested"}
    entry = where.get(test.point or 0, "where it enters is not told")
    lines = [f"self test: {test.answer.name.lower().replace('_', ' ')}, {entry}"]
    for wave in test.waves:
        period = "no period" if wave.period_s is None else f"every {wave.period_s:.2f} s"
        verdict = "right" if wave.is_right else "WRONG"
        step = f"{wave.step_mv:.2f} mV from edge to edge"
        lines.append(f"  lead {wave.lead}: {step}, {period}: {verdict}")
    return lines


def _doubts(status: DeviceStatus | None, test: SelfTest) -> list[str]:
    doubts = []
    if status is None:
        doubts.append("no status came: the line loses packets, or another rate is set")
    elif status.overrun_count:
        doubts.append(f"{status.overrun_count} packets did not fit on the line")
    if not test.is_right:
        doubts.append("the self test is not right: do not use this device on a person")
    return doubts


def _shape(
    info: DeviceInfo, status: DeviceStatus | None, test: SelfTest, doubts: list[str]
) -> dict[str, Any]:
    told = None
    if status is not None:
        told = asdict(status)
        for name in ("electrodes_off", "electrodes_sensed"):
            told[name] = None if told[name] is None else sorted(told[name])
    return {
        "device": asdict(info),
        "status": told,
        "self_test": {
            "answer": test.answer.name,
            "point": None if test.point is None else test.point.name,
            "waves": [{**asdict(wave), "is_right": wave.is_right} for wave in test.waves],
            "is_right": test.is_right,
        },
        "doubts": doubts,
    }
