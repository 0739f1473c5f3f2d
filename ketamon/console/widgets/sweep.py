"""The strip of live waveforms: for eyes only. It has no scale, feeds no rule, and says so when nothing comes."""

from collections.abc import Callable, Mapping
from math import inf
from typing import ClassVar

from rich.style import Style
from textual.containers import Horizontal
from textual.widget import Widget

from ketamon.console.charts.drawing import AXIS, GAP, GUTTER, LABEL, LINE
from ketamon.console.charts.sweep import CELLS_PER_S, Trace, lane
from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.look.rows import Row, row
from ketamon.console.widgets.picture import Picture
from ketamon.domain.waveforms import Signal, Wave
from ketamon.follow import Beat, Listened, Source

SHOWN: dict[Signal, tuple[str, str]] = {
    Signal.PLETH: ("pleth", "S"),
    Signal.ECG: ("ECG", "P"),
    Signal.CO2: ("CO2", "C"),
    Signal.RESP: ("resp", "R"),
}
"""What is drawn, the most wanted first: its name and the letter of its hue."""
REHEARSED = {Source.SIMULATED: "DEMO", Source.REPLAY: "REPLAY", Source.REVIEW: "REVIEW"}
SWEEP_EVERY_S = 0.125
LANE_ROWS = 4
ROOM_FOR_ALL = 36
"""Rows of a screen that has room for the trend and a waveform."""
SWEEP_SPEED = 2.0
"""A session that runs faster than this is shown in stills: the core sends one every other second."""


SLICES = 20
"""Textual writes a line that changed from the left edge of its widget on: a trace in one widget would cost 20 kB/s."""


