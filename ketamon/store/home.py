"""Where ketamon keeps its data and its configuration on this computer."""

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
    return _xdg(environ, "XDG_DATA_HOME", home / ".local" / "share")


def config_file(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the file of the configuration: in `$KETAMON_HOME`, else where the platform wants it."""
    apart = not environ.get("KETAMON_HOME") and platform not in ("win32", "darwin")
    folder = _xdg(environ, "XDG_CONFIG_HOME", Path.home() / ".config") if apart else data_dir(environ, platform)
    return folder / "config.toml"


def themes_dir() -> Path:
    """Return the folder of the user's own themes, beside the configuration."""
    return config_file().parent / "themes"


def keys_file() -> Path:
    """Return the file of the user's own keys, beside the configuration."""
    return config_file().parent / "keys.toml"


def _xdg(environ: Mapping[str, str], name: str, usual: Path) -> Path:
    """Return ketamon's folder below `$name`; one that is not absolute counts as unset (XDG Base Directory 0.8)."""
    chosen = environ.get(name, "")
    return (Path(chosen) if chosen.startswith("/") else usual) / "ketamon"
