"""Source URLs: what they mean, and how wrong ones are refused."""

from __future__ import annotations

import math

import pytest

from ecgd.errors import SourceError
from ecgd.sources.noise import NOISE_PRESETS, NoiseLevels
from ecgd.sources.patient import ElectrodeOff
from ecgd.sources.rhythm import Rhythm
from ecgd.sources.url import ReplayUrl, SerialUrl, SocketUrl, SyntheticUrl, parse_source


def _patient(url: str) -> SyntheticUrl:
    source = parse_source(url)
    assert isinstance(source, SyntheticUrl)
    return source


def test_a_serial_port() -> None:
    assert parse_source("serial:///dev/rfcomm0") == SerialUrl("/dev/rfcomm0", 9600)
    assert parse_source("serial:///dev/ttyUSB1?baud=57600") == SerialUrl("/dev/ttyUSB1", 57600)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("socket://192.168.1.20:2001", "192.168.1.20", 2001),
        ("socket://bridge.local:1", "bridge.local", 1),
        ("socket://[fd00::7]:65535", "fd00::7", 65535),
    ],
)
def test_a_network_connection(url: str, host: str, port: int) -> None:
    assert parse_source(url) == SocketUrl(host, port)


def test_every_problem_of_a_connection_is_named() -> None:
    with pytest.raises(SourceError) as caught:
        parse_source("socket:///dev/tty?baud=9600")
    for words in ("names no host", "names no port", "more than a host", "'baud' (known: none)"):
        assert words in str(caught.value)


def test_a_recording() -> None:
    assert parse_source("replay:/data/100.hea") == ReplayUrl("/data/100.hea")
    assert parse_source(
        "replay:rel/a%20b.npy?speed=max&loop=true&fs=500&leads=i,avf&unit=uV"
    ) == ReplayUrl("rel/a b.npy", math.inf, True, 500.0, ("I", "aVF"), "uV")
    assert parse_source("replay:/x.ecgdbytes?speed=2.5") == ReplayUrl("/x.ecgdbytes", 2.5)


def test_a_synthetic_patient() -> None:
    assert _patient("synthetic:").patient.rate_bpm == 72.0
    patient = _patient(
        "synthetic:?rate=90&rhythm=af&st=inferior:0.2@30-60&noise=strong&seed=7"
        "&electrode_off=LA@10-20,RL@5&pvc=0.1&pac=0.05"
    ).patient
    assert (patient.rate_bpm, patient.rhythm, patient.seed) == (90.0, Rhythm.AF, 7)
    assert (patient.pvc_fraction, patient.pac_fraction) == (0.1, 0.05)
    assert patient.noise == NOISE_PRESETS["strong"]
    assert patient.electrode_off == (
        ElectrodeOff("LA", 10.0, 20.0),
        ElectrodeOff("RL", 5.0, math.inf),
    )
    assert patient.st is not None
    assert (patient.st.start_s, patient.st.full_s) == (30.0, 60.0)


@pytest.mark.parametrize(
    ("rhythm", "rate_bpm"), [("bradycardia", 35.0), ("tachycardia", 160.0), ("asystole", 0.0)]
)
def test_a_rhythm_has_its_usual_rate(rhythm: str, rate_bpm: float) -> None:
    assert _patient(f"synthetic:?rhythm={rhythm}").patient.rate_bpm == rate_bpm


def test_an_st_vector_by_angle() -> None:
    st = _patient("synthetic:?st=-30:-0.15@5").patient.st
    assert st is not None
    assert (st.angle_deg, st.length_mv, st.start_s, st.full_s) == (-30.0, -0.15, 5.0, 5.0)


def test_noise_by_kind() -> None:
    noise = _patient("synthetic:?noise=wander:0.1,muscle:0.02,mains60:0.03").patient.noise
    assert noise == NoiseLevels(0.1, 0.02, 0.03, 60.0)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("pigeon:00:11", "known: bluetooth:, serial:, socket:, replay:, synthetic:"),
        ("/dev/rfcomm0", "no known kind"),
        ("", "no known kind"),
        ("replay://[", "not a URL"),
        ("serial://dev/rfcomm0", "three slashes"),
        ("serial:", "names no file"),
        ("serial:///dev/ttyS0?baud=9601", "baud=9601"),
        ("serial:///dev/ttyS0?baud=fast", "baud=fast"),
        ("serial:///dev/ttyS0?parity=E", "unknown option 'parity' (known: baud)"),
        ("socket://bridge", "names no port"),
        ("socket://bridge:0", "names no port"),
        ("socket://bridge:65536", "names no port"),
        ("socket://bridge:port", "names no port"),
        ("socket://:2001", "names no host"),
        ("socket://user@bridge:2001", "more than a host and a port"),
        ("socket://bridge:2001/path", "more than a host and a port"),
        ("socket://[::1:2001", "not a URL"),
        ("replay:/x?speed=0", "speed=0"),
        ("replay:/x?speed=nan", "speed=nan"),
        ("replay:/x?loop=yes", "loop=yes"),
        ("replay:/x?loop=true&loop=false", "given twice"),
        ("replay:/x?unit=V", "unit=V"),
        ("replay:/x?fs=inf", "fs=inf"),
        ("replay:/x?leads=I,I", "leads=I,I"),
        ("replay:/x?leads=", "leads="),
        ("replay:/x?lop=true", "known: speed, loop, fs, leads, unit"),
        ("replay:/x.ecgdbytes?loop=true", "takes no loop"),
        ("replay:%00", "names no file"),
        ("synthetic:thing", "has no path"),
        ("synthetic:?rate=500", "rate=500"),
        ("synthetic:?rhythm=vf", "one of sinus, af"),
        ("synthetic:?rhythm=asystole&rate=60", "does not go with"),
        ("synthetic:?st=inferior", "st=inferior"),
        ("synthetic:?st=upper:0.2", "one of inferior, lateral"),
        ("synthetic:?st=inferior:9", "st=inferior:9"),
        ("synthetic:?st=inferior:0.2@9-3", "st=inferior:0.2@9-3"),
        ("synthetic:?noise=loud", "one of none, mild, strong"),
        ("synthetic:?noise=hum:0.1", "noise=hum:0.1"),
        ("synthetic:?electrode_off=V1@1-2", "RA, LA, LL, RL"),
        ("synthetic:?electrode_off=LA", "electrode_off=LA"),
        ("synthetic:?seed=-1", "seed=-1"),
        ("synthetic:?pvc=0.9", "pvc=0.9"),
    ],
)
def test_a_wrong_url_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(url)
    assert words in str(caught.value)
    assert caught.value.remedy


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(SourceError) as caught:
        parse_source("synthetic:x?rate=0&rythm=af&st=?&noise=loud&seed=x&speed=-1")
    text = str(caught.value)
    for word in ("path", "rate=0", "'rythm'", "st=?", "noise=loud", "seed=x", "speed=-1"):
        assert word in text
