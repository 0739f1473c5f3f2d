"""CPU of one update of six trend panels of 3,600 points: ours against a `Static` that is given the same text by rich.

Both apps run in this process, one after the other and in turns, at 160x48 with one new point a panel and update; what
the empty loop costs is taken off. So the ratio holds on any machine, the milliseconds on this one only.

    python benchmarks/charts.py [updates]
"""

import asyncio
import math
import random
import statistics
import sys
import time
from collections.abc import Callable

from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import Static

from ketamon.console.charts import heights
from ketamon.console.glyphs import BRAILLE
from ketamon.console.themes import DARK_ROOM
from ketamon.console.widgets.trend import Panel, PanelPainter, Trend, TrendData
from ketamon.domain.series import Series

POINTS, ROUNDS, SIZE = 3600, 3, (160, 48)
FRAME = 0.04
"""Seconds to wait after an update, so that each one gets its own frame (Textual paints at most 60 a second)."""
HUES = ("spo2", "pulse", "nibp", "resp", "co2", "pump")


class Course:
    """Six noisy series that grow by a point a second."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        self.series = [Series() for _ in HUES]
        self.t = 0
        for _ in range(POINTS):
            self.step()

    def step(self) -> None:
        self.t += 1
        for i, series in enumerate(self.series):
            value = round(60 + 8 * i + 5 * math.sin(self.t / 300) + self.random.gauss(0, 1))
            series.append(float(self.t), value, self.t)

    def data(self) -> TrendData:
        panels = tuple(
            Panel(label=hue, unit="/min", hue=hue, low=40, high=120, series=series, limits=(50, 115), band=(60, 100))
            for hue, series in zip(HUES, self.series, strict=True)
        )
        return TrendData(start_s=0, end_s=5400, now_s=self.t, panels=panels)


class Bench(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK_ROOM)
        self.theme = DARK_ROOM.name
        self.course = Course()


class Ours(Bench):
    def compose(self) -> ComposeResult:
        yield Trend()

    def show(self) -> None:
        self.query_one(Trend).update(self.course.data())


class Plain(Bench):
    """The same rows by the same painters, as one rich text in a `Static`."""

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        self.painters = [PanelPainter() for _ in HUES]

    def show(self) -> None:
        data, (width, height) = self.course.data(), SIZE
        text = Text()
        for painter, panel, share in zip(self.painters, data.panels, heights(height - 3, len(HUES)), strict=True):
            for row in painter.rows(panel, data, (width - 12, share), BRAILLE, None, letters=False):
                for piece, role, ground in row.runs():
                    colour = DARK_ROOM.variables[panel.hue if role.isupper() else "muted"]
                    text.append(piece, f"{colour} on {DARK_ROOM.variables['band']}" if ground == "b" else colour)
                text.append("\n")
        self.query_one(Static).update(text)


async def cost(app: Bench, updates: int) -> float:
    """Return the CPU milliseconds of one update, down to the painted frame."""
    show: Callable[[], None] = app.show  # type: ignore[attr-defined] # each of the two apps has it
    async with app.run_test(size=SIZE) as pilot:
        show()
        await pilot.pause()
        spent = dict.fromkeys((True, False), 0.0)
        for updating in spent:
            begin = time.process_time()
            for _ in range(updates):
                app.course.step()
                if updating:
                    show()
                await pilot.pause(FRAME)
            spent[updating] = time.process_time() - begin
    return (spent[True] - spent[False]) / updates * 1000


async def main(updates: int) -> None:
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(await cost(Ours(), updates))
        plain.append(await cost(Plain(), updates))
    a, b = statistics.median(ours), statistics.median(plain)
    print(f"six panels of {POINTS} points at {SIZE[0]}x{SIZE[1]}, median of {ROUNDS} rounds of {updates} updates")
    print(f"  ours             {a:6.2f} ms an update = {a / 10:.2f} % of a core at 1 Hz")
    print(f"  Static with rich {b:6.2f} ms an update = {b / 10:.2f} % of a core at 1 Hz")
    print(f"  ratio            {a / b:6.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
