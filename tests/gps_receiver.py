"""A real gpsd on a private port, and a satellite receiver: NMEA on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce

from mosquitto_broker import free_port

GPSD = "/usr/sbin/gpsd"


def sentence(body: str) -> bytes:
    """Return a line of NMEA 0183 with its checksum."""
    checksum = reduce(lambda sum_, char: sum_ ^ ord(char), body, 0)
    return f"${body}*{checksum:02X}\r\n".encode()


def moment(second: int, *, fix: bool = True) -> bytes:
    """Return what a receiver at 52° 31.2' N, 13° 24.3' E says of one second."""
    time = f"12{second // 60 % 60:02d}{second % 60:02d}.00"
    if not fix:
        return (
            sentence(f"GPGGA,{time},,,,,0,00,99.9,,,,,,")
            + sentence("GPGSA,A,1,,,,,,,,,,,,,99.9,99.9,99.9")
            + sentence(f"GPRMC,{time},V,,,,,,,010626,,")
        )
    return (
        sentence(f"GPGGA,{time},5231.2000,N,01324.3000,E,1,08,0.9,34.0,M,44.0,M,,")
        + sentence("GPGSA,A,3,04,05,09,12,24,25,29,31,,,,,1.5,0.9,1.2")
        + sentence(f"GPRMC,{time},A,5231.2000,N,01324.3000,E,000.0,000.0,010626,,")
    )


class GpsReceiver:
    """gpsd and its receiver; ``fix`` may be taken away, and gpsd stopped and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.fix = True
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self._device = os.ttyname(self._slave)
        os.chmod(self._device, 0o666)  # noqa: PTH101 - gpsd gives up root before it opens it
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [GPSD, "-N", "-n", "-b", "-S", str(self.port), self._device]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def close(self) -> None:
        self.stop()
        self._ended.set()
        self._thread.join(timeout=5)
        os.close(self._master)
        os.close(self._slave)

    def _talk(self) -> None:
        """Ten seconds go by in one, so that nobody has to wait for gpsd to believe it."""
        second = 0
        os.set_blocking(self._master, False)
        while not self._ended.wait(0.1):
            second += 1
            try:
                os.write(self._master, moment(second, fix=self.fix))
            except BlockingIOError:
                continue  # nobody reads: gpsd is stopped


@contextmanager
def gps_receiver() -> Iterator[GpsReceiver]:
    receiver = GpsReceiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.close()
