"""How alarms do on recorded vitals: what the rules raise, what bare limits would, and whether anything is missed."""
