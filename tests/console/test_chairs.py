"""Several chairs in one console: no alarm is missed, no intent goes to the wrong core, nothing typed is lost."""

from contextlib import asynccontextmanager
from datetime import UTC

import pytest
from console.chairs import NURSE, PROFILE, Clock, FakeFeed, infusing
from console.pilot import Desk
from console.stage import staged
from console.test_always_there import nothing_is_covered

from ketamon.console.app import GONE_S, KetamonApp
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.people import Person, Role
from ketamon.follow import Beat, Source

LEE = Person("Lee", Role.NURSE)
SIZES = ((160, 48), (120, 36), (80, 24))


class NamedFeed(FakeFeed):
    """A core that says which chair it is."""

    def __init__(self, name, chair):
        self.name = name
        super().__init__(chair)

    def tick(self, *, ended=False):
        self.beat = Beat(at=self.chair.at, source=Source.LIVE, speed=1.0, saved_s=0.2, chair=self.name, ended=ended)
        self.changes += 1


class Ward:
    """The chairs that run on this machine: `feeds` by their names."""

    def __init__(self, feeds):
        self.feeds = feeds
        self.asked = []

    def found(self, known):
        self.asked.append(tuple(known))
        return [name for name in self.feeds if name not in known]

    def feed(self, name):
        return self.feeds[name]


class Sound:
    """Where a voice would be."""

    def __init__(self):
        self.bells, self.chairs = 0, ["1"]

    def follow(self, chair, make_feed):
        assert make_feed().name == chair
        self.chairs.append(chair)

    def leave(self, chair):
        self.chairs.remove(chair)


class Several(Desk):
    """A console of several chairs under test; `feeds` are their cores."""

    def __init__(self, app, pilot, ward, clock, sound):
        super().__init__(app, pilot, ward.feeds["1"], clock)
        self.ward, self.feeds, self.sound = ward, ward.feeds, sound

    @property
    def strip(self):
        """What stands in the strip, a text for each chair."""
        return (
            [cell.said.strip() for cell in self.app.screen.strip.query("Cell")] if self.app.screen.strip.display else []
        )

    async def later(self, seconds, *, silent=()):
        self.clock.now += seconds
        for name, feed in self.feeds.items():
            feed.chair.t += seconds
            if name not in silent:
                feed.tick()
        await self.look()

    async def find(self):
        await self.app.find()
        await self.look()


@asynccontextmanager
async def console(*chairs, size=(120, 36)):
    feeds = {str(n): NamedFeed(str(n), chair) for n, chair in enumerate(chairs, 1)}
    ward, clock, sound = Ward(feeds), Clock(), Sound()
    app = KetamonApp(feeds["1"], staff=NURSE, clock=clock, zone=UTC, voice=sound, chair="1", others=ward)
    async with staged(app, size) as pilot:
        desk = Several(app, pilot, ward, clock, sound)
        await desk.find()
        await pilot.pause()
        yield desk


def header(desk):
    return desk.text().split("\n")[0]


def two(**how):
    return infusing(1, **how), infusing(2, **how)


# -------------------------------------------------------------------- what is seen


async def test_one_chair_has_no_strip_and_no_keys_for_several():
    async with console(infusing(1)) as desk:
        assert desk.strip == []
        assert "next chair" not in desk.text()
        await desk.press("f6")
        assert "where there is one chair" in desk.answer


@pytest.mark.parametrize("size", SIZES)
async def test_an_alarm_of_a_chair_that_is_not_shown_is_read_and_blinks(size):
    async with console(*two(), infusing(3), size=size) as desk:
        desk.feeds["3"].chair.alarm("SpO2 84 < 88", Priority.HIGH)
        await desk.later(1)
        nothing_is_covered(desk.app.screen)
        text = desk.text()
        assert "1" in header(desk)
        assert "3 infusion *** SpO2 84 < 88" in text or "3 *** SpO2 84 < 88" in text
        cell = list(desk.app.screen.strip.query("Cell"))[2]
        assert cell.has_class("-high", "-blinks")
        assert desk.app.screen.strip.blinking
        assert not desk.app.screen.alarm_bar.blinking
        for entry in ("n", "g"):
            await desk.press(entry)
            assert "*** SpO2 84 < 88" in desk.text()
            nothing_is_covered(desk.app.screen)
            await desk.press("escape")


async def test_the_strip_looks_the_same_on_every_screen():
    async with console(*two()) as desk:
        said = [text.lstrip("▸").strip() for text in desk.strip]
        await desk.press("f6")
        assert [text.lstrip("▸").strip() for text in desk.strip] == said
        assert [text.startswith("▸") for text in desk.strip] == [False, True]


async def test_a_screen_that_is_not_shown_is_not_drawn():
    async with console(*two()) as desk:
        first = desk.app.screen
        desk.feeds["2"].chair.alarm("HR 44 < 50", Priority.HIGH)
        await desk.later(1)
        assert first.strip.blinking
        await desk.press("f6")
        drawn = []
        first.show = drawn.append
        desk.feeds["1"].chair.alarm("SpO2 84 < 88", Priority.HIGH)
        await desk.later(5)
        assert drawn == []
        assert not first.alarm_bar.blinking
        assert not first.strip.blinking


