"""``python -m ecgd.fault_light``: the fault light."""

from __future__ import annotations

import sys

from ecgd.fault_light.main import main

sys.exit(main())
