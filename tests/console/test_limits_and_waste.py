"""Limits off and on again, and what was left of the drug."""

import pytest
from console.chairs import NURSE, PHYSICIAN, infusing, recovering
from console.pilot import console
from textual.widgets import Input

from ketamon.console.widgets.tile import off_text
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import PumpState
from ketamon.domain.parameters import Parameter
from ketamon.domain.phases import Phase, Trigger

SIZES = ((160, 48), (120, 36), (80, 24))


def off(*parameters):
    return [e.LimitsSwitched(parameter=p, off=True, by=NURSE, why="probe moved") for p in parameters]


async def test_limits_go_off_with_a_reason():
    async with console(infusing(3), (80, 24)) as desk:
        await desk.press("l", "1", "enter")
        assert desk.asked == []
        assert "a reason is asked for" in desk.answer
        await desk.type("probe is being moved")
        await desk.press("enter")
        assert desk.asked == [
            i.SwitchLimits(parameter=Parameter.SPO2, off=True, why="probe is being moved", by=NURSE)
        ]  # fmt: skip
        assert not desk.app.screen.has_class("-entry")


async def test_the_same_key_switches_them_on_again_and_asks_nothing():
    async with console(infusing(3).say(*off(Parameter.SPO2))) as desk:
        await desk.press("l")
        assert "OFF: probe moved (nurse AB)" in desk.text()
        await desk.press("1")
        assert desk.asked == [i.SwitchLimits(parameter=Parameter.SPO2, off=False, by=NURSE)]


async def test_another_key_switches_nothing():
    async with console(infusing(3)) as desk:
        await desk.press("l", "0", "z")
        assert desk.asked == []
        assert "no parameter has the number" in desk.answer


async def test_escape_goes_back_to_the_list_and_keeps_the_reason():
    async with console(infusing(3)) as desk:
        await desk.press("l", "1")
        await desk.type("probe")
        await desk.press("escape", "2", "enter")
        assert desk.asked == [i.SwitchLimits(parameter=Parameter.HR, off=True, why="probe", by=NURSE)]


@pytest.mark.parametrize("values", [{}, {"hr": 128, "etco2": 36}, {"hr": None, "rr": None, "spo2": None}])
async def test_a_tile_says_that_its_limits_are_off_at_every_size(values):
    everything = (Parameter.SPO2, Parameter.HR, Parameter.PR, Parameter.RR, Parameter.ETCO2, *CUFF_LIMITS)
    async with console(infusing(3).say(*off(*everything)).measure(**values)) as desk:
        for size in SIZES:
            await desk.resize(size)
            for tile in desk.app.screen.query("Tile"):
                written = "\n".join(row.text for row in tile.picture(*tile.size))
                assert "lim off" in written or "limits off" in written, (size, tile.id, written)


CUFF_LIMITS = (Parameter.NIBP_SYS, Parameter.NIBP_DIA)


async def test_a_tile_says_which_of_several_limits_are_off():
    async with console(infusing(3).say(*off(Parameter.NIBP_DIA))) as desk:
        assert "DIA limits off" in desk.text()
        assert "90–160" in desk.text(), "the systolic limits are on"


@pytest.mark.parametrize(
    ("room", "text"),
    [(14, "SYS limits off"), (13, "SYS lim off"), (11, "SYS lim off"), (10, "lim off"), (1, "lim off")],
)
def test_it_is_shortened_and_never_left_out(room, text):
    assert off_text("SYS limits off", room) == text
    assert off_text("", room) == ""


def test_limits_that_are_off_are_not_drawn_as_if_they_were_on():
    view = infusing(3).say(*off(Parameter.SPO2)).view()
    assert (view.tiles[0].low, view.tiles[0].off) == ("", "limits off")
    assert next(panel for panel in view.trend.panels if panel.label == "SpO2").limits == ()
    assert infusing(3).view().tiles[0].low == "92"


# -------------------------------------------------------------------- waste and what the pump gave