async def test_of_many_chairs_each_has_room_for_its_alarm():
    chairs = [infusing(1).alarm(f"SpO2 8{n} < 88", Priority.HIGH) for n in range(6)]
    async with console(*chairs, size=(80, 24)) as desk:
        text = desk.text()
        assert all(f"{n + 1} *** SpO2 8{n} < 88" in text for n in range(6))
        nothing_is_covered(desk.app.screen)


async def test_after_another_size_the_chair_that_was_not_shown_fits_too():
    async with console(*two()) as desk:
        await desk.press("f6")
        await desk.resize((80, 24))
        await desk.press("f6")
        await desk.pilot.pause()
        assert desk.app.screen.has_class("-narrow", "-short")
        nothing_is_covered(desk.app.screen)


async def test_cores_that_call_themselves_alike_are_not_confused():
    """Demonstrations do: every one says that its chair is “demo”."""
    async with console(*two()) as desk:
        for feed in desk.feeds.values():
            feed.name = "demo"
        await desk.later(1)
        assert [text.lstrip("▸")[:7] for text in desk.strip] == ["chair 1", "chair 2"]
        assert "chair 1" in header(desk)


# -------------------------------------------------------------------- from chair to chair


async def test_the_key_goes_to_the_next_chair_and_says_which_one_it_is():
    async with console(*two()) as desk:
        assert "chair 1" in header(desk)
        await desk.press("f6")
        assert "chair 2" in header(desk)
        assert desk.answer == "chair 2 is shown"
        await desk.press("C")
        assert "chair 1" in header(desk)
        assert desk.answer == "chair 1 is shown"


async def test_the_key_goes_to_the_chair_that_needs_somebody_most():
    async with console(infusing(0.5), infusing(0.5), infusing(0.5)) as desk:
        await desk.press("f7")
        assert "no chair needs anybody now" in desk.answer
        desk.feeds["2"].chair.alarm("HR 44 < 50", Priority.MEDIUM)
        desk.feeds["3"].chair.alarm("SpO2 84 < 88", Priority.HIGH)
        await desk.later(1)
        await desk.press("U")
        assert "chair 3" in header(desk)
        await desk.press("a")
        desk.feeds["3"].chair.alarm("SpO2 84 < 88", Priority.HIGH, state=e.AlarmState.ACKNOWLEDGED)
        await desk.later(1)
        await desk.press("f7")
        assert "chair 2" in header(desk)


async def test_a_click_goes_to_a_chair():
    async with console(*two()) as desk:
        await desk.pilot.click(list(desk.app.screen.strip.query("Cell"))[1])
        await desk.press()
        assert "chair 2" in header(desk)


async def test_an_intent_goes_to_the_core_of_the_screen_it_was_asked_on():
    async with console(*two()) as desk:
        for feed in desk.feeds.values():
            feed.chair.alarm("SpO2 84 < 88", Priority.HIGH)
        await desk.later(1)
        await desk.burst("f6", "a")
        assert (desk.feeds["1"].asked, desk.feeds["2"].asked) == ([], [i.Acknowledge(by=NURSE)])
        await desk.burst("n", *"well", "f6", "p")
        assert desk.feeds["1"].asked == [i.PauseAudio(by=NURSE, on=True)]
        await desk.burst("C", "enter")
        assert desk.feeds["2"].asked[1:] == [i.Note(text="well", by=NURSE)]
        assert len(desk.feeds["1"].asked) == 1


async def test_what_is_half_typed_is_there_when_one_comes_back():
    async with console(*two()) as desk:
        await desk.press("n")
        await desk.type("half a note")
        await desk.press("f6")
        assert "half a note" not in desk.text()
        await desk.press("n")
        await desk.type("another")
        await desk.press("f6")
        assert desk.app.focused.value == "half a note"
        await desk.press("enter", "f6", "enter")
        assert desk.feeds["1"].asked == [i.Note(text="half a note", by=NURSE)]
        assert desk.feeds["2"].asked == [i.Note(text="another", by=NURSE)]


async def test_what_was_half_meant_is_forgotten_with_the_chair():
    chair = infusing(1).say(e.EmergencyMarked(on=True, by=NURSE))
    async with console(chair, infusing(1)) as desk:
        await desk.press("E")
        assert "again" in desk.answer
        await desk.press("f6", "f6", "E")
        assert desk.asked == []
        await desk.press("E")
        assert desk.asked == [i.MarkEmergency(on=False, by=NURSE)]


async def test_a_refusal_that_comes_when_another_chair_is_shown_is_told_there():
    async with console(*two()) as desk:
        import asyncio

        feed = desk.feeds["1"]
        feed.held = asyncio.Event()
        feed.answers.append("the disk is full")
        await desk.press("p", "f6")
        feed.held.set()
        feed.held = None
        await desk.settle()
        assert "chair 2" in header(desk)
        assert desk.answer == "not done: chair 1: the disk is full"


