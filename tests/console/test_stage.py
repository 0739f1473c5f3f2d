"""A key is waited for until all that it caused has happened, however long that takes; no crash is hidden."""

import asyncio

import pytest
from console.stage import staged
from textual._compositor import Compositor
from textual.app import App
from textual.widgets import Static


class Slow(App):
    """Each key sets off a handler that waits, a message to a widget, a callback after the layout, and a worker."""

    def compose(self):
        yield Static("nothing yet")

    async def on_key(self, event):
        if event.key == "x":
            raise ZeroDivisionError
        await asyncio.sleep(0.05)
        self.query_one(Static).call_later(self.next_step)

    async def next_step(self):
        await asyncio.sleep(0.05)
        self.call_after_refresh(self.run_worker, self.work())

    async def work(self):
        await asyncio.sleep(0.05)
        await self.mount(Static(f"there are {len(self.query(Static)) + 1}"))


async def test_everything_that_a_key_caused_has_happened():
    async with staged(Slow(), (20, 5)) as pilot:
        for count in (2, 3, 4):
            await pilot.press("a")
            strips = pilot.app.screen._compositor.render_strips()
            assert f"there are {count}" in "".join(strip.text for strip in strips)


async def test_another_size_has_been_taken():
    async with staged(Slow(), (20, 5)) as pilot:
        await pilot.resize_terminal(30, 6)
        assert pilot.app.query_one(Static).size.width == 30


async def test_a_crash_is_raised():
    with pytest.raises(ZeroDivisionError):
        async with staged(Slow()) as pilot:
            await pilot.press("x")


@pytest.mark.parametrize("paint", [True, False])
async def test_it_is_painted_where_that_is_asked_for(paint, monkeypatch):
    chops, painted = Compositor._render_chops, []
    monkeypatch.setattr(Compositor, "_render_chops", lambda *args: painted.append(1) or chops(*args))
    async with staged(Slow(), paint=paint) as pilot:
        await pilot.press("a")
        assert bool(painted) == paint
