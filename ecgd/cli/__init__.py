"""ecgctl: look at the running daemon, analyse recordings, show what the gateway does."""
