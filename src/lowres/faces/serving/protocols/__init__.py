"""The public protocols: what came in as values, to what goes out as values; no socket in sight."""
