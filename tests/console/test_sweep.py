"""Waveforms: the trace as string pictures, its gaps and its silence; the strip on the screen."""

from dataclasses import replace
from itertools import pairwise
from math import sin, tau

import pytest
from console.chairs import infusing
from console.pilot import console

from ketamon.console.charts.drawing import GUTTER
from ketamon.console.charts.sweep import BEHIND_S, CELLS_PER_S, OLD_S, SHRINK, WAITS_S, Trace, lane
from ketamon.console.look.glyphs import ASCII, BLOCKS, BRAILLE
from ketamon.domain.waveforms import SampleBlock, Signal, Wave
from ketamon.follow import Source

RATE = 96
"""Four samples a half column of braille, eight a column of the others."""


def piece(samples, start, signal=Signal.PLETH, rate_hz=RATE, device="monitor"):
    block = SampleBlock(signal=signal, rate_hz=rate_hz, samples=tuple(samples))
    return Wave(device=device, start=start, block=block)


def teeth(seconds, start=0):
    """A saw: up for half a second, and down at once."""
    return [float(n % (RATE // 2)) for n in range(start, start + round(seconds * RATE))]


def trace_of(glyphs, cells=24):
    return Trace(cells * glyphs.wide, CELLS_PER_S * glyphs.wide)


def written(trace, samples, start=0):
    """Let samples come and be written to the last."""
    trace.take(piece(samples, start))
    trace.advance(WAITS_S)
    while trace._queue:
        trace.advance(0.1)
    return trace


def picture(trace, glyphs, cells=24, height=3):
    return [row.text for row in lane(trace, ["pleth", "no scale"], GUTTER + cells, height, glyphs)]


@pytest.mark.parametrize(
    ("glyphs", "expected"),
    [
        (
            BRAILLE,
            [
                "pleth    ┬    ⣠⠔⡄   ⣠⠔⡄   ⣠⠔      ",
                "no scale │ ⢀⡤⠚⠁ ⡇⢀⡤⠚⠁ ⡇⢀⡤⠚⠁       ",
                "         ┴⠔⠋    ⠗⠋    ⠗⠋          ",
            ],
        ),
        (
            BLOCKS,
            [
                "pleth    ┬    ▄█    ▄█    ▄█      ",
                "no scale │ ▄▄▀▀ █▄▄▀▀ █▄▄▀▀       ",
                "         ┴█▀    █▀    █▀          ",
            ],
        ),
        (
            ASCII,
            [
                "pleth    +    .:    .:    .:      ",
                "no scale | ..'' :..'' :..''       ",
                "         +:'    :'    :'          ",
            ],
        ),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_a_saw_is_drawn_with_the_signs_of_each_terminal(glyphs, expected):
    drawn = picture(written(trace_of(glyphs), teeth(1.5)), glyphs)
    assert drawn == expected


def test_what_is_new_covers_what_is_old_behind_a_bar():
    trace = written(written(trace_of(ASCII), teeth(2)), teeth(1), start=2 * RATE)  # it is two seconds wide
    assert trace.head == pytest.approx(12, abs=1)
    top = picture(trace, ASCII)
    bar = GUTTER + trace.head + 1
    assert all(row[bar : bar + 2] == "  " for row in top)
    assert any(row[bar + 2 : bar + 8].strip() for row in top)


@pytest.mark.parametrize("glyphs", [BRAILLE, BLOCKS, ASCII], ids=lambda g: g.name)
def test_where_no_sample_came_the_line_is_broken_and_says_so(glyphs):
    trace = written(trace_of(glyphs), [*teeth(0.5), *[None] * (RATE // 2), *teeth(0.5)])
    rows = picture(trace, glyphs)
    assert [x for x in range(24) if rows[-1][GUTTER + x] == glyphs.gap] == pytest.approx([6, 7, 8, 9, 10, 11], abs=1)
    assert all(row[GUTTER + 7 : GUTTER + 11].strip(glyphs.gap + " ") == "" for row in rows)


def test_samples_that_were_lost_on_the_way_are_a_gap():
    trace = written(trace_of(ASCII), teeth(0.5))
    written(trace, teeth(0.5), start=RATE // 2 + RATE // 2)
    assert ASCII.gap * 4 in picture(trace, ASCII)[-1]


def test_nothing_stays_when_nothing_comes():
    trace = written(trace_of(ASCII), teeth(1))
    assert not trace.silent
    trace.advance(OLD_S)
    assert trace.silent
    rows = picture(trace, ASCII)
    assert "no signal for 0:0" in rows[1]
    assert "".join(row[GUTTER:] for row in rows).strip().startswith("no signal")


def test_a_sensor_that_is_off_is_no_signal_though_its_device_goes_on():
    trace = written(trace_of(ASCII), teeth(1))
    for second in range(1, 8):
        trace.take(piece([None] * RATE, second * RATE))
        for _ in range(8):
            trace.advance(0.125)
    assert trace.silent
    trace.take(piece([*[None] * 50, *teeth(1)], 8 * RATE))
    trace.advance(WAITS_S + 0.5)
    assert not trace.silent
    assert "no signal" not in "".join(picture(trace, ASCII))
    assert "'" in "".join(picture(trace, ASCII))[-24 * 3 :] or trace.head > 0


def test_a_signal_that_comes_back_is_not_drawn_late():
    trace = written(trace_of(ASCII), teeth(1))
    trace.advance(OLD_S + 5)
    trace.take(piece([*[None] * (8 * RATE), *teeth(0.5)], RATE))
    trace.advance(WAITS_S)
    trace.advance(0.5)
    assert trace.head >= 5


def test_pieces_of_a_second_are_written_evenly():
    trace, heads = trace_of(BRAILLE, 400), []
    for second in range(6):
        trace.take(piece(teeth(1), second * RATE))
        for _ in range(8):
            trace.advance(0.125)
            heads.append(trace.head)
    steps = [b - a for a, b in pairwise(heads[8:])]
    assert set(steps) <= {2, 3, 4}


def test_who_was_held_up_sees_what_is_now_after_a_gap():
    trace = trace_of(BRAILLE, 100)
    for second in range(60):
        trace.take(piece(teeth(1), second * RATE))
    trace.advance(WAITS_S)
    trace.advance(0.125)
    assert trace._behind_s < BEHIND_S + 1
    assert trace.gaps


def test_noise_in_place_of_a_pulse_does_not_fill_the_rows():
    trace = written(trace_of(BRAILLE), [100 * sin(tau * n / RATE) for n in range(2 * RATE)])
    wide = trace.high - trace.low
    noise = [sin(tau * n / 7) for n in range(6 * RATE)]
    written(trace, noise, start=2 * RATE)
    assert trace.high - trace.low >= SHRINK * wide * 0.8
    assert trace.high - trace.low < wide


def test_a_flat_line_is_a_line():
    rows = picture(written(trace_of(ASCII), [5.0] * RATE), ASCII)
    assert sum(bool(row[GUTTER:].strip()) for row in rows) == 1


def test_a_slow_signal_has_no_holes():
    trace = trace_of(BRAILLE)
    trace.take(piece([float(n) for n in range(20)], 0, rate_hz=10))
    trace.advance(WAITS_S)
    trace.advance(1.0)
    assert all(trace.columns[:20])


def test_a_still_shows_the_last_samples_at_once():
    trace = trace_of(ASCII)
    trace.still(piece(teeth(8), 0))
    assert sum(column is not None for column in trace.columns) >= 22
    assert not trace.silent


# ---------------------------------------------------------------- on the screen


class Line:
    """A device that sends a second of pleth at a time, with the pulses of a core."""

    def __init__(self, desk, signals=(Signal.PLETH,)):
        self.desk, self.signals, self.second = desk, signals, 0

    async def send(self, seconds=1, **changes):
        for _ in range(seconds):
            waves = [piece(teeth(1), self.second * RATE, signal) for signal in self.signals]
            self.desk.feed.beat = replace(self.desk.feed.beat, waves=tuple(waves), **changes)
            self.second += 1
            await self.quiet(1)

    async def quiet(self, seconds):
        for _ in range(seconds * 8):
            self.desk.app.screen.sweep.look()
            self.desk.clock.now += 0.125
        self.desk.feed.tick()
        await self.desk.look()


async def test_it_comes_with_the_first_waveform_where_there_is_room():
    async with console(infusing(10), size=(120, 36)) as desk:
        assert not desk.app.screen.sweep.display
        await Line(desk).send(4)
        assert desk.app.screen.sweep.display
        assert desk.app.screen.trend.display
        assert "no scale" in desk.text()


async def test_on_a_small_screen_it_comes_by_its_key_only_and_hides_no_number():
    async with console(infusing(10), size=(80, 24)) as desk:
        line = Line(desk)
        await line.send(3)
        assert not desk.app.screen.sweep.display
        before = desk.text()
        await desk.press("W")
        assert desk.answer == "waveforms on"
        await line.send(3)
        text = desk.text()
        assert "no scale" in text
        for always in ("SpO2", "NIBP", "pump", "due", "emergency"):
            assert (always in before) <= (always in text)
        assert "due" in text
        await desk.press("o")
        assert not desk.app.screen.sweep.display
        await desk.press("escape", "W")
        assert not desk.app.screen.sweep.display
        assert desk.answer == "waveforms off"


@pytest.mark.parametrize("height", [30, 33, 36, 44, 48])
async def test_the_trend_gives_way_and_nothing_leaves_the_screen(height):
    async with console(infusing(10), size=(120, height)) as desk:
        line = Line(desk, (Signal.PLETH, Signal.ECG))
        await line.send(2)
        if not desk.app.screen.sweep.display:
            await desk.press("W")
        await line.send(1)
        screen = desk.app.screen
        assert screen.sweep.display
        assert screen.trend.display == (height >= 36)
        assert screen.key_bar.region.bottom <= height
        assert screen.due.region.height >= 5
        assert not screen.show_vertical_scrollbar


async def test_without_samples_it_says_so_and_stays():
    async with console(infusing(10), size=(120, 36)) as desk:
        line = Line(desk)
        await line.send(4)
        assert "no signal" not in desk.text()
        desk.feed.tick()
        await line.quiet(4)
        assert "no signal for" in desk.text()
        await line.send(2)
        assert "no signal" not in desk.text()


async def test_without_contact_no_wave_is_shown_as_one_of_now():
    async with console(infusing(10), size=(120, 36)) as desk:
        line = Line(desk)
        await line.send(4)
        desk.feed.connected, desk.feed.why = False, "gone"
        await line.quiet(4)
        assert "no signal for" in desk.text()


async def test_what_is_no_patient_s_says_so_beside_the_trace():
    async with console(infusing(10), size=(120, 36), source=Source.SIMULATED) as desk:
        await Line(desk).send(3)
        row = next(row for row in desk.text().split("\n") if "no scale" in row)
        below = desk.text().split("\n")[desk.text().split("\n").index(row) + 1]
        assert "DEMO" in below


async def test_a_fast_session_is_shown_in_stills():
    async with console(infusing(10), size=(120, 36), source=Source.SIMULATED, speed=20.0) as desk:
        await Line(desk).send(3)
        assert "still" in desk.text()


async def test_where_no_device_sends_one_the_key_says_so():
    async with console(infusing(10), size=(120, 36)) as desk:
        await desk.press("W")
        assert desk.answer == "no device has sent a waveform"
        assert not desk.app.screen.sweep.display


async def test_only_the_slices_that_changed_are_painted():
    async with console(infusing(10), size=(120, 36), paint=True) as desk:
        line = Line(desk)
        await line.send(4)
        painted = set()
        slices = desk.app.screen.sweep._slices
        for one in slices:
            one.refresh = lambda *_, one=one, **__: painted.add(one)
        desk.clock.now += 0.125
        desk.app.screen.sweep.look()
        assert painted
        assert sum(one.size.width for one in painted) <= 30
