"""The application in a headless terminal: what keys send, what a person reads, at three sizes, without a sleep."""

import asyncio
import gc
import weakref
from datetime import UTC

import pytest
from console.chairs import NURSE, PHYSICIAN, PROFILE, Chair, Clock, FakeFeed, empty, infusing, recovering
from console.pilot import console
from console.stage import staged
from textual.events import Key
from textual.widgets import Input

from ketamon.console.app import KetamonApp
from ketamon.console.look.themes import THEMES
from ketamon.console.widgets.tile import Tile
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Trigger
from ketamon.follow import Source

SIZES = ((160, 48), (120, 36), (80, 24))

# -------------------------------------------------------------------- what is always there

SCENES = {
    "full": infusing,
    "empty": empty,
    "waiting": lambda: Chair().devices().check_in(),
    "recovery": recovering,
    "alarm": lambda: infusing().alarm("SpO2 84 < 88", Priority.HIGH, parameter=Parameter.SPO2),
}
PANELS = ("observe", "note", "value", "step", "help", "gate", "palette")


@pytest.mark.parametrize("scene", SCENES)
async def test_numbers_alarms_pump_and_due_list_are_never_covered(scene):
    async with console(SCENES[scene](), SIZES[0]) as desk:
        for size in SIZES:
            await desk.resize(size)
            for panel in ("note", "gate"):
                nothing_is_covered(desk.app.screen)
                await desk.app.screen.action_do(panel)
                await desk.pilot.pause()
            nothing_is_covered(desk.app.screen)
            await desk.press("escape")


async def test_everything_is_on_the_screen_at_every_size():
    """Where the layout changes from one kind to the next nothing may fall off its edge."""
    widths = [(width, 30) for width in (80, 81, 90, 99, 100, 103, 104, 105, 119, 139, 140, 141, 240)]
    heights = [(100, height) for height in (24, 25, 29, 31, 32, 43, 44, 45, 60)]
    async with console(infusing(), SIZES[-1]) as desk:
        for size in (*widths, *heights):
            await desk.resize(size)
            nothing_is_covered(desk.app.screen)


async def test_no_panel_covers_anything_on_the_smallest_screen():
    async with console(infusing(), SIZES[-1]) as desk:
        for panel in PANELS:
            await desk.app.screen.action_do(panel)
            await desk.pilot.pause()
            nothing_is_covered(desk.app.screen)


def nothing_is_covered(screen):
    kept = [screen.header, screen.alarm_bar, *screen.query(Tile), screen.pump, screen.due, screen.answer]
    regions = [widget.region for widget in [*kept, screen.key_bar]]
    opened = [w for w in screen.query(".panel") if w.display]
    for n, region in enumerate(regions):
        assert region.area > 0
        assert screen.region.contains_region(region)
        assert not any(region.overlaps(other) for other in [*regions[n + 1 :], *(w.region for w in opened)])
    assert all(panel.region.height >= 8 for panel in opened)


async def test_a_person_reads_the_essentials_at_every_size():
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH)) as desk:
        for size in SIZES:
            await desk.resize(size)
            reads_the_essentials(desk.text())


def reads_the_essentials(text):
    for words in (
        "chair 2", "infusion", "J. D. ··82", "72.0 kg", "LIVE", "14:32:00", "*** SpO2 84 < 88", "▶ infusing",
        "54.0 mL/h", "= order", "21.6 of 36.0 mg", "0.75 mg/kg/h", "alarms not available", "overdue 9:00",
        "headache", "open: nausea, mild 9 min", "24:00 of 40:00", "? help",
    ):  # fmt: skip
        assert words in text, words


async def test_a_narrow_tile_says_the_reason_in_a_whole_word():
    async with console(empty(), (80, 24)) as desk:
        assert desk.text().count("absent") == 5
    async with console(infusing().measure(spo2=None, rr=None), (80, 24)) as desk:
        assert desk.text().count(" off│") == 2


async def test_the_timeline_keeps_its_scale_and_the_clock_its_place():
    async with console(infusing(), (120, 36)) as desk:
        lines = desk.text().split("\n")
        bar = next(n for n, line in enumerate(lines) if "24:00 of 40:00, 16:00 to go" in line)
        assert "recovery" in lines[bar]
        assert lines[bar - 1].split()[0] == "0"
        assert "now" in lines[bar + 1]


async def test_the_trend_gives_way_first():
    async with console(infusing()) as desk:
        for size in SIZES:
            await desk.resize(size)
            assert desk.app.screen.trend.display == (size != (80, 24))
            assert desk.app.screen.log_list.region.area > 0


