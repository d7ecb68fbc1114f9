"""Floor 3: the database. One thread writes, everybody else reads."""
