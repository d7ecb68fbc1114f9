"""Floor 5: accuracy, measured on annotated databases (``scripts/evaluate``, extra ``eval``)."""
