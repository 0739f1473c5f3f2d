"""Recorded streams: what entered a chair, byte for byte, with its time."""
