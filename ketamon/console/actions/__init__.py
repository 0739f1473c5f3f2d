"""What a person can do, as tables, and the keys it has."""
