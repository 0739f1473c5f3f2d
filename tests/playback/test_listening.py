"""A player that listens: what it shows belongs to its cursor, and nobody waits for it. And the strip that draws it."""

import asyncio
from dataclasses import replace

import pytest
from playback.films import Hand, events, player
from playback.test_walking import banner, screen

from ketamon import samples
from ketamon.chair.tape import of_stream
from ketamon.domain.health import DeviceHealth
from ketamon.domain.intents import SetSpeed
from ketamon.domain.people import Person, Role
from ketamon.domain.waveforms import SampleBlock, Signal, Wave
from ketamon.playback import FINDING, GRACE_S, HEARD_SPEED, Heard, Overheard

NURSE = Person("AB", Role.NURSE)


class Recorded:
    """A listener that notes where it was asked, and says what the test wants."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.says: Heard | None = None
        self.meanwhile = lambda: None

    def hear(self, ns):
        self.asked.append(ns / 1e9)
        self.meanwhile()
        if self.says is not None:
            return self.says
        last = round(ns / 1e7)  # of 100 a second
        samples = tuple(float(n % 50) for n in range(max(last - 2000, 0), last))
        wave = Wave(device="monitor", start=max(last - 2000, 0),
                    block=SampleBlock(signal=Signal.PLETH, rate_hz=100, samples=samples))  # fmt: skip
        return Heard(devices=(DeviceHealth(device="monitor", received=last),), waves=(wave,) if samples else ())

    def read_on(self):
        return False


def listening(speed=1.0):
    clock, recorded = Hand(), Recorded()
    return player(events(), speed=speed, clock=clock, listener=recorded), recorded, clock


def hear(made):
    asyncio.run(made.hear())
    return made.beat


def last_sample(beat):
    return (beat.waves[0].start + len(beat.waves[0].block.samples)) / 100


def test_what_is_heard_is_that_of_the_cursor_forth_and_back():
    made, recorded, _ = listening(0.0)
    for t in (600, 300, 900.5):
        made.move(t - made.beat.at.seconds)
        assert last_sample(hear(made)) == t
        assert made.beat.listened.why == ""
    assert recorded.asked == [600, 300, 900.5]


def test_time_that_passes_goes_on_and_somebody_who_walks_does_not():
    made, _, clock = listening()
    made.move(100)
    walks = hear(made).listened.walks
    for _ in range(4):
        clock.now += 0.25
        made.tick(clock.now)
        assert hear(made).listened.walks == walks
    assert last_sample(made.beat) == 101
    made.move(60)
    assert hear(made).listened.walks == walks + 1


def test_a_walk_is_not_shown_with_what_was_heard_elsewhere():
    made, _, clock = listening(0.0)
    made.move(100)
    hear(made)
    made.move(60)
    clock.now += GRACE_S + 0.01
    made.tick(clock.now)
    assert (made.beat.waves, made.beat.devices, made.beat.listened.why) == ((), (), FINDING.why)
    assert last_sample(hear(made)) == 160


def test_who_walks_on_while_it_is_listened_hears_nothing_of_before():
    made, recorded, _ = listening(0.0)
    made.move(100)
    recorded.meanwhile = lambda: made.move(-60) if len(recorded.asked) == 1 else None
    hear(made)
    assert made.beat.waves == ()
    assert last_sample(hear(made)) == 40


@pytest.mark.parametrize("speed", [5.0, 1000.0])
def test_what_no_eye_can_follow_is_not_shown_and_nobody_listens(speed):
    made, recorded, clock = listening()
    made.move(100)
    hear(made)
    assert asyncio.run(made.ask(SetSpeed(speed=speed))) == ""
    for _ in range(3):
        clock.now += 0.1
        made.tick(clock.now)
        hear(made)
        assert (made.beat.waves, made.beat.devices) == ((), ())
        assert made.beat.listened.why == f"no waveforms and bytes at {speed:g}×, above {HEARD_SPEED:g}×"
    assert len(recorded.asked) == 1
    asyncio.run(made.ask(SetSpeed(speed=0.0)))
    assert last_sample(hear(made)) == pytest.approx(made.beat.at.seconds, abs=0.01)


def test_a_listener_that_hangs_holds_nothing_up_and_is_not_taken_for_now():
    made, _, clock = listening()
    made.move(100)
    hear(made)
    for _ in range(25):
        clock.now += 0.1
        made.tick(clock.now)
    assert made.beat.at.seconds == pytest.approx(102.5)
    assert made.beat.listened.why == FINDING.why


def test_nothing_of_it_reaches_the_state_or_the_sound():
    quiet, made = player(events()), listening()[0]
    for one in (quiet, made):
        one.move(700)
        asyncio.run(one.hear())
    listener = Overheard(made)
    assert repr(made.state) == repr(quiet.state) == repr(listener.state)
    assert made.film.events == quiet.film.events
    plain = replace(made.beat, devices=(), waves=(), listened=None)
    assert plain == quiet.beat
    assert quiet.beat.listened is None


# ---------------------------------------------------------------- on the screen


async def drawn(desk, made):
    """Listen, draw what was heard, and return the rows of the strip."""
    await made.hear()
    for _ in range(2):  # with the first waveform it gets its room
        desk.app.screen.sweep.look()
        await desk.look()
    region = desk.app.screen.sweep.region
    return desk.text().splitlines()[region.y : region.bottom]


def strip(lines):
    """The names of the strip, and what is drawn beside them."""
    return [line[1:9].strip() for line in lines], [line[11:].strip() for line in lines]


@pytest.fixture(scope="module")
def reel():
    with of_stream(samples.path("vasovagal")) as reel:
        while reel.read_on():
            pass
        yield reel


async def test_stopped_the_strip_stands_and_says_so_and_a_seek_shows_another(reel):
    async with screen((120, 36), speed=0.0, listener=reel) as (desk, made):
        made.move(600)
        names, first = strip(await drawn(desk, made))
        assert names == ["pleth", "no scale", "REPLAY", "stopped"]
        assert all(len(line) > 60 for line in first[-1:])
        desk.clock.now += 10
        assert strip(await drawn(desk, made))[1] == first
        made.move(300)
        assert strip(await drawn(desk, made))[1] != first
        made.move(-300)
        assert strip(await drawn(desk, made))[1] == first
        assert "REPLAY stopped 10:00" in banner(desk)


async def test_at_1x_it_is_written_on_and_at_1000x_it_says_that_there_is_none(reel):
    async with screen((120, 36), speed=1.0, listener=reel) as (desk, made):
        made.move(600)
        pictures = []
        for _ in range(16):
            desk.clock.now += 0.25
            made.tick(desk.clock.now)
            pictures.append(tuple(strip(await drawn(desk, made))[1]))
        assert len(set(pictures)) > 8
        await made.ask(SetSpeed(speed=1000.0))
        made.tick(desk.clock.now + 0.1)
        assert "no waveforms and bytes at 1000×, above 2×" in strip(await drawn(desk, made))[1]
        await made.ask(SetSpeed(speed=0.0))
        names, _ = strip(await drawn(desk, made))
        assert names[-1] == "stopped"


async def test_before_the_first_sample_there_is_no_signal(reel):
    async with screen((120, 36), speed=0.0, listener=reel) as (desk, made):
        made.move(600)
        await drawn(desk, made)
        await desk.press("home")
        assert "no signal" in strip(await drawn(desk, made))[1]


async def test_where_a_device_fell_silent_there_is_no_signal_since(reel):
    recorded = Recorded()
    block = SampleBlock(signal=Signal.PLETH, rate_hz=100, samples=(1.0, 2.0) * 500)
    recorded.says = Heard(waves=(Wave(device="monitor", start=0, block=block, quiet_s=75.0),))
    async with screen((120, 36), speed=0.0, listener=recorded) as (desk, made):
        made.move(600)
        assert "no signal for 1:15" in strip(await drawn(desk, made))[1]


async def test_at_160x48_two_waveforms_stand_and_a_resize_draws_them_again(reel):
    async with screen((160, 48), speed=0.0, listener=reel) as (desk, made):
        made.move(600)
        names, before = strip(await drawn(desk, made))
        assert names == ["pleth", "no scale", "REPLAY", "stopped", "ECG II", "no scale", "REPLAY", "stopped"]
        await desk.resize((140, 48))
        made.tick(desk.clock.now)
        _, after = strip(await drawn(desk, made))
        assert all(line for line in after[3:4])
        assert after != before


async def test_what_is_damaged_or_was_never_there_is_said_in_place_of_strip_and_bytes(reel):
    recorded = Recorded()
    recorded.says = Heard(why="s.kstream is not there: no waveforms and bytes")
    async with screen((120, 36), speed=0.0, listener=recorded) as (desk, made):
        made.move(600)
        await drawn(desk, made)
        assert "\n s.kstream is not there: no waveforms and bytes" in desk.text()
        assert "pleth" not in desk.text()
        await desk.press("W")
        assert "s.kstream" not in "\n".join(desk.text().splitlines()[1:30])
        await desk.press("D")
        assert "s.kstream is not there: no waveforms and bytes" in desk.text()
        assert "last decoded" not in desk.text()
        recorded.says = None
        made.move(1)
        await drawn(desk, made)
        assert "60.1 kB received" in desk.text()


async def test_a_mark_says_what_no_sum_covers():
    recorded = Recorded()
    async with screen((120, 36), speed=0.0, listener=recorded) as (desk, made):
        made.move(600)
        recorded.says = replace(recorded.hear(600 * 10**9), unproven=True)
        assert strip(await drawn(desk, made))[0] == ["pleth", "REPLAY", "stopped", "unproven"]


async def test_the_bytes_are_those_of_the_cursor(reel):
    async with screen((120, 36), speed=0.0, listener=reel) as (desk, made):
        made.move(300)
        await desk.press("D")
        await drawn(desk, made)
        first = desk.text()
        assert "live since" in first
        assert "last decoded" in first
        assert "frames accepted" in first
        made.move(300)
        await drawn(desk, made)
        assert desk.text() != first
        made.move(-300)
        await drawn(desk, made)
        assert desk.text().replace("05:01", "05:00") == first.replace("05:01", "05:00")
