"""What follows from what was said. Pure functions: no clock, no files, no state of their own."""
