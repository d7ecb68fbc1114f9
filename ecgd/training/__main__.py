"""``python -m ecgd.training``: what ``scripts/train`` runs."""

import sys

from ecgd.training.program import main

if __name__ == "__main__":
    sys.exit(main())
