"""``python -m ecgd.evaluation``: see scripts/evaluate."""

import sys

from ecgd.evaluation.program import main

if __name__ == "__main__":
    sys.exit(main())
