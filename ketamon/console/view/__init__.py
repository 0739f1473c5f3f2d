"""What a screen draws, as immutable values: every text and state, decided before a widget is touched. Pure."""
