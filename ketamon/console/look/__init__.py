"""Colours, signs, and what is written to the terminal."""
