"""``python -m ecgd.service``: the daemon."""

from __future__ import annotations

import sys

from ecgd.service.main import main

sys.exit(main())
