"""Trends and waveforms as rows of text. Pure."""
