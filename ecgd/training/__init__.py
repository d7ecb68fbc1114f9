"""Training of the quantised ensemble (extra ``train``): never on the daemon's path."""
