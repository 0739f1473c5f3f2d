"""What comes and goes on the screen leaves nothing behind: a console runs for days."""

import gc
from collections import Counter

import pytest
from console.chairs import infusing
from console.pilot import console

from ketamon.console.screens.panels import PANELS

WARM_UP = 10
VALUES = ("textual.geometry.", "textual.box_model.", "textual.strip.")
"""Plain values that Textual keeps in caches of a fixed size."""


def alive() -> Counter:
    """Count the objects of the screen by their class."""
    gc.collect()
    names = (f"{type(thing).__module__}.{type(thing).__qualname__}" for thing in gc.get_objects())
    return Counter(name for name in names if name.startswith(("textual", "ketamon")) and not name.startswith(VALUES))


async def left_over(do, rounds: int) -> dict[str, int]:
    """Do something again and again; return what there is more of for every few times."""
    for _ in range(WARM_UP):
        await do()
    before = alive()
    for _ in range(rounds):
        await do()
    return {name: count for name, count in (alive() - before).items() if count >= rounds // 5}


async def test_two_hundred_moves_of_the_focus_leave_nothing_over():
    async with console(infusing()) as desk:
        await desk.press("c")

        async def move():
            await desk.pilot.press("tab")

        assert await left_over(move, 200) == {}


@pytest.mark.parametrize("name", ["observe", "check_in", "help"])
async def test_a_panel_that_opens_and_closes_leaves_nothing_over(name):
    assert name in PANELS
    async with console(infusing()) as desk:

        async def open_and_close():
            await desk.app.screen.open(name)
            await desk.pilot.pause()
            await desk.pilot.press("escape")

        assert await left_over(open_and_close, 25) == {}


async def test_a_hundred_seconds_leave_nothing_over():
    async with console(infusing()) as desk:

        async def second():
            desk.feed.chair.t += 1
            desk.feed.chair.vitals(spo2=95 + desk.feed.chair.t % 3)
            desk.feed.tick()
            desk.app.look()
            await desk.pilot.pause()

        assert await left_over(second, 100) == {}
