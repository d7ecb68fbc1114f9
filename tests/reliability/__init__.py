"""Seeded faults against the real daemon: what was promised, what was done, what happened."""
