"""Paper: what a report for a clinician looks like, as shapes that anything can draw."""
