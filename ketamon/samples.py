"""Where the sample streams are: in an installed package beside the code, in a checkout beside the package."""

from pathlib import Path

from ketamon.errors import SourceError

SUFFIX = ".kstream"

_PACKAGE = Path(__file__).parent


def folder() -> Path:
    """Return the folder of the sample streams."""
    packaged = _PACKAGE / "sample_streams"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "sample_streams"


def names() -> list[str]:
    """Return the names of the sample streams, in order."""
    return sorted(file.stem for file in folder().glob(f"*{SUFFIX}"))


def path(name: str) -> Path:
    """Return the file of a sample stream. Raises `SourceError`, with the names there are, where it is none of them."""
    if name not in names():
        raise SourceError(f"there is no sample stream called {name}; there are: {', '.join(names()) or 'none'}")
    return folder() / f"{name}{SUFFIX}"
