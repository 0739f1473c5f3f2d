"""The clinical profile: the shipped ones, the loader that refuses whatever one must not say, and signatures."""

from ketamon.profiles.loader import find, load, loads, names
from ketamon.profiles.signature import sign, signature_of

__all__ = ["find", "load", "loads", "names", "sign", "signature_of"]
