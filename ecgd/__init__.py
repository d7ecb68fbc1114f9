"""ecgd: a heart-monitor gateway for six-limb-lead ECG devices."""

__version__ = "0.1.0"
