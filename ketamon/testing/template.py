"""A new driver as a package of its own: one worked frame, its simulator, and the contract suite that holds it."""

import re
from importlib.resources import files
from pathlib import Path

from ketamon.errors import SourceError, UsageError

_FILES = {
    "README.md.txt": "README.md",
    "pyproject.toml.txt": "pyproject.toml",
    "driver.py.txt": "ketamon_{module}/__init__.py",
    "test_driver.py.txt": "tests/test_{module}.py",
}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def write(name: str, folder: Path) -> list[Path]:
    """Write the package for a driver called `name` into a new folder `ketamon-<name>`; return its files.

    Raises `UsageError` for a name that cannot be an id, `SourceError` where the folder exists or cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"“{name}” cannot be a driver's name; write small letters, digits and hyphens, as in acme-200")
    module = name.replace("-", "_")
    root = folder / f"ketamon-{name}"
    written = []
    try:
        root.mkdir(parents=True)
        for source, target in _FILES.items():
            text = (files("ketamon.testing") / "template" / source).read_text("utf-8")
            path = root / target.format(module=module)
            path.parent.mkdir(exist_ok=True)
            path.write_text(_named(text, name, module), "utf-8")
            written.append(path)
    except OSError as error:
        raise SourceError(f"{root} cannot be made: {error.strerror}") from error
    return written


def _named(text: str, name: str, module: str) -> str:
    """Put the name where the template has its own: as a class, as a module, as an id."""
    camel = "".join(part.capitalize() for part in name.split("-"))
    names = {"ACMEDriver": f"{camel}Driver", "ACMESimulator": f"{camel}Simulator", "ketamon_acme": f"ketamon_{module}"}
    return re.sub("ACMEDriver|ACMESimulator|ketamon_acme|acme|ACME", lambda m: names.get(m[0], name), text)
