"""Six trend charts of 3,600 points on a pseudo-terminal: ours, a `Static` with the same rows, and textual-plot.

    python benchmarks/charts.py [seconds]

Each runs alone at 160×48, in turns: CPU and bytes at one new point a second in every chart, and at ten; then the time
from a key that moves the cursor to the last byte of the picture that follows. A `Static` that would say the same thing
is told so, as ours is; textual-plot is told to draw anew. It is no dependency: pip install textual-plot. Where it is
missing the rest goes on. The exit code is 1 where ours takes longer than its budget from key to paint.
"""

import importlib.util
import math
import os
import random
import sys
from datetime import UTC, datetime
from statistics import median, quantiles

from console import KEY_TO_PAINT_S, SETTLE_S, cpu_s, key_to_paint, read_for, spawn

POINTS, ROUNDS, KEYS = 3600, 3, 60
HUES = ("spo2", "pulse", "nibp", "resp", "co2", "pump")
LEFT = b"\x1b[D"


class Course:
    """Six noisy series that grow by a point a second."""

    def __init__(self):
        from ketamon.domain.series import Series

        self.random = random.Random(7)
        self.series = [Series() for _ in HUES]
        self.t = 0
        for _ in range(POINTS):
            self.step()

    def step(self):
        self.t += 1
        for i, series in enumerate(self.series):
            value = round(60 + 8 * i + 5 * math.sin(self.t / 300) + self.random.gauss(0, 1))
            series.append(float(self.t), value, self.t)

    def data(self):
        from ketamon.console.charts.trends import Panel, TrendData
        from ketamon.domain.instant import Instant

        panels = tuple(
            Panel(label=hue, unit="/min", hue=hue, low=40, high=120, series=series, lower=50, upper=115, band=(60, 100))
            for hue, series in zip(HUES, self.series, strict=True)
        )
        return TrendData(at=Instant(0, datetime(2026, 11, 21, 14, tzinfo=UTC)).plus(self.t), panels=panels, zone=UTC)


def app_of(name, rate):
    """Make an application of the six charts; `rate` is how many points come in a second, all of them one apart."""
    from textual.app import App
    from textual.binding import Binding

    from ketamon.console.look.themes import DARK_ROOM

    class Bench(App):
        BINDINGS = [Binding("left", "left", priority=True)]  # noqa: RUF012 (Textual's own way)

        def __init__(self):
            super().__init__()
            self.register_theme(DARK_ROOM)
            self.theme = DARK_ROOM.name

        def compose(self):
            self.course, self.charts = Course(), CHARTS[name]()
            yield from self.charts.widgets

        def on_mount(self):
            self.call_after_refresh(self.charts.show, self.course)
            self.set_interval(1 / rate, self.step)

        def step(self):
            self.course.step()
            self.charts.show(self.course)

        def action_left(self):
            self.charts.left(self.course)

    return Bench()


class Ours:
    def __init__(self):
        from ketamon.console.widgets.trend import Trend

        self.trend = Trend()
        self.widgets = [self.trend]

    def show(self, course):
        self.trend.update(course.data())

    def left(self, _course):
        self.trend.move(-1)


class Plain:
    """The same rows as one rich text in a `Static`: the picture of a widget that is never mounted."""

    def __init__(self):
        from textual.geometry import Size
        from textual.widgets import Static

        from ketamon.console.widgets.trend import Trend

        class Drawn(Trend):
            size = Size(158, 46)

            def redraw(self):
                pass

        self.trend, self.static = Drawn(), Static()
        self.widgets = [self.static]

    def show(self, course):
        self.trend.update(course.data())
        self.say()

    def left(self, _course):
        self.trend.move(-1)
        self.say()

    def say(self):
        from rich.text import Text

        from ketamon.console.look.themes import DARK_ROOM

        grounds = {"b": DARK_ROOM.variables["band"], "c": DARK_ROOM.variables["cursor"]}
        hues = {hue[0].upper(): DARK_ROOM.variables[hue] for hue in HUES}
        text = Text()
        for row in self.trend.picture(*self.trend.size):
            for piece, role, ground in row.runs():
                colour = hues.get(role, DARK_ROOM.variables["muted"])
                text.append(piece, f"{colour} on {grounds[ground]}" if ground in grounds else colour)
            text.append("\n")
        self.static.update(text)


class Plot:
    def __init__(self):
        from textual_plot import PlotWidget

        self.widgets = [PlotWidget() for _ in HUES]
        self.cursor = POINTS

    def show(self, course):
        from textual_plot import HiResMode

        for plot, series in zip(self.widgets, course.series, strict=True):
            points = [*series]
            plot.clear()
            plot.set_xlimits(0, 5400)
            plot.set_ylimits(40, 120)
            plot.plot([p.t for p in points], [p.value for p in points], hires_mode=HiResMode.BRAILLE)
            plot.add_v_line(self.cursor)

    def left(self, course):
        self.cursor -= 40
        self.show(course)


CHARTS = {"ours": Ours, "Static": Plain, "textual-plot": Plot}


def measured(name, rate, seconds, keys=0):
    """Return the share of a core, bytes a second, and the times from key to paint, of one run."""
    process, master = spawn([sys.executable, __file__, "child", name, str(rate)])
    try:
        read_for(master, SETTLE_S)
        before = cpu_s(process.pid)
        written = len(read_for(master, seconds))
        cpu = (cpu_s(process.pid) - before) / seconds * 100
        return cpu, written / seconds, key_to_paint(master, [LEFT] * keys)
    finally:
        process.terminate()
        process.wait()
        os.close(master)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    names = [name for name in CHARTS if name != "textual-plot" or importlib.util.find_spec("textual_plot")]
    found = {}
    for _ in range(ROUNDS):
        for name in names:
            for rate, keys in ((1, KEYS), (10, 0)):
                found.setdefault((name, rate), []).append(measured(name, rate, seconds, keys))
    print(f"six charts of {POINTS} points at 160×48, medians of {ROUNDS} runs of {seconds:g} s each")
    print("               CPU at 1 Hz   written   CPU at 10 Hz   written   key to paint p95")
    for name in names:
        (slow, slow_bytes, _), (fast, fast_bytes, _) = (
            [median(column) if column[0] else 0 for column in zip(*found[name, rate], strict=True)] for rate in (1, 10)
        )
        p95 = quantiles([took for *_, times in found[name, 1] for took in times], n=20)[-1]
        print(
            f"  {name:13}{slow:9.2f} %{slow_bytes / 1000:7.1f} kB/s{fast:11.2f} %{fast_bytes / 1000:8.1f} kB/s"
            f"{p95 * 1000:12.0f} ms"
        )
        if name == "ours":
            missed = p95 > KEY_TO_PAINT_S
    if "textual-plot" not in names:
        print("  textual-plot is missing: pip install textual-plot")
    print(f"budget from key to paint: {KEY_TO_PAINT_S * 1000:.0f} ms{'   MISSED' if missed else ''}")
    return int(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        app_of(sys.argv[2], float(sys.argv[3])).run()
    else:
        sys.exit(main())
