"""The application in a headless terminal: contact with the core, alarms, time, and what it costs, without a sleep."""

import gc
import weakref
from datetime import UTC

from console.chairs import NURSE, Chair, Clock, FakeFeed, infusing
from console.pilot import console
from console.stage import staged
from textual.events import Key
from textual.widgets import Input

from ketamon.console.app import KetamonApp
from ketamon.console.widgets.tile import Tile
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.follow import Source

SIZES = ((160, 48), (120, 36), (80, 24))

# -------------------------------------------------------------------- contact


async def test_three_seconds_of_silence_turn_every_number_to_dashes():
    async with console(infusing(), (160, 48)) as desk:
        desk.clock.now += 2.9
        await desk.look()
        assert "no contact" not in desk.text()
        desk.clock.now += 0.2
        await desk.look()
        text = desk.text()
        assert "!!! no contact with the core since 14:32:00" in text
        assert "54.0 mL/h" not in text
        assert all(not tile.has_class("-fresh") for tile in desk.app.screen.query(Tile))


async def test_a_feed_that_says_it_is_cut_off_is_believed_at_once():
    async with console(infusing()) as desk:
        desk.feed.connected, desk.feed.why = False, "connection refused"
        await desk.look()
        assert "no contact with the core" in desk.text()


async def test_contact_that_comes_back_shows_numbers_again():
    async with console(infusing()) as desk:
        desk.clock.now += 5
        await desk.look()
        desk.feed.chair.t += 5
        desk.feed.chair.vitals().pump(infused=21.7)
        desk.feed.tick()
        await desk.look()
        assert "no contact" not in desk.text()
        assert "54.0 mL/h" in desk.text()


async def test_a_feed_that_breaks_is_seen():
    class Broken(FakeFeed):
        async def run(self):
            raise OSError("socket closed by a cat")

    feed = Broken(infusing())
    app = KetamonApp(feed, staff=NURSE, clock=Clock(), zone=UTC)
    async with staged(app, (160, 48)) as pilot:
        await pilot.pause()
        app.look()
        await pilot.pause()
        assert "socket closed by a cat" in app.screen.alarm_bar.query("Line").first().said


async def test_values_age_between_beats():
    async with console(infusing(), (160, 48)) as desk:
        assert "24:00 of 40:00" in desk.text()
        desk.clock.now += 2.0
        await desk.look()
        assert "24:02 of 40:00" in desk.text()


# -------------------------------------------------------------------- alarms are seen and heard


async def test_the_alarm_bar_blinks_only_while_nobody_acknowledged():
    async with console(infusing()) as desk:
        bar = desk.app.screen.alarm_bar
        assert not bar.blinking
        desk.feed.chair.alarm("SpO2 84 < 88", Priority.HIGH)
        await desk.look()
        assert bar.blinking
        from ketamon.domain.events import AlarmState

        desk.feed.chair.alarm("SpO2 84 < 88", Priority.HIGH, state=AlarmState.ACKNOWLEDGED)
        await desk.look()
        assert not bar.blinking
        assert not bar.has_class("-off")
        assert "acknowledged" in desk.text()


async def test_more_alarms_than_fit_are_counted():
    chair = infusing()
    for n in range(5):
        chair.alarm(f"alarm {n}", Priority.MEDIUM)
    async with console(chair) as desk:
        for size in SIZES:
            await desk.resize(size)
            shown = desk.app.screen.alarm_bar.size.height
            assert f"+{5 - shown} more" in desk.text()


async def test_the_bell_rings_when_the_voice_asks_for_it():
    class Voice:
        bells = 0

    voice, rung = Voice(), []
    app = KetamonApp(FakeFeed(infusing()), staff=NURSE, clock=Clock(), zone=UTC, voice=voice)
    app.bell = lambda: rung.append(voice.bells)
    async with staged(app):
        for voice.bells in (0, 1, 1, 2, 2):
            app.look()
    assert rung == [1, 2]


# -------------------------------------------------------------------- time, palette, mouse, the end


async def test_speed_is_changed_only_where_time_can_be():
    async with console(infusing()) as desk:
        await desk.press("plus", "space")
        assert desk.asked == []
        assert "not possible" in desk.answer
    async with console(infusing(), source=Source.REPLAY, speed=10.0) as desk:
        await desk.press("plus", "minus", "space")
        assert desk.asked == [i.SetSpeed(speed=30.0), i.SetSpeed(speed=5.0), i.SetSpeed(speed=0.0)]


