"""Clinical rules as data."""
