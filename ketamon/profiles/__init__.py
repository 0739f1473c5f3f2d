"""The clinical profile: the shipped one, and the loader that refuses whatever it must not say."""

from ketamon.profiles.loader import load, loads

__all__ = ["load", "loads"]