@pytest.mark.parametrize("source", [Source.REPLAY, Source.SIMULATED])
async def test_the_banner_stands_on_every_panel(source):
    async with console(infusing(), (80, 24), source, 60.0) as desk:
        for panel in PANELS:
            await desk.app.screen.action_do(panel)
            await desk.pilot.pause()
            assert f"{source} 60× — not a live patient" in desk.text().split("\n")[0]
            assert desk.app.screen.banner.region.width == 80
            assert desk.app.screen.has_class("-rehearsal")


async def test_a_live_session_has_no_banner():
    async with console(infusing()) as desk:
        assert "not a live patient" not in desk.text()


async def test_foreign_text_is_never_markup():
    async with console(infusing(), (160, 48)) as desk:
        assert "talks about the sea [/bold] quietly" in desk.text()


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_every_theme_shows_the_same_words(theme):
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH)) as desk:
        before = desk.text()
        desk.app.theme = theme.name
        await desk.pilot.pause()
        assert desk.text() == before


async def test_without_colour_the_same_words_stand_there(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH), (80, 24)) as desk:
        reads_the_essentials(desk.text())


async def test_the_theme_goes_round_by_key():
    async with console(infusing()) as desk:
        seen = []
        for _ in THEMES:
            await desk.press("t")
            seen.append(desk.app.theme)
        assert sorted(seen) == sorted(theme.name for theme in THEMES)


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


# -------------------------------------------------------------------- keys and what they send


async def test_three_keys_log_an_observation():
    async with console(infusing()) as desk:
        await desk.press("o", "n", "1")
        assert desk.asked == [i.Observe(item="nausea", grade=1, by=NURSE)]
        assert desk.answer == "saved 14:32:00  nausea, mild"
        assert desk.app.screen.log_list.display


async def test_keys_that_come_in_one_go_reach_the_entry_they_open():
    async with console(infusing()) as desk:
        await desk.burst(*"on1")
        assert desk.asked == [i.Observe(item="nausea", grade=1, by=NURSE)]
        await desk.burst("o", "F", "1", *"saline", "enter")
        assert desk.asked[-1] == i.Observe(item="fluid", grade=1, by=NURSE, text="saline")


async def test_nothing_is_called_saved_before_the_core_says_so():
    async with console(infusing()) as desk:
        desk.feed.held = asyncio.Event()
        await desk.press("o", "n", "1")
        assert "saved" not in desk.answer
        assert "asking the core" in desk.answer
        await desk.press("1")
        assert len(desk.asked) == 1
        held, desk.feed.held = desk.feed.held, None
        held.set()
        await desk.settle()
        assert desk.answer.startswith("saved")


async def test_a_refusal_is_said_in_words_and_the_entry_stays():
    async with console(infusing()) as desk:
        desk.feed.answers.append("the record cannot be written: disk full")
        await desk.press("o", "n", "2")
        assert desk.answer == "not done: the record cannot be written: disk full"
        assert "observe ▸ nausea" in desk.text()
        await desk.press("2")
        assert desk.answer.startswith("saved")


async def test_escape_backs_out_one_step_at_a_time():
    async with console(infusing()) as desk:
        await desk.press("o", "R", "1")
        await desk.type("ondansetron 4 mg iv")
        await desk.press("escape")
        assert "observe ▸ rescue drug" in desk.text()
        await desk.press("1", "enter")
        assert desk.asked == [i.Observe(item="rescue-drug", grade=1, by=NURSE, text="ondansetron 4 mg iv")]
        await desk.press("o", "n", "escape", "escape")
        assert not desk.app.screen.has_class("-entry")
        assert len(desk.asked) == 1


async def test_a_text_that_is_asked_for_must_be_there():
    async with console(infusing()) as desk:
        await desk.press("o", "R", "1", "enter")
        assert desk.asked == []
        assert "missing" in desk.answer


async def test_an_unknown_key_in_the_entry_says_so_and_does_nothing_else():
    async with console(infusing()) as desk:
        await desk.press("o", "Z", "n", "9")
        assert desk.asked == []
        assert "nausea has no grade with the key “9”" in desk.answer


async def test_a_total_is_typed_as_a_number_within_its_range():
    async with console(infusing()) as desk:
        await desk.press("o", "Q")
        assert "observe ▸ PHQ-9" in desk.text()
        assert "a whole number, 0 to 27, then enter" in desk.text()
        for wrong in ("28", "", "1.5", "²"):
            await desk.type(wrong)
            await desk.press("enter")
            assert desk.asked == []
            assert f"PHQ-9 is a whole number, 0 to 27, not “{wrong}”" in desk.answer
            await desk.press(*["backspace"] * len(wrong))
        await desk.type("15")
        await desk.press("enter")
        assert desk.asked == [i.Observe(item="phq9", grade=15, by=NURSE)]
        assert desk.answer == "saved 14:32:00  PHQ-9 15"