async def test_waste_shows_its_arithmetic_and_takes_a_witness():
    async with console(infusing(24), (80, 24)) as desk:
        await desk.press("w")
        assert "36 mL ordered − 21.6 mL given = 14.4 mL left" in desk.text()
        assert "14.4 mL × 1 mg/mL = 14.4 mg" in desk.text()
        assert desk.app.focused.value == "", "what was thrown away is measured, not offered"
        await desk.type("14")
        await desk.press("enter")
        await desk.type("AB nurse")
        await desk.press("enter")
        assert desk.asked == []
        assert "a second person" in desk.answer
        desk.app.screen.query_one("#witness", Input).value = "Chen physician"
        await desk.press("enter")
        assert desk.asked == [i.Waste(volume_ml=14.0, by=NURSE, witness=PHYSICIAN)]


async def test_it_is_the_witness_who_gives_the_pin():
    async with console(infusing(3, pins=True)) as desk:
        await desk.press("w", "1", "4")
        desk.app.screen.query_one("#witness", Input).value = "Chen physician"
        await desk.press("enter", "enter")
        assert "PIN of physician Chen" in desk.text()


async def test_what_is_no_volume_is_refused():
    async with console(infusing(3)) as desk:
        await desk.press("w")
        volume, witness = desk.app.screen.query("WasteForm Input").results(Input)
        witness.value = "Chen physician"
        for typed in ("", "0", "-1", "14 mg", "all"):
            volume.value = typed
            desk.app.set_focus(witness)
            await desk.press("enter")
            assert desk.asked == []
            assert "what was thrown away" in desk.answer
            desk.app.screen.answer.hint("")


def test_what_nobody_counted_is_dashes():
    chair = infusing(0)
    chair.state.devices["pump"].counter_ml = None
    assert chair.view().left_over[0] == "36 mL ordered − -- mL given = -- mL"


def test_waste_is_added_up():
    chair = infusing(24).say(*[e.DrugWasted(volume_ml=ml, by=NURSE, witness=PHYSICIAN) for ml in (10.0, 4.4)])
    assert chair.view().left_over[-1] == "14.4 mL logged as waste so far"
    assert chair.view().pump.notes == ("wasted 14.4 mL",)


@pytest.mark.parametrize("size", SIZES)
async def test_the_pump_says_when_it_will_end_and_what_it_gave(size):
    async with console(infusing(24), size) as desk:
        for words in ("▶ infusing to 14:48", "21.6 of 36.0 mg", "21.6 mL"):
            assert words in desk.text(), words


def test_the_end_moves_with_the_rate_and_is_unknown_without_one():
    chair = infusing(24)
    assert chair.pump(rate=27.0, infused=21.6).view().pump.state == "▶ infusing to 15:04"
    assert chair.pump(rate=None, infused=21.6).view().pump.state == "▶ infusing"
    assert chair.pump(rate=54.0, infused=40.0).view().pump.state == "▶ infusing", "it should have ended"
    assert chair.pump(rate=3.0, infused=40.0, state=PumpState.KVO).view().pump.state == "◦ KVO, not dosing"


@pytest.mark.parametrize("size", SIZES)
async def test_pauses_stand_at_the_pump(size):
    chair = infusing(24).say(e.PhaseChanged(trigger=Trigger.PAUSE, phase=Phase.PAUSED, by=NURSE))
    chair.t += 125
    chair.vitals().pump(rate=0.0, infused=21.6, state=PumpState.HELD)
    async with console(chair, size) as desk:
        assert "‖ held 2:05" in desk.text()
        assert "1 pause 2:05" in desk.text()
        chair.say(e.PhaseChanged(trigger=Trigger.RESUME, phase=Phase.INFUSION, by=NURSE))
        chair.t += 60
        chair.pump(infused=22.5)
        desk.feed.tick()
        await desk.look()
        assert "1 pause 2:05" in desk.text()
        assert "held" not in desk.text()


def test_a_pause_that_ended_in_a_stop_grows_no_more():
    chair = infusing(24).say(e.PhaseChanged(trigger=Trigger.PAUSE, phase=Phase.PAUSED, by=NURSE))
    chair.t += 60
    chair.say(e.PhaseChanged(trigger=Trigger.STOP, phase=Phase.RECOVERY, by=NURSE))
    chair.t += 600
    assert chair.view().pump.notes == ("1 pause 1:00",)


def test_what_became_of_the_drug_is_said_also_without_contact_to_the_pump():
    chair = recovering().say(e.DrugWasted(volume_ml=4.0, by=NURSE, witness=PHYSICIAN))
    chair.t += 600
    pump = chair.view().pump
    assert not pump.usable
    assert pump.notes == ("wasted 4 mL",)
