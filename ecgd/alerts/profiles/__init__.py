"""How each service is told an alert and its answer is read: pure functions, a module each."""
