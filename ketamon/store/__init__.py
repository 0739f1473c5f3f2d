"""The durable record of a session: SQLite, append-only, chained."""