async def test_a_number_typed_for_one_total_is_not_kept_for_another():
    async with console(infusing()) as desk:
        await desk.press("o", "Q")
        await desk.type("15")
        await desk.press("escape", "7", "9", "enter")
        assert desk.asked == [i.Observe(item="gad7", grade=9, by=NURSE)]


async def test_a_total_that_the_core_refuses_can_be_typed_anew():
    async with console(infusing()) as desk:
        desk.feed.answers.append("the record cannot be written: disk full")
        await desk.press("o", "A", "9", "enter")
        assert "not done" in desk.answer
        await desk.press("enter")
        assert desk.asked[-1] == i.Observe(item="aldrete", grade=9, by=NURSE)
        assert desk.answer.startswith("saved")


async def test_a_total_comes_in_one_go_too():
    async with console(infusing()) as desk:
        await desk.burst(*"oA10", "enter")
        assert desk.asked == [i.Observe(item="aldrete", grade=10, by=NURSE)]


async def test_an_observation_can_be_set_back_with_a_reason():
    async with console(infusing()) as desk:
        await desk.press("o", "@")
        await desk.type("5")
        await desk.press("enter")
        assert "minutes and the reason" in desk.answer
        await desk.type(" was away")
        await desk.press("enter", "n", "1")
        assert desk.asked == [i.Observe(item="nausea", grade=1, by=NURSE, minutes_ago=5.0, why_then="was away")]


async def test_enter_on_a_due_item_opens_its_grades():
    async with console(infusing()) as desk:
        assert desk.app.screen.due.chosen == "headache"
        await desk.press("down", "enter", "1")
        assert desk.asked == [i.Observe(item="dizziness", grade=1, by=NURSE)]


async def test_enter_on_a_due_value_opens_its_field():
    async with console(infusing()) as desk:
        await desk.press("down", "down", "down", "enter")
        assert isinstance(desk.app.focused, Input)
        assert desk.app.focused.id == "nibp"


async def test_a_due_item_is_left_out_with_a_reason():
    async with console(infusing()) as desk:
        await desk.press("s", "enter")
        assert desk.asked == []
        await desk.type("asleep")
        await desk.press("enter")
        assert desk.asked == [i.SkipDue(item="headache", because="asleep", by=NURSE)]


async def test_a_note_is_kept_until_it_is_saved_or_thrown_away():
    async with console(infusing()) as desk:
        await desk.press("n")
        await desk.type("asks q")
        await desk.press("escape", "n")
        await desk.press("question_mark")
        desk.feed.answers.append("no")
        await desk.press("enter")
        assert desk.app.focused.value == "asks q?"
        await desk.press("enter")
        assert desk.asked[-1] == i.Note(text="asks q?", by=NURSE)
        await desk.press("n")
        assert desk.app.focused.value == ""
        await desk.type("wrong")
        await desk.press("ctrl+t")
        assert desk.app.focused.value == ""


async def test_a_manual_pressure_is_sent_as_readings():
    async with console(infusing()) as desk:
        await desk.press("v")
        await desk.type("138/92")
        assert "enter saves SYS 138, DIA 92" in desk.text()
        await desk.press("enter")
        (intent,) = desk.asked
        assert [(r.parameter, r.value) for r in intent.readings] == [
            (Parameter.NIBP_SYS, 138.0),
            (Parameter.NIBP_DIA, 92.0),
        ]


async def test_a_wrong_value_is_not_sent():
    async with console(infusing()) as desk:
        await desk.press("v")
        await desk.type("92/138")
        await desk.press("enter")
        assert desk.asked == []
        assert "systolic comes first" in desk.answer


async def test_acknowledge_and_pause_work_also_while_an_entry_is_open():
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH)) as desk:
        await desk.press("a", "n")
        await desk.press("a", "p", "o", "f8", "f9")
        assert [type(x) for x in desk.asked] == [i.Acknowledge, i.Acknowledge, i.PauseAudio]
        assert desk.app.focused.value == "apo"


async def test_pausing_again_ends_the_pause():
    async with console(infusing()) as desk:
        await desk.press("p")
        desk.feed.chair.say(*(_pause(),))
        desk.feed.tick()
        await desk.look()
        await desk.press("p")
        assert [x.on for x in desk.asked] == [True, False]


def _pause():
    from ketamon.domain.events import AudioPaused

    return AudioPaused(seconds=120.0, by=NURSE)


async def test_undo_sends_a_correction_for_what_was_shown():
    async with console(infusing()) as desk:
        last = max(desk.feed.state.observations)
        await desk.press("u")
        desk.feed.chair.observe("pain", 3)
        desk.feed.tick()
        await desk.look()
        await desk.press("enter")
        assert desk.asked == [i.Correct(corrects=last, grade=None, why="entered by mistake", by=NURSE)]


