"""Whatever bytes come in gpsd's place: a place on the earth, or none."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from ecgd.alerts.payload import with_position
from ecgd.sources.gpsd import newest_position, read_position

LOCATED = b'{"type":"ecgd.alert","data":{"location":""}}'
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
KEYS = ("class", "mode", "lat", "lon", "eph", "epx", "epy", "time", "status")
USUAL: dict[str, object] = {"class": "TPV", "mode": 3, "lat": 52.5, "lon": 13.4, "eph": 9.0}
REPORTS = st.dictionaries(st.sampled_from(KEYS), ANYTHING | st.floats(-200, 200), max_size=6)


@given(st.lists(st.binary(max_size=200) | st.binary(max_size=60).map(lambda raw: b'"TPV"' + raw)))
def test_garbage_is_no_place(lines: list[bytes]) -> None:
    assert newest_position(lines) is None


@given(REPORTS)
def test_what_is_taken_is_on_the_earth_and_can_be_told(changed: dict[str, object]) -> None:
    position = read_position(json.dumps(USUAL | changed).encode())
    if position is None:
        return
    assert abs(position.latitude_deg) <= 90.0
    assert abs(position.longitude_deg) <= 180.0
    assert position.accuracy_m is None or (0 < position.accuracy_m < math.inf)
    told = json.loads(with_position(LOCATED, position, "{latitude}{longitude}"))["data"]["position"]
    assert told["geo_uri"].startswith("geo:")


@given(st.binary(min_size=1, max_size=400), st.integers(0, 400), st.integers(0, 400))
def test_a_line_cut_anywhere_claims_nothing_it_did_not_say(
    noise: bytes, begin: int, end: int
) -> None:
    line = json.dumps(USUAL | {"time": "t"}).encode()
    found = read_position(line[:begin] + noise + line[end:])
    assert found is None or abs(found.latitude_deg) <= 90.0
