"""Floor 0: the frozen values that travel between the rooms."""