class Slice(Picture):
    """Some columns of the strip. The colours are the strip's: to style a colour costs as much as to style a widget."""

    DEFAULT_CSS = """
    Slice {
        width: 1fr;
        height: 1fr;
        &.-names { width: 10; }
    }
    """
    LOOKS: ClassVar[dict[str, str]] = {
        "S": "sweep--spo2",
        "P": "sweep--pulse",
        "C": "sweep--co2",
        "R": "sweep--resp",
        GAP: "sweep--gap",
        AXIS: "sweep--axis",
        LABEL: "sweep--label",
    }

    def __init__(self, strip: Widget, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._strip = strip
        self._rows: list[Row] = []

    def show(self, rows: list[Row]) -> None:
        """Draw these rows."""
        self._rows = rows
        self.redraw()

    def picture(self, width: int, height: int) -> list[Row]:
        """Return them, unless they are of another width."""
        return self._rows[:height] if self._rows and len(self._rows[0].text) == width else []

    def get_component_rich_style(self, *names: str, partial: bool = False, default: Style | None = None) -> Style:
        """Return a colour of the strip's."""
        return self._strip.get_component_rich_style(*names, partial=partial, default=default)


class Sweep(Horizontal):
    """As many of the waveforms as there is room for, one above the other.

    `heard` gives the newest beat, None while the core is not heard; `clock` is that of this computer, in seconds;
    `make_way` has the screen wear the classes that give the strip its room, or not.
    """

    HELP = """\
## Waveforms

Pleth first, then ECG, CO2 and respiration, as far as a device sends them and there is room. The height is the device's
own scale: it says nothing about how strong a pulse is. A broken line with dashes below: no sample came there.
"""
    DEFAULT_CSS = """
    Sweep {
        height: 4;
        padding: 0 1;
        & > .sweep--spo2 { color: $spo2; }
        & > .sweep--pulse { color: $pulse; }
        & > .sweep--co2 { color: $co2; }
        & > .sweep--resp { color: $resp; }
        & > .sweep--gap { color: $stale; }
        & > .sweep--axis { color: $muted; }
        & > .sweep--label { color: $foreground; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = set(Slice.LOOKS.values())

    def __init__(
        self,
        heard: Callable[[], Beat | None],
        clock: Callable[[], float],
        make_way: Callable[[Mapping[str, bool]], None],
        *,
        glyphs: Glyphs = BRAILLE,
    ) -> None:
        super().__init__()
        self._make_way = make_way
        self.glyphs, self._heard, self._clock = glyphs, heard, clock
        self._slices: list[Slice] = []
        self._traces: dict[Signal, Trace] = {}
        self._from: dict[Signal, tuple[str, str]] = {}
        self._beat: Beat | None = None
        self._at: float | None = None
        self._chair = ""
        self._still = False
        self._walks = 0
        self._why = ""
        self._gone = False
        self._wanted: bool | None = None  # None: where there is room

    def on_mount(self) -> None:
        """Go on by itself: between two pulses nothing else of the screen changes."""
        self.set_interval(SWEEP_EVERY_S, self.look)

    def look(self) -> None:
        """Draw what has come, unless another screen is seen."""
        if self.screen.is_current:
            known = len(self._from), self._gone
            self.take(self._heard(), self._clock())
            if (len(self._from), self._gone) != known:
                self.make_room()

    def make_room(self) -> None:
        """Have the screen show it where somebody wants it, else where the trend keeps its room; if a waveform came.

        Where none can come there is a line for saying why.
        """
        roomy = self.screen.size.height >= ROOM_FOR_ALL
        wanted = roomy if self._wanted is None else self._wanted
        came, gone = len(self._from), self._gone
        self._make_way(
            {
                "-strip": wanted and (came > 0 or gone),
                "-two": came > 1,
                "-tight": not roomy and came > 0,
                "-gone": gone,
            }
        )
        if (came or gone) and not self._slices:
            self._slices = [Slice(self, classes="-names"), *(Slice(self) for _ in range(SLICES))]
            self.mount_all(self._slices)

    def switch(self) -> str:
        """Show it, or take it away, and say which."""
        self._wanted = not self.screen.has_class("-strip")
        self.make_room()
        if not self._from:
            return self._why or "no device has sent a waveform"
        return f"waveforms {'on' if self._wanted else 'off'}"

    def take(self, beat: Beat | None, now: float) -> None:
        """Look at the pulse (None: the core is not heard) at this moment of the screen's own clock, and draw."""
        if beat is not None and beat.chair != self._chair:
            self._chair = beat.chair
            self._traces.clear()
            self._from.clear()
        elapsed, self._at = now - self._at if self._at is not None else 0.0, now
        fresh = beat.waves if beat is not None and beat is not self._beat else ()
        self._beat = beat or self._beat
        self._listen(self._beat.listened if self._beat is not None else None)
        speed = self._beat.speed if self._beat is not None else 1.0
        self._still = speed > SWEEP_SPEED
        for trace in self._traces.values():
            trace.advance(elapsed if self._still else elapsed * speed)
        for wave in fresh:
            self._came(wave)
        if not self.display:
            self._traces.clear()  # who looks again sees what is now
        elif self._from or self._gone:
            self._draw()

    def _listen(self, listened: Listened | None) -> None:
        """A recording: somebody may have gone elsewhere in it, and there may be nothing to draw."""
        self._why = listened.why if listened is not None else ""
        self._gone = listened is not None and bool(self._why) and not (listened.passing or self._from)
        if listened is not None and (self._why or listened.walks != self._walks):
            self._walks = listened.walks
            self._traces.clear()

    def _draw(self) -> None:
        """Give each slice its columns; it repaints what changed."""
        rows, start = self._rows(*self.size), 0
        for one in self._slices:
            end = start + one.size.width
            one.show([row.cut(start, end) for row in rows])
            start = end

    def _came(self, wave: Wave) -> None:
        """Take samples of a waveform that is drawn; of several of one kind it is the first that came."""
        signal, source = wave.block.signal, (wave.device, wave.block.site)
        if signal not in SHOWN or self._from.setdefault(signal, source) != source:
            return
        cells = self.size.width - GUTTER
        if not self.display or cells < 1:
            return
        columns, per_s = cells * self.glyphs.wide, CELLS_PER_S * self.glyphs.wide
        trace = self._traces.get(signal)
        if trace is None or len(trace.columns) != columns:
            trace = self._traces[signal] = Trace(columns, per_s)
        if self._beat is not None and self._beat.listened is not None:
            trace.keep(wave)
        elif self._still:
            trace.still(wave)
        else:
            trace.take(wave)

    def _marks(self) -> list[str]:
        """Say what keeps it from being taken for a patient's, or for one of now."""
        beat = self._beat
        if beat is None:
            return []
        source, listened = REHEARSED.get(beat.source, ""), beat.listened
        so = {
            source: bool(source),
            "stopped": beat.speed == 0,
            "still": self._still and not listened,
            "unproven": listened is not None and listened.unproven,
        }
        return [mark for mark, is_so in so.items() if is_so]

    def _rows(self, width: int, height: int) -> list[Row]:
        """Draw a lane for each waveform that there is room for."""
        if not self._from:
            return [row(self._why[:width].ljust(width), LABEL)]
        wanted = [signal for signal in SHOWN if signal in self._from][: max(height // LANE_ROWS, 1)]
        rows: list[Row] = []
        marks = self._marks()
        for n, signal in enumerate(wanted):
            share = height // len(wanted) if n else height - height // len(wanted) * (len(wanted) - 1)
            name, hue = SHOWN[signal]
            trace = self._traces.get(signal)
            if trace is None or len(trace.columns) != (width - GUTTER) * self.glyphs.wide:
                trace = Trace(max(width - GUTTER, 1) * self.glyphs.wide, 1.0)
                trace.quiet_s = inf if self._walks else 0.0  # before it a device may not have sent it yet
            said = [
                f"{name} {self._from[signal][1]}".strip(),
                *(["no scale"] if len(marks) < LANE_ROWS - 1 else []),
                *marks,
            ]
            drawn = lane(
                trace, said, width, share, self.glyphs, instead=(self._why if not n else "") if self._why else None
            )
            rows += [one.cut(0, GUTTER).beside(_in_hue(one.cut(GUTTER, width), hue)) for one in drawn]
        return rows


def _in_hue(one: Row, hue: str) -> Row:
    """Colour a trace, and the blanks beside it too: cells of one look are written in one go."""
    return one._replace(role=one.role.translate({ord(LINE): hue, ord(" "): hue}))
