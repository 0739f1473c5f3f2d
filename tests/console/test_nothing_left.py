"""What comes and goes on the screen leaves nothing behind: a console runs for days."""

import gc
from collections import Counter

from console.chairs import infusing
from console.pilot import console

WARM_UP = 2
VALUES = tuple(f"textual.{name}." for name in ("geometry", "box_model", "strip", "cache", "layout", "_spatial_map"))
"""Plain values that Textual keeps in caches of a fixed size, and those caches.

Each widget keeps where its children were in its last four layouts. Each strip has seven caches; how many strips there
are depends on what happens to be painted, and not on what went on before.
A cache lives as long as its widget or strip, and widgets are counted.
"""


def alive() -> Counter:
    """Count the objects of the screen by their class."""
    gc.collect()
    names = (f"{type(thing).__module__}.{type(thing).__qualname__}" for thing in gc.get_objects())
    return Counter(name for name in names if name.startswith(("textual", "ketamon")) and not name.startswith(VALUES))


async def left_over(desk, do, rounds: int) -> dict[str, int]:
    """Do something again and again; return what there is more of for every other time."""
    for _ in range(WARM_UP):
        await do()
    await desk.settle()
    before = alive()
    for _ in range(rounds):
        await do()
    await desk.settle()
    return {name: count for name, count in (alive() - before).items() if 2 * count >= rounds}


async def test_two_hundred_moves_of_the_focus_leave_nothing_over():
    async with console(infusing(), paint=True) as desk:
        await desk.press("v")
        been = set()

        async def twenty_moves():
            for _ in range(19):
                desk.app.screen.focus_next()
            await desk.press("tab")
            been.add(desk.app.focused.id)

        assert await left_over(desk, twenty_moves, 10) == {}
        assert len(been) > 2


async def test_panels_that_open_and_close_leave_nothing_over():
    async with console(infusing(), paint=True) as desk:

        async def open_and_close():
            for name in ("observe", "check_in", "help"):
                await desk.app.screen.open(name)
                await desk.pilot.pause()
                await desk.pilot.press("escape")
                assert not desk.app.screen._open

        assert await left_over(desk, open_and_close, 5) == {}


async def test_a_hundred_seconds_leave_nothing_over():
    async with console(infusing(), paint=True) as desk:

        async def second():
            desk.feed.chair.t += 1
            desk.feed.chair.vitals(spo2=95 + desk.feed.chair.t % 3)
            desk.feed.tick()
            await desk.look()

        assert await left_over(desk, second, 100) == {}
