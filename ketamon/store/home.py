"""Where ketamon keeps its data on this computer."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def data_dir(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return where ketamon keeps its data: `$KETAMON_HOME`, else where the platform wants it."""
    home = Path.home()
    if chosen := environ.get("KETAMON_HOME"):
        return Path(chosen).expanduser()
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "ketamon"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "ketamon"
    xdg = environ.get("XDG_DATA_HOME", "")  # one that is not absolute counts as unset (XDG Base Directory 0.8)
    return (Path(xdg) if xdg.startswith("/") else home / ".local" / "share") / "ketamon"