async def test_the_next_step_is_chosen_by_number_and_a_stop_asks_why():
    async with console(infusing()) as desk:
        await desk.press("x", "1")
        assert desk.asked == [i.Advance(trigger=Trigger.PAUSE, by=NURSE)]
        await desk.press("x", "3", "enter")
        assert len(desk.asked) == 1
        await desk.type("panic")
        await desk.press("enter")
        assert desk.asked[-1] == i.Advance(trigger=Trigger.STOP, by=NURSE, why="panic")


async def test_check_in_shows_the_arithmetic_and_keeps_what_was_typed():
    async with console(Chair().devices()) as desk:
        await desk.press("c")
        for text in ("J. D.", "1984-82"):
            await desk.type(text)
            await desk.press("enter")
        desk.app.screen.query_one(".panel").fill(
            {"weight": "72", "method": "scale", "indication": "ptsd", "dose": "0.5", "concentration": "1"}
        )
        await desk.pilot.pause()
        assert "0.5 mg/kg × 72 kg = 36 mg" in desk.text()
        assert "36 mL in 40 min = 54 mL/h" in desk.text()
        assert "a second person checks this order next" in desk.text()
        await desk.press("escape", "c")
        desk.app.screen.query_one("#concentration", Input).focus()
        await desk.press("enter")
        (intent,) = desk.asked
        assert (intent.dose_mg_per_kg, intent.minutes, intent.concentration_mg_per_ml) == (0.5, 40.0, 1.0)
        assert intent.patient.weight_kg == 72.0
        assert intent.by == NURSE


async def test_check_in_refuses_a_dose_out_of_bounds_before_asking():
    async with console(Chair().devices()) as desk:
        await desk.press("c")
        form = desk.app.screen.query_one(".panel")
        form.fill(
            {
                "label": "J. D.",
                "identifier": "82",
                "weight": "72",
                "method": "scale",
                "indication": "ptsd",
                "dose": "50",
                "concentration": "1",
            }
        )
        form.save()
        await desk.pilot.pause()
        assert desk.asked == []
        assert "outside 0.1 to 1 mg/kg" in desk.answer


async def test_the_gate_lists_and_confirms():
    async with console(recovering(), (160, 48)) as desk:
        await desk.press("g")
        text = desk.text()
        assert "gate: closed" in text
        assert text.index("UNMET time since the infusion") < text.index("met   SpO2")
        await desk.press("enter")
        assert desk.asked == [i.Confirm(item="oriented", met=True, by=NURSE)]
        assert "gate: closed" in desk.text()


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_facts_are_confirmed_in_a_row_one_key_each(size):
    async with console(recovering(), size) as desk:
        await desk.press("g")
        for fact in ("oriented", "iv-out", "escort", "instructions"):
            label = next(c.label for c in PROFILE.criterion if fact in {c.id, c.item})
            assert f"›UNMET {label}" in desk.text()
            await desk.press("enter")
            assert desk.asked[-1] == i.Confirm(item=fact, met=True, by=NURSE)
            desk.feed.chair.say(e.Confirmed(item=fact, met=True, by=NURSE)).gate()
            desk.feed.tick()
            await desk.look()
        await desk.press("escape", "g")
        assert len(desk.asked) == 4


async def test_a_criterion_that_is_judged_cannot_be_confirmed():
    async with console(recovering()) as desk:
        await desk.press("g", "up", "enter")
        assert desk.asked == []
        assert "is judged from values" in desk.answer


async def test_two_people_sign_and_the_patient_leaves():
    async with console(recovering().gate_opens()) as desk:
        chair = desk.feed.chair
        await desk.press("d", "enter")
        assert desk.asked == [i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE)]
        chair.say(e.Signed(meaning=Meaning.ASSESSMENT, by=NURSE, covers="h"))
        desk.feed.tick()
        await desk.look()
        await desk.press("enter")
        assert "name and role" in desk.answer
        await desk.type("Chen physician")
        await desk.press("enter")
        assert desk.asked[-1] == i.Sign(meaning=Meaning.DISCHARGE, by=PHYSICIAN)
        chair.say(e.Signed(meaning=Meaning.DISCHARGE, by=PHYSICIAN, covers="h"))
        chair.say(e.PhaseChanged(trigger=Trigger.SIGN_OFF, phase=e.Phase.READY, by=PHYSICIAN))
        desk.feed.tick()
        await desk.look()
        await desk.type("AB nurse")
        await desk.press("enter")
        assert desk.asked[-1] == i.Advance(trigger=Trigger.LEAVE, by=NURSE)


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
