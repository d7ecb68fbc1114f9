"""Settings of the Bluetooth adapter."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.config.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class BluetoothSettings:
    """The adapter; which devices are allowed in is what the patients' sources say."""

    adapter: str = setting("", "the adapter that is used, as in hci0; empty: the first one")
