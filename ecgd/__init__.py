"""ecgd: a heart-monitor gateway for six-limb-lead ECG devices."""

import os

__version__ = "0.1.0"

# A window is too small to share among threads: waking them costs more than they save, and numpy
# reads this once, when it loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