# -------------------------------------------------------------------- chairs come and go


async def test_a_chair_that_starts_later_appears_and_sounds():
    async with console(infusing(1)) as desk:
        desk.feeds["2"] = NamedFeed("2", infusing(1).alarm("SpO2 84 < 88", Priority.HIGH))
        await desk.find()
        assert "*** SpO2 84 < 88" in desk.strip[1]
        assert desk.sound.chairs == ["1", "2"]
        await desk.find()
        assert desk.ward.asked[-1] == ("1", "2"), "those that are followed are not asked again"
        assert len(desk.strip) == 2


async def test_a_core_that_is_killed_is_an_alarm_until_somebody_puts_it_away():
    async with console(*two()) as desk:
        del desk.ward.feeds["2"]
        await desk.later(3600, silent=("2",))
        await desk.find()
        assert "!!! no contact since " in desk.strip[1]
        assert desk.sound.chairs == ["1", "2"]
        await desk.press("X")
        assert "not possible" in desk.answer, "chair 1 is heard"
        await desk.press("f7", "X")
        assert "again: this chair is shown no more" in desk.answer
        await desk.press("X")
        assert "chair 1" in header(desk)
        assert desk.strip == []
        assert desk.sound.chairs == ["1"]
        assert len(desk.app.workers._workers) < 5


async def test_a_core_that_was_put_away_and_comes_back_appears():
    async with console(*two()) as desk:
        feed = desk.ward.feeds.pop("2")
        await desk.later(10, silent=("2",))
        feed.connected = False
        await desk.look()
        await desk.press("f6", "X", "X")
        assert desk.strip == []
        feed.connected = True
        desk.ward.feeds["2"] = feed
        await desk.find()
        assert len(desk.strip) == 2


async def test_a_chair_whose_session_is_over_says_so_and_goes_after_a_while_unless_it_is_shown():
    async with console(*two()) as desk:
        feed = desk.ward.feeds.pop("2")
        feed.tick(ended=True)
        feed.connected, feed.why = False, "the core has ended"
        await desk.later(1)
        assert "ended" in desk.strip[1]
        assert not desk.app.screen.strip.blinking
        await desk.press("f6")
        assert "the session is over, and its core has ended" in desk.text()
        assert not desk.app.screen.alarm_bar.blinking
        await desk.later(GONE_S)
        await desk.find()
        assert len(desk.strip) == 2, "nobody's chair changes under their eyes"
        await desk.press("f6")
        await desk.find()
        assert desk.strip == []
        assert desk.sound.chairs == ["1"]


# -------------------------------------------------------------------- one lock for all


async def test_all_chairs_lock_together_and_one_pin_opens_them():
    async with console(*two(pins=True)) as desk:
        await desk.press("f6", "f6", "L")
        assert "LOCKED" in header(desk)
        assert "J. D." not in desk.text(), "also where one came from the other chair"
        await desk.press("f6")
        assert "chair 2" in header(desk)
        assert "LOCKED" in header(desk)
        assert "J. D." not in desk.text()
        await desk.press("i", "ctrl+t")
        await desk.type("Lee nurse")
        await desk.press("enter", *"407291", "enter")
        assert (desk.feeds["1"].asked, desk.feeds["2"].asked) == ([], [i.SignIn(by=LEE)])
        assert "J. D." in desk.text()
        await desk.press("f6")
        assert "J. D." in desk.text()
        await desk.press("n")
        await desk.type("x")
        await desk.press("enter")
        assert desk.feeds["1"].asked == [i.Note(text="x", by=LEE)]


async def test_a_key_at_one_chair_keeps_the_other_open_and_without_keys_both_lock():
    idle = PROFILE.people.idle_lock_minutes * 60
    async with console(*two(pins=True)) as desk:
        await desk.later(idle - 1)
        await desk.press("f6")
        await desk.later(idle - 1)
        assert "LOCKED" not in header(desk)
        await desk.later(1)
        assert "LOCKED" in header(desk)
        await desk.press("f6")
        assert "LOCKED" in header(desk)


async def test_an_emergency_at_one_chair_locks_none():
    async with console(*two(pins=True)) as desk:
        desk.feeds["2"].chair.say(e.EmergencyMarked(on=True, by=NURSE))
        await desk.later(100_000)
        assert "LOCKED" not in header(desk)


async def test_half_a_pin_is_forgotten_with_the_chair():
    async with console(*two(pins=True)) as desk:
        await desk.press("i", "enter", *"4072", "f6", "f6")
        assert not desk.app.screen.pin.display
        assert desk.feeds["1"].pins == desk.feeds["2"].pins == []


async def test_leaving_names_every_chair_that_goes_on():
    async with console(*two()) as desk:
        await desk.press("q")
        assert "chair 1, chair 2: the cores go on recording" in str(desk.app._exit_renderables)
