"""A headless terminal for an application under test: a key is pressed, and all that it caused has happened.

Textual's own pilot waits after each key until the process uses little of its processor: at least 40 ms, and on a slow
machine, where the process is kept waiting, not long enough. Here what is waited for is counted: no message is in any
queue or in work, nothing is to be laid out, nothing moves, and the loop has nothing left to do but wait.
"""

import asyncio
from contextlib import asynccontextmanager
from unittest.mock import patch

from textual._compositor import Compositor
from textual.pilot import Pilot

WITHIN_S = 30.0
A_MOMENT_S = 0.001
LASTING = ("find", "feed", "detect", "ask")
"""Groups of workers that go on for as long as the screen, or that a test holds in its hand."""


class Hand(Pilot):
    """Textual's pilot, which here waits for what was caused and not for a time."""

    async def press(self, *keys):
        with patch("textual.app.wait_for_idle", _at_once):
            for key in keys:
                await self.app._press_keys([key])
                await still(self.app)

    async def pause(self, delay=None):
        if delay is not None:
            await asyncio.sleep(delay)
        await still(self.app)


async def _at_once(_):
    pass


async def still(app):
    """Wait until everything that was caused has happened, or the application has ended."""
    async with asyncio.timeout(WITHIN_S):
        while not (app._exit or app._exception):
            if asyncio.get_running_loop()._ready:
                await asyncio.sleep(0)
            elif at_work(app):
                await asyncio.sleep(A_MOMENT_S)
            elif unshown(app.screen):
                app.screen._on_timer_update()
                await asyncio.sleep(0)
            else:
                return
        for _ in range(10):  # on its way out
            await asyncio.sleep(0)


def at_work(app):
    """Whether a message waits or is in work, a worker goes on, something moves, or another size is not told yet."""
    return (
        bool(app.animator._animations or app.animator._scheduled or app._resize_event)
        or any(not worker.is_finished for worker in app.workers if not worker.group.startswith(LASTING))
        or not all(map(at_rest, (app, *app._registry)))
    )


def at_rest(pump):
    """Whether it waits for its next message, or takes none."""
    if not pump.is_running:
        return pump._task is None or pump._task.done()
    queue = pump._message_queue
    waits = queue.empty() and bool(queue.ready_event._waiters)
    return waits and not pump._next_callbacks and pump._pending_message is None


def unshown(screen):
    """Whether something is still to be laid out or drawn, or to be called when that has been done."""
    return not screen.app._batch_count and bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )


def unpainted(compositor, full=False, **how):
    """Note that all was painted, and paint nothing."""
    if full:  # for a picture of the screen
        return painted(compositor, full, **how)
    compositor._dirty_regions.clear()
    return None


painted = Compositor.render_update


@asynccontextmanager
async def staged(app, size=(80, 24), *, paint=False):
    """Run an application; give its pilot.

    Nobody sees what a headless application paints, and painting is half of what a test costs: it is left out unless
    `paint`. Whoever reads the screen draws all of it, by the same widgets.
    """
    with patch.object(Compositor, "render_update", painted if paint else unpainted):
        async with app.run_test(size=size):
            await still(app)
            yield Hand(app)
