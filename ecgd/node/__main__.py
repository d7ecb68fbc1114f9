"""``python -m ecgd.node``."""

from __future__ import annotations

import sys

from ecgd.node.program import main

sys.exit(main())
