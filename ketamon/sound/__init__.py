"""How alarms sound: the patterns, their waves, when which is due, and the programs that play them."""
