"""Floor 0: every setting, declared once with its unit, bounds and meaning."""
