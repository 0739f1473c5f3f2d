"""Make the pictures of README and docs from the shipped recordings: python docs/pictures.py."""

import asyncio
import os
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("COLORTERM", "truecolor")
os.environ.pop("NO_COLOR", None)

from ketamon import samples
from ketamon.chair import launch
from ketamon.cli.here import Computer
from ketamon.console.app import KetamonApp
from ketamon.console.front import FrontApp
from ketamon.console.here import Memory
from ketamon.console.look.glyphs import BLOCKS, BRAILLE
from ketamon.console.look.themes import ANSI, DEFAULT, THEMES
from ketamon.domain.events import Event
from ketamon.domain.fold import fold
from ketamon.domain.intents import Intent
from ketamon.domain.people import Person, Role
from ketamon.domain.profile import Profile
from ketamon.follow import Beat, Source

HERE = Path(__file__).parent
PICTURES: dict[str, tuple[int, int, float, tuple[str, ...]]] = {
    "chair": (160, 48, 33 * 60.0, ()),
    "observe": (120, 36, 33 * 60.0, ("o",)),
    "gate": (120, 36, 70 * 60.0, ("g",)),
    "chair-80x24": (80, 24, 28.6 * 60.0, ()),
    "trend": (120, 36, 70 * 60.0, ("left",) * 30),
}
"""Name: columns, rows, the moment of the session (s), the keys pressed."""
ALARMING = ("desaturation", 31.5 * 60)
"""The recording that themes are shown with, and its moment (s)."""


class Still:
    """A feed that stands at one moment; see `ketamon.follow.Feed`."""

    def __init__(self, events: list[Event], profile: Profile, at: float) -> None:
        past = [event for event in events if event.at.seconds <= at]
        self.state = fold(past)
        self.profile = profile
        self.beat: Beat | None = Beat(
            at=past[-1].at, source=Source.SIMULATED, speed=1.0, saved_s=0.2, chair="2", ended=False
        )
        self.connected, self.why, self.changes = True, "", 1

    async def run(self) -> None:
        """Stand still."""
        await asyncio.Event().wait()

    async def ask(self, _intent: Intent, _pin: str = "") -> str:
        """Do nothing."""
        return "this is a picture"


async def recording(name: str) -> tuple[list[Event], Profile]:
    """Return all events of a shipped recording."""
    core, reader = launch.replay(samples.path(name), None, float("inf"), None)
    events: list[Event] = []
    core.listeners.append(events.append)
    with reader:
        await core.run(None)
    return events, core.engine.profile


async def draw(name: str, feed: Still, size: tuple[int, int], keys: tuple[str, ...] = (), theme: str = DEFAULT) -> None:
    """Write one SVG."""
    app = KetamonApp(
        feed, staff=Person("AB", Role.NURSE), clock=lambda: 0.0, zone=UTC, theme=theme,
        glyphs=BLOCKS if theme == ANSI.name else BRAILLE,
    )  # fmt: skip
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        picture = app.export_screenshot(title="ketamon")
    (HERE / f"{name}.svg").write_text(picture, encoding="utf-8")


async def start() -> None:
    """Write the start screen as it is where nothing was ever recorded."""
    with TemporaryDirectory() as home:
        os.environ["KETAMON_HOME"] = os.environ["KETAMON_RUNTIME"] = home
        app = FrontApp(Computer(), Memory(), clock=lambda: 0.0)
        async with app.run_test(size=(120, 36)) as pilot:
            await app.workers.wait_for_complete()
            await pilot.press("d")
            await app.workers.wait_for_complete()
            await pilot.pause()
            (HERE / "start.svg").write_text(app.export_screenshot(title="ketamon"), encoding="utf-8")


async def main() -> None:
    """Write one SVG each, one of the start screen, and one for each theme: a chair in alarm."""
    await start()
    events, profile = await recording("uneventful")
    for name, (columns, rows, at, keys) in PICTURES.items():
        await draw(name, Still(events, profile, at), (columns, rows), keys)
    events, profile = await recording(ALARMING[0])
    for theme in THEMES:
        await draw(f"theme-{theme.name}", Still(events, profile, ALARMING[1]), (120, 36), theme=theme.name)


if __name__ == "__main__":
    asyncio.run(main())
