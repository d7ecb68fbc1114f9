"""The real daemon and a device with a key: only its packets count, over restarts of either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon_process import Daemon, config, node, wait_for

from ecgd.sources.byte_log import ByteLogReader, ByteLogWriter, Direction

KEY = "00112233445566778899aabbccddeeff"
DEVICE = '[patients.device]\nkey_file = "anna.key"\n'
SILENT = "link_lost_s = 1.0\n"


@contextmanager
def daemon_of(directory: Path) -> Iterator[Daemon]:
    text = config(more=DEVICE).replace("stemi_s =", SILENT + "stemi_s =")
    daemon = Daemon(directory, text)
    daemon.start()
    try:
        daemon.wait_until_up()
        yield daemon
    finally:
        daemon.end()


def write_key(directory: Path) -> str:
    path = directory / "state" / "anna.key"
    path.parent.mkdir(exist_ok=True)
    path.write_text(KEY, encoding="ascii")
    path.chmod(0o600)
    return str(path)


def wait_for_samples(daemon: Daemon, count: int = 1) -> None:
    def looks() -> bool:
        status = daemon.status()
        return bool(status and status["patients"][0]["link"]["statistics"]["samples"] >= count)

    wait_for(looks, f"{count} samples: {daemon.said()}")


def wait_until_refused(daemon: Daemon, words: str) -> None:
    def looks() -> bool:
        link = daemon.patient()["link"]
        return link["state"] in ("silent", "lost") and words in link["reason"]

    wait_for(looks, f"{words!r}, not {daemon.patient()['link']}")
    wait_for(lambda: daemon.alarms("active"), "the alarm because of the link")
    assert daemon.patient()["link"]["statistics"]["samples"] == 0


def test_a_sealed_device_is_authenticated_and_a_recording_of_it_is_refused(short_dir: Path) -> None:
    key_file, log = write_key(short_dir), short_dir / "line.ecgdbytes"
    with node(short_dir, "--key-file", key_file, "--boot", "7", "--log", str(log)):
        with daemon_of(short_dir) as daemon:
            wait_for_samples(daemon, 1000)
            assert daemon.patient()["link"]["authenticated"] is True
            first = daemon.patient()["link"]["statistics"]
            assert daemon.stop() == 0
        with daemon_of(short_dir) as daemon:
            wait_for_samples(daemon)
            assert daemon.patient()["link"]["authenticated"] is True
            assert daemon.stop() == 0
    assert first["packets"] > 0
    assert (short_dir / "state" / "link-marks.json").stat().st_mode & 0o007 == 0

    with (
        node(short_dir, source=f"replay:{before_the_end(log)}"),
        daemon_of(short_dir) as daemon,
    ):
        wait_until_refused(daemon, "a recording is played")
        assert daemon.patient()["link"]["authenticated"] is False


def before_the_end(log: Path) -> Path:
    """Return a recording of what the device sent, as a stranger would play it again and again.

    The last second is left out: the daemon had not heard all of it when it ended.
    """
    cut = log.with_name("cut.ecgdbytes")
    reader = ByteLogReader(log)
    records = [each for each in reader if each.direction is Direction.FROM_DEVICE]
    end_s = records[-1].time_s - 1.0
    writer = ByteLogWriter.create(cut, reader.header)
    for turn in range(20):
        for record in records:
            if record.time_s < end_s:
                writer.write(record.data, Direction.FROM_DEVICE, turn * end_s + record.time_s)
    writer.close()
    return cut
