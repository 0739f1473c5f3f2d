"""The only place with file descriptors and clocks."""
