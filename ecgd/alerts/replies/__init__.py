"""Answers of people: heard by connections that the gateway opens, as it stands behind NAT."""
