"""The clinical profile: the shipped ones, and the loader that refuses whatever one must not say."""

from ketamon.profiles.loader import find, load, loads, names

__all__ = ["find", "load", "loads", "names"]
