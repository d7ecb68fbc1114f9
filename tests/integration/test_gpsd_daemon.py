"""Where the gateway is: a real gpsd, and to whom the daemon tells what it says."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from daemon_process import Daemon, Receiver, config, node, receiving, wait_for
from gps_receiver import gps_receiver

from ecgd.config.location import LocationSettings
from ecgd.service.whereabouts import Whereabouts

pytestmark = pytest.mark.debian("gpsd")

PEOPLE = """
[location]
source = "gpsd"
host = "127.0.0.1"
port = {port}
[[patients]]
id = "bert"
name = "Bert Miller"
label = "bed 2"
source = "serial:///dev/none"
[[webhooks]]
name = "berta"
url = "{berta}"
secret_file = "secret"
[[webhooks]]
name = "centre"
url = "{centre}"
secret_file = "secret"
[[contacts]]
id = "berta"
channels = ["berta"]
[[contacts]]
id = "centre"
role = "service"
channels = ["centre"]
"""


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body)["data"] for body in receiver.bodies()]


async def _until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not look():
            await asyncio.sleep(0.05)


def test_a_position_comes_goes_and_comes_back_with_gpsd() -> None:
    with gps_receiver() as receiver:
        settings = LocationSettings(source="gpsd", host="127.0.0.1", port=receiver.port)
        place = Whereabouts(settings)

        def healthy() -> bool:
            health = place.health()
            return health is not None and health.healthy

        async def live() -> None:
            task = asyncio.create_task(place.run())
            await _until(healthy)
            position = place.position()
            assert position is not None
            assert position.latitude_deg == pytest.approx(52.52, abs=1e-6)
            assert position.longitude_deg == pytest.approx(13.405, abs=1e-6)
            assert position.accuracy_m is not None
            assert position.accuracy_m < 50.0
            receiver.stop()
            await _until(lambda: not healthy())
            assert place.position() is not None, "it is as true as a moment ago, and grows old"
            receiver.start()
            await _until(healthy)
            receiver.fix = False
            await _until(lambda: (place.position() or position).age_s > 1.5)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(live())


def test_who_is_sent_out_is_told_where_and_no_disk_keeps_it(tmp_path: Path) -> None:
    with gps_receiver() as receiver, receiving() as berta, receiving() as centre:
        people = PEOPLE.format(port=receiver.port, berta=berta.url, centre=centre.url)
        daemon = Daemon(tmp_path, config(stemi_s=5.0, more=people))
        try:
            with node(tmp_path):
                daemon.start()
                wait_for(lambda: told(centre), f"the centre: {daemon.said()}")
                wait_for(lambda: told(berta), "the contact")
                status = daemon.status()
        finally:
            daemon.end()
        position = told(centre)[0]["position"]
        assert position["geo_uri"].startswith("geo:52.52000,13.40500;u=")
        assert position["map_url"].endswith("?mlat=52.52000&mlon=13.40500")
        assert position["age_s"] < 5.0
        assert told(centre)[0]["patient_number"] == 1
        assert "Bert Miller" not in json.dumps([told(berta), told(centre)])
        for data in told(berta):
            assert not {"position", "location"} & set(data), "nobody else is told where"
        assert status is not None
        words = {part["part"]: part["detail"] for part in status["parts"]}
        assert words["location"].startswith("position known within ")
        assert "nobody outside notices when the gateway itself dies" in words["setup"]
        assert [each["called"] for each in status["patients"]] == ["patient 1", "bed 2"]
        log = (daemon.state_dir / "ecgd.log").read_text()
        assert "WARNING  nobody outside notices when the gateway itself dies" in log
        assert "52.5" not in json.dumps(status)
        time.sleep(0.1)
        for path in daemon.state_dir.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert b"52.52000" not in content, path
                assert b"13.405" not in content, path