async def test_time_goes_on_at_the_speed_it_had():
    async with console(infusing(), source=Source.REPLAY, speed=10.0) as desk:
        await desk.press("space")
        desk.feed.speed = 0.0
        desk.feed.tick()
        await desk.look()
        assert "REPLAY stopped" in desk.text()
        await desk.press("space")
        assert desk.asked[-1] == i.SetSpeed(speed=10.0)


async def test_the_palette_does_what_is_found():
    async with console(infusing()) as desk:
        await desk.press("ctrl+p")
        await desk.type("pause")
        await desk.press("enter")
        assert [type(x) for x in desk.asked] == [i.PauseAudio]
        assert not desk.app.screen.has_class("-entry")


async def test_the_palette_opens_panels():
    async with console(infusing()) as desk:
        await desk.press("ctrl+p")
        await desk.type("note")
        await desk.press("enter")
        await desk.type("x")
        assert desk.app.focused.id == "text"


async def test_the_key_bar_can_be_clicked():
    async with console(infusing()) as desk:
        bar = desk.app.screen.key_bar
        await desk.pilot.click(bar, offset=(bar.said.index("note") + 1, 0))
        await desk.pilot.pause()
        assert desk.app.screen.has_class("-entry")


async def test_quitting_says_that_the_core_goes_on():
    async with console(infusing()) as desk:
        await desk.press("q")
        assert desk.app.return_code == 0
        assert desk.asked == []
        assert "the core goes on recording" in "".join(str(r) for r in desk.app._exit_renderables)


# -------------------------------------------------------------------- cost


async def test_nothing_is_repainted_when_nothing_changed():
    async with console(infusing(), paint=True) as desk:
        painted = []
        for widget in desk.app.screen.query("*"):
            widget.refresh = lambda *_a, w=widget, **_k: painted.append(w)
        desk.app.screen.show(desk.app.screen._view)
        assert painted == []


async def test_panels_are_made_once_and_leave_nothing_behind():
    async with console(infusing()) as desk:
        await desk.press("o", "escape")
        first = weakref.ref(desk.app.screen.query_one(".panel"))
        for _ in range(10):
            for name in ("observe", "note"):
                await desk.app.screen.action_do(name)
                await desk.pilot.pause()
        gc.collect()
        assert first() is not None
        assert len(desk.app.screen.query(".panel")) == 2


def test_the_console_is_not_imported_by_the_core():
    import subprocess
    import sys

    code = "import sys, ketamon.follow, ketamon.rules.alarms; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -------------------------------------------------------------------- keys that come in one piece


async def test_keys_that_come_in_one_piece_go_where_each_belongs():
    async with console(Chair().devices(), (80, 24)) as desk:
        typed = (
            "c",
            *"J. D.",
            "enter",
            *"1984",
            "enter",
            *"72",
            "enter",
            *"scale",
            "enter",
            *"2 of 6",
            "enter",
            *"oc",
            "enter",
        )
        await desk.burst(*typed, *"K. D.")
        found = {field.id: field.value for field in desk.app.screen.query("CheckInForm Input").results(Input)}
        assert found | {
            "label": "J. D.", "identifier": "1984", "weight": "72", "method": "scale", "place": "2 of 6",
            "indication": "OCD", "escort": "K. D.",
        } == found  # fmt: skip


async def test_each_key_of_a_long_burst_has_its_own_second():
    async with console(Chair().devices()) as desk:
        turn, clock = desk.app.in_turn, desk.clock
        assert turn.comes(Key("x", "x"), clock())
        turn.follow(clock() + 5.0)
        turn.look(clock() + 5.5)
        assert turn.busy
        await desk.press()
        assert not turn.busy


async def test_a_key_whose_widget_is_gone_holds_the_next_ones_no_longer_than_a_second():
    async with console(Chair().devices()) as desk:
        turn = desk.app.in_turn
        assert turn.comes(Key("x", "x"), 10.0)
        assert not turn.comes(Key("c", "c"), 10.1)
        turn.look(10.9)
        assert turn.busy
        turn.look(11.0)
        await desk.press()
        assert "check in" in desk.text()
