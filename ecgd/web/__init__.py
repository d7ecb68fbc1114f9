"""The control socket: a versioned HTTP API for ecgctl and the page."""
