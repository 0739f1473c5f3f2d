"""Waveforms as a bedside monitor draws them: a trace written from left to right over the old one, a bar between. Pure.

Devices send in pieces, up to a second at a time; a trace is written at the signal's own rate all the same, a moment
late. Where the device gave no sample or samples were lost on the way, the trace is broken and the lowest row says so.
Once nothing comes any more the picture is taken away: an old wave must never look like one of now. The height is the
device's own scale, fitted to the rows; it says nothing about how strong a pulse is.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from math import floor, isinf
from textwrap import wrap

from ketamon import words
from ketamon.console.charts.buckets import Bucket
from ketamon.console.charts.drawing import AXIS, GUTTER, LABEL, rows_of
from ketamon.console.look.glyphs import Glyphs
from ketamon.console.look.rows import Canvas, Row, row
from ketamon.domain.waveforms import Wave

CELLS_PER_S = 12
"""Width of a second of signal; 160 columns show twelve of them."""
ERASED_CELLS = 2
"""Width of the bar between what is new and what is old."""
WAITS_S = 0.4
"""So long a trace waits after the first samples, so that it does not stop before the next piece comes."""
OLD_S = 2.5
"""Without samples for so long there is no signal."""
BEHIND_S = 2.5
"""A trace that is farther behind leaves samples out, visibly."""
LEFT_OUT_S = 0.25
"""How wide what was left out is drawn."""
CATCH_UP = 1.1
"""How much faster it is written while it is behind by more than it needs."""
MARGIN = 0.08
SHRINK = 0.25
"""The scale never gets finer than this part of the coarsest: noise in place of a pulse must not look like one."""

Column = Bucket | None


class Trace:
    """One waveform: the samples that are still to be written, and the columns as they are written.

    `columns` is how many there are, `per_s` how many of them are a second. `head` is the column that is written next,
    `gaps` are those in which there was no sample.
    """

    def __init__(self, columns: int, per_s: float) -> None:
        self.columns: list[Column] = [None] * columns
        self.gaps: set[int] = set()
        self.head = 0
        self.low, self.high = 0.0, 1.0
        self.quiet_s = 0.0
        self._per_s = per_s
        self._queue: deque[float | None] = deque()
        self._next: int | None = None
        self._rate = 1.0
        self._wait_s = 0.0
        self._piece_s = 0.0
        self._due = 0.0  # samples that time has come for, with a part of one
        self._place = 0.0  # in columns, without end
        self._last: tuple[int, float] | None = None  # column and value of the sample before
        self._span: tuple[float, float] | None = None  # lowest and highest that the scale is made for
        self._seen: tuple[float, float] | None = None  # the same of this sweep
        self._widest = 0.0

    @property
    def silent(self) -> bool:
        """Whether there is no signal now."""
        return self.quiet_s >= OLD_S

    @property
    def _behind_s(self) -> float:
        return len(self._queue) / self._rate

    def take(self, wave: Wave) -> None:
        """Samples came. What its number shows to be missing before them is a gap."""
        self._rate, samples = wave.block.rate_hz, wave.block.samples
        missing = wave.start - self._next if self._next is not None else 0
        self._next = wave.start + len(samples)
        empty = next((n for n, sample in enumerate(samples) if sample is not None), len(samples))
        if self.silent:  # begin anew, with what is a sample
            self._clear()
            samples, empty, missing = samples[empty:], 0, 0
        if not self._queue:
            self._wait_s = WAITS_S
        self._piece_s = max((len(samples) - empty) / self._rate, self._piece_s * 0.9)
        self._queue.extend([None] * min(max(missing, 0), round(BEHIND_S * self._rate)))
        self._queue.extend(samples)
        self.quiet_s = 0.0 if empty < len(samples) else self.quiet_s

    def still(self, wave: Wave) -> None:
        """Show these samples at once, in place of everything: for a session that runs faster than eyes can follow."""
        self._clear()
        self._rate, self._next, samples = wave.block.rate_hz, wave.start + len(wave.block.samples), wave.block.samples
        fitting = floor((len(self.columns) - 1) * self._rate / self._per_s)
        self._queue.extend(samples[-fitting:])
        while self._queue:
            self._write(self._queue.popleft())
        quiet = next((n for n, sample in enumerate(reversed(samples)) if sample is not None), None)
        self.quiet_s = self.quiet_s if quiet is None else quiet / self._rate + wave.quiet_s
        if self.silent:
            self._clear()

    def keep(self, wave: Wave) -> None:
        """The last samples of a recording, which are many each time: take what is new, or show all if little is old."""
        block = wave.block
        known = -1 if self._next is None else self._next - wave.start
        if not 0 <= known <= len(block.samples):
            self.still(wave)
        elif known < len(block.samples):
            self.take(replace(wave, start=wave.start + known, block=replace(block, samples=block.samples[known:])))

    def advance(self, seconds: float) -> None:
        """Time has passed: write what was measured in it."""
        fell_silent = not self.silent and self.quiet_s + seconds >= OLD_S
        self.quiet_s += seconds
        if fell_silent:
            self._clear()
        self._wait_s -= seconds
        if self._wait_s > 0 or not self._queue or self.silent:
            return
        if self._behind_s > self._piece_s + BEHIND_S:
            for _ in range(round((self._behind_s - self._piece_s - WAITS_S) * self._rate)):
                self._queue.popleft()
            self._queue.extendleft([None] * round(LEFT_OUT_S * self._rate))
        while self._queue and self._queue[0] is None and self._behind_s > self._piece_s + WAITS_S:
            self._write(self._queue.popleft())  # it stood still while there was nothing: the gap takes no more time
        self._due += seconds * self._rate * (CATCH_UP if self._behind_s > self._piece_s + WAITS_S else 1.0)
        for _ in range(min(floor(self._due), len(self._queue))):
            self._write(self._queue.popleft())
            self._due -= 1
        self._due = min(self._due, 1.0)  # what did not come in time is written later, not faster

    def _write(self, sample: float | None) -> None:
        column = floor(self._place) % len(self.columns)
        if column != self.head:
            self._move_to(column)
        if sample is None:
            self.gaps.add(column)
            self._last = None
        else:
            self._join(column, sample)
            self._last = column, sample
            self._seen = _with(self._seen, sample)
            if self._span is None:  # what waits is known already
                self._span = self._seen
                for waiting in self._queue:
                    self._span = _with(self._span, waiting) if waiting is not None else self._span
                self._fit(*self._span)
            elif not self.low <= sample <= self.high:
                self._fit(*_with(self._span, sample))
        self._place += self._per_s / self._rate

    def _move_to(self, column: int) -> None:
        """Go on to another column, and clear it and those on the way. A new sweep may have a smaller scale."""
        begin = self.head + 1
        for place in range(begin, begin + (column - self.head) % len(self.columns)):
            fresh = place % len(self.columns)
            self.columns[fresh] = None
            self.gaps.discard(fresh)
            if fresh == 0 and self._seen is not None:
                self._fit(*self._seen)
                self._seen = None
        self.head = column

    def _join(self, column: int, sample: float) -> None:
        """Put a sample into its column, and a straight line into those that a slow signal leaves out."""
        if self._last is not None:
            before, value = self._last
            apart = (column - before) % len(self.columns)
            for n in range(1, apart):
                between = value + (sample - value) * n / apart
                self.columns[(before + n) % len(self.columns)] = Bucket(between, between, between, 1)
        known = self.columns[column]
        self.columns[column] = known.plus(sample, gap=False) if known else Bucket(sample, sample, sample, 1)

    def _fit(self, low: float, high: float) -> None:
        """Fit the scale to these extremes, within reason."""
        self._span = low, high
        self._widest = max(self._widest, high - low)
        missing = max(self._widest * SHRINK - (high - low), 0.0) / 2
        room = max((high - low) * MARGIN, 1e-9) + missing
        self.low, self.high = low - room, high + room

    def _clear(self) -> None:
        self.columns = [None] * len(self.columns)
        self.gaps.clear()
        self._queue.clear()
        self.head, self._place, self._due = 0, 0.0, 0.0
        self._last, self._span, self._seen = None, None, None


def _with(span: tuple[float, float] | None, sample: float) -> tuple[float, float]:
    """Return the lowest and highest, with one sample more."""
    return (min(span[0], sample), max(span[1], sample)) if span else (sample, sample)


def lane(
    trace: Trace, said: Sequence[str], width: int, height: int, glyphs: Glyphs, *, instead: str | None = None
) -> list[Row]:
    """Draw one waveform; `said` stands on the left, its name first, as far as there are rows for it.

    `instead` is what is said in its place, None where there is one.
    """
    cells = width - GUTTER
    if instead is None and trace.silent:
        instead = "no signal" if isinf(trace.quiet_s) else f"no signal for {words.span(trace.quiet_s)}"
    if instead is not None:
        lines = wrap(instead, max(cells, 1))[:height]
        above = [""] * ((height - len(lines) + 1) // 2)
        chart = [row(line[:cells].ljust(cells), LABEL) for line in [*above, *lines, *[""] * height][:height]]
    else:
        erased = ERASED_CELLS * glyphs.wide
        bar = {(trace.head + n) % len(trace.columns) for n in range(1, erased + 1)}
        columns = [None if n in bar else column for n, column in enumerate(trace.columns)]
        gaps = sorted(n for n in trace.gaps - bar if trace.columns[n] is None)
        chart = rows_of(columns, cells, height, trace.low, trace.high, glyphs=glyphs, due=gaps)
    return [_gutter(y, height, said, glyphs).beside(one) for y, one in enumerate(chart)]


def _gutter(y: int, height: int, said: Sequence[str], glyphs: Glyphs) -> Row:
    top, side, _, bottom = glyphs.axis
    line = Canvas(GUTTER)
    line.put(0, said[y][: GUTTER - 2] if y < len(said) else "", LABEL)
    line.put(GUTTER - 1, top if y == 0 else bottom if y == height - 1 else side, AXIS)
    return line.row()
