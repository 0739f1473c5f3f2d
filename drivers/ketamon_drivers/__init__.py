"""Built-in device drivers: one file tells all about one device."""
