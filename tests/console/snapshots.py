"""Pictures of the screen as text, with a sum of the colours of each theme; kept in files and held against the screen.

`KETAMON_SNAPSHOTS=new` makes the files anew. Look at what changed before you keep it: `git diff`, and the SVG that a
failing test has written.
"""

import os
from collections.abc import Mapping
from difflib import unified_diff
from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"
MIDDLE = (120, 36)
SIZES = ((80, 24), MIDDLE, (160, 48))


def path_of(scene: str, size: tuple[int, int]) -> Path:
    return FOLDER / f"{size[0]}x{size[1]}" / f"{scene}.txt"


@cache
def _look(style) -> tuple[str, str]:
    """Say what a blank and any other sign of a style look like: of a blank only what is behind it shows."""
    behind = style.bgcolor.name if style.bgcolor else ""
    return behind, f"{behind} {style.color and style.color.name} {style.without_color}"


def seen(app) -> tuple[str, str]:
    """Return what stands on the screen, and a sum of how its signs look: colour, what is behind, bold or not."""
    strips = app.screen._compositor.render_strips()[: app.size.height]
    signs = [sign + _look(style)[sign != " "] for strip in strips for text, style, _ in strip for sign in text]
    return "\n".join(strip.text.rstrip() for strip in strips), sha256("".join(signs).encode()).hexdigest()[:16]


def hold(app, scene: str, text: str, looks: Mapping[str, str], kept: Path) -> None:
    """Hold the screen, and the colours of its themes, against what is kept of it; `kept` is where a picture goes."""
    path = path_of(scene, tuple(app.size))
    now = text + "\n" + "".join(f"· {theme} {look}\n" for theme, look in looks.items())
    if os.environ.get("KETAMON_SNAPSHOTS") == "new":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(now, encoding="utf-8")
        return
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if now != before:
        picture = kept / f"{scene}-{path.parent.name}.svg"
        picture.write_text(app.export_screenshot(), encoding="utf-8")
        changed = "\n".join(unified_diff(before.splitlines(), now.splitlines(), "kept", "now", lineterm="", n=1))
        raise AssertionError(f"{path.parent.name} {scene} looks different; {picture}\n{changed}")
