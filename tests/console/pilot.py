"""A console under test: a headless terminal, a feed and a clock in the hand of the test."""

from contextlib import asynccontextmanager
from datetime import UTC

from console.chairs import NURSE, Clock, FakeFeed
from console.stage import staged
from textual.events import Key

from ketamon.console.app import KetamonApp
from ketamon.follow import Source


class Desk:
    """A console under test: its app, its pilot, its feed and its clock."""

    def __init__(self, app, pilot, feed, clock):
        self.app, self.pilot, self.feed, self.clock = app, pilot, feed, clock

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await self._done()

    async def burst(self, *typed):
        """Type, and paste, what comes in one piece."""
        for one in typed:
            self.app.post_message(Key(one, one if len(one) == 1 else None) if isinstance(one, str) else one)
        await self.pilot.pause()  # the application has taken all of it; what it does about it is waited for below
        await self._done()

    async def _done(self):
        while self.app.in_turn.busy:
            await self.pilot.pause()
        await self.settle()

    async def type(self, text):
        self.app.focused.insert_text_at_cursor(text)
        await self.pilot.pause()

    async def settle(self):
        asking = [worker for worker in self.app.workers if worker.group == "ask"]
        if asking and self.feed.held is None:
            await self.app.workers.wait_for_complete(asking)
        await self.pilot.pause()

    async def look(self):
        self.app.look()
        await self.pilot.pause()

    async def resize(self, size):
        await self.pilot.resize_terminal(*size)
        await self.pilot.pause()

    @property
    def asked(self):
        return self.feed.asked

    def text(self):
        """Return the screen as a person reads it, line by line."""
        height = self.app.size.height
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips[:height])

    @property
    def answer(self):
        return self.app.screen.answer.said.strip()


@asynccontextmanager
async def console(chair, size=(120, 36), source=Source.LIVE, speed=1.0, *, locked=False, paint=False):
    feed, clock = FakeFeed(chair, source, speed), Clock()
    app = KetamonApp(feed, staff=NURSE, clock=clock, zone=UTC, locked=locked)
    async with staged(app, size, paint=paint) as pilot:
        desk = Desk(app, pilot, feed, clock)
        await desk.look()
        yield desk
