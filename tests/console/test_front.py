"""The start screen: what it offers first, what each key chooses, and what it keeps to itself without a PIN."""

from collections import Counter
from dataclasses import replace
from threading import Event

import pytest
from console.front_desk import BROKEN, ENDED, LEE, OPEN, PIN, RUNNING, FakeHere, a_course, front, looked

from ketamon.console.actions.front import ADVICE, DEEDS, MENU, At, Where, at, bar
from ketamon.console.actions.keys import bindings
from ketamon.console.here import Memory
from ketamon.console.look.glyphs import BRAILLE
from ketamon.console.screens.course import CourseScreen, page
from ketamon.console.screens.devices import DevicesScreen
from ketamon.console.screens.start import INTROS, SCREENS, StartScreen, made
from ketamon.console.widgets.commands import written
from ketamon.console.widgets.sheet import DeviceSuggester

SIZES = ((80, 24), (100, 30), (120, 36), (160, 48))
SWALLOWED = {"ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+z", "ctrl+s", "ctrl+q", "ctrl+c", "escape", "enter", "tab"}


def screens():
    return {
        At.START: StartScreen(FakeHere(), Memory()),
        At.COURSE: CourseScreen(FakeHere(), Memory()),
        At.DEVICES: DevicesScreen(FakeHere(), Memory()),
    }


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("screen", At)
def test_no_key_does_two_things_and_none_is_swallowed(screen):
    keys = [key for deed in at(screen) for key in (*deed.keys, deed.always) if key]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert SWALLOWED.isdisjoint(keys)


@pytest.mark.parametrize("screen", At)
def test_every_deed_of_a_screen_is_done_there_and_bound(screen):
    names = {deed.name for deed in at(screen)}
    assert names == set(screens()[screen].deeds())
    assert {key for binding in bindings(at(screen)) for key in binding.key.split(",")} == {
        key for deed in at(screen) for key in (*deed.keys, deed.always) if key
    }


def test_help_names_every_deed_and_every_menu_line_has_a_section():
    text = " ".join(written(DEEDS.values(), Where, ADVICE, 200).plain.split())
    assert all(" ".join(deed.help.split()) in text for deed in DEEDS.values())
    assert all(where in text for where in Where)
    assert all(len(line) <= 48 for line in written(DEEDS.values(), Where, ADVICE, 48).plain.split("\n"))
    assert set(MENU) <= set(INTROS)
    assert {name for name in SCREENS if made(name, FakeHere(), Memory())} <= set(MENU)


def test_the_key_bar_ends_with_help():
    assert bar(at(At.START), typing=False)[-1].action == "help"
    assert [key.key for key in bar(at(At.START), typing=True)] == ["f1"]


# ---------------------------------------------------------------- where it begins


@pytest.mark.parametrize("size", SIZES)
async def test_it_says_what_it_is_and_what_it_is_not(size):
    async with front(size=size) as desk:
        words = " ".join(desk.text().split())  # the menu, too
        assert "ketamon runs an outpatient ketamine infusion session" in words
        assert "no medical device: the bedside monitor's and the pump's own alarms stay on and stay audible" in words
        assert all(DEEDS[name].label in words for name in MENU)


@pytest.mark.parametrize("size", SIZES)
async def test_a_session_that_did_not_end_comes_first_and_enter_goes_on_with_it(size):
    async with front(looked(open=(OPEN, BROKEN), running=(RUNNING,)), Memory(section="demo"), size) as desk:
        assert "last saved 2026-11-21 14:20" in desk.words()
        assert "cannot be read" in desk.text()
        await desk.press("enter")
        assert desk.chosen == ("run", "--chair", "2", "--resume")


async def test_what_was_offered_once_does_not_come_before_the_section_one_was_at():
    memory = Memory(section="demo", seen=(OPEN.text,))
    async with front(looked(open=(OPEN,)), memory) as desk:
        await desk.press("down", "enter")
        assert desk.chosen == ("demo", "--scenario", "stormy")


async def test_a_file_that_cannot_be_read_is_told_and_is_not_gone_on_with():
    async with front(looked(open=(BROKEN,))) as desk:
        await desk.press("o", "enter")
        assert desk.chosen == ()
        assert "/x/a.ksession is damaged" in desk.app.screen.answer.said


async def test_without_an_open_session_a_chair_that_runs_is_attached():
    async with front(looked(running=(RUNNING,))) as desk:
        await desk.press("enter")
        assert desk.chosen == ("attach", "--chair", "3")


async def test_the_first_run_offers_to_look_around():
    async with front(looked(fresh=True), size=(80, 24)) as desk:
        text = desk.text()
        assert "Nothing is configured here" in text
        assert text.index("demo: see") < text.index("replay: play") < text.index("devices: find out")
        await desk.press("enter", "enter")
        assert desk.chosen == ("demo", "--scenario", "calm")


async def test_problems_are_told_and_stop_nothing():
    async with front(looked(problems=("the configuration is not used: line 3",))) as desk:
        assert "the configuration is not used: line 3" in desk.text()
        await desk.press("d", "enter")
        assert desk.chosen == ("demo", "--scenario", "calm")


async def test_what_a_command_had_to_say_is_shown_afterwards():
    async with front(memory=Memory(said=("ketamon run: the port is gone", "second"), failed=True)) as desk:
        assert "ketamon run: the port is gone" in desk.text()
        assert desk.app.screen.said.has_class("-failed")
        await desk.press("r")
        assert "the port is gone" not in desk.text()


async def test_what_somebody_began_is_not_taken_away_by_a_look_that_took_long():
    async with front(looked(running=(RUNNING,)), Memory(section="attach")) as desk:
        await desk.press("n", "enter")
        desk.app.screen._found(desk.here.looked)
        await desk.settle()
        assert desk.app.focused.id == "chair"
        await desk.press("escape", "d")
        desk.app.screen._found(desk.here.looked)
        await desk.settle()
        await desk.press("enter")
        assert desk.chosen == ("demo", "--scenario", "calm")


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_answer_is_shown_to_its_end(size):
    here = FakeHere(doubt="chair 2 has an open session, J. D.: infusion since 2026-11-21 14:02, last saved 14:20")
    async with front(here, size=size) as desk:
        await desk.press("n", "enter", *["enter"] * 5)
        assert "enter again, if that is meant" in " ".join(desk.text().split())


# ---------------------------------------------------------------- choosing


@pytest.mark.parametrize(
    ("keys", "args"),
    [
        (("d", "enter"), ("demo", "--scenario", "calm")),
        (("p", "enter"), ("replay", "/x/calm.kstream")),
        (("p", "down", "enter"), ("replay", "/x/r.kstream")),
        (("v", "down", "enter"), ("review", "/x/19.ksession")),
        (("g", "enter"), ("config", "edit")),
        (("q",), ()),
        (("d", "slash", "s", "t", "o", "r", "enter"), ("demo", "--scenario", "stormy")),
        (("v", "slash", "m", ".", "down", "enter"), ("review", "/x/19.ksession")),
        (("d", "slash", "z", "escape", "enter"), ("demo", "--scenario", "calm")),
        (("escape", "home", "down", "down", "down", "right", "enter"), ("demo", "--scenario", "calm")),
    ],
    ids=" ".join,
)
async def test_each_way_to_choose(keys, args):
    async with front() as desk:
        await desk.press(*keys)
        assert desk.chosen == args
        assert desk.app._exit, "it is left"


async def test_the_mouse_chooses_too():
    async with front() as desk:
        await desk.pilot.click("Menu", offset=(4, 4))
        await desk.settle()
        assert desk.app.screen.choice.border_title == "demo"
        await desk.pilot.click("Choice OptionList", offset=(3, 1))
        await desk.settle()
        assert desk.chosen == ("demo", "--scenario", "stormy")


async def test_the_menu_shows_a_section_before_it_is_entered():
    async with front() as desk:
        await desk.press("escape", "home", "down", "down", "down")
        assert "stormy  a title" in desk.text()
        assert desk.app.focused is desk.app.screen.menu


async def test_a_search_that_finds_nothing_says_so_and_letters_are_text_meanwhile():
    async with front() as desk:
        await desk.press("d", "slash", "q", "t")
        assert "nothing of that is in the list" in desk.text()
        assert desk.chosen == ()
        await desk.press("escape")
        assert "calm  a title" in desk.text()


async def test_foreign_text_is_shown_as_letters():
    async with front() as desk:
        await desk.press("v")
        assert "Q. [/bold]" in desk.text()
    row = replace(OPEN, text="chair \x1b[2J\n2", detail="\x1b]0;x\x07")
    async with front(looked(open=(row,))) as desk:
        assert "\x1b" not in desk.text()
        assert "chair �[2J 2" in desk.text()


async def test_help_stands_beside_the_menu_and_esc_leaves_it():
    async with front(size=(80, 24)) as desk:
        await desk.press("question_mark")
        assert "go on with a session that did not end" in desk.words()
        await desk.press("escape")
        assert "help" not in str(desk.app.screen.aside)


async def test_a_typed_path_is_looked_for_before_anything_is_left():
    async with front() as desk:
        await desk.press("p", "end", "enter")
        await desk.type("gone")
        await desk.press("enter")
        assert "there is no file gone" in desk.app.screen.answer.said
        assert desk.chosen == ()
        desk.app.focused.value = "/x/there.kstream"
        await desk.press("enter")
        assert desk.chosen == ("replay", "/x/there.kstream")


# ---------------------------------------------------------------- a new session


async def test_the_form_is_filled_as_is_configured_and_says_which_ports_there_are():
    async with front(size=(80, 24)) as desk:
        await desk.press("n", "enter")
        text = desk.text()
        assert all(
            part in text for part in ("ge-dri:/dev/ttyUSB0", "alaris-gh:/dev/ttyUSB1", "ketamine-60min", "AB nurse")
        )
        assert "/dev/ttyUSB0  FTDI" in text
        await desk.press(*["enter"] * 5)
        assert desk.chosen == (
            "run", "chair=2", "monitors=ge-dri:/dev/ttyUSB0", "pumps=alaris-gh:/dev/ttyUSB1", "profile=ketamine-60min",
            "who=AB nurse",
        )  # fmt: skip


async def test_another_chair_is_typed_and_what_is_wrong_is_said_beside_what_was_typed():
    async with front() as desk:
        await desk.press("n", "end", "enter", "question_mark")
        await desk.press(*["enter"] * 5)
        assert "is no name for a chair" in desk.app.screen.answer.said
        assert [field.value for field in desk.app.screen.aside.fields][0] == "?"
        assert desk.chosen == ()


async def test_what_is_doubtful_is_meant_only_by_a_second_enter():
    here = FakeHere(doubt="chair 2 has an open session")
    async with front(here) as desk:
        await desk.press("n", "enter", *["enter"] * 5)
        assert "chair 2 has an open session; enter again" in desk.app.screen.answer.said
        assert desk.chosen == ()
        await desk.press("enter")
        assert desk.chosen[0] == "run"


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("g", "ge-dri:"), ("ge-dri:", "ge-dri:/dev/ttyUSB0"), ("ge-dri:/dev/ttyUSB1", "ge-dri:/dev/ttyUSB1"),
        ("ge-dri:/dev/a n", "ge-dri:/dev/a nonin:"), ("", None), ("x", None), ("ge-dri:/dev/x", None),
    ],
)  # fmt: skip
async def test_drivers_and_ports_are_suggested(typed, suggested):
    found = await DeviceSuggester(["ge-dri", "nonin"], ["/dev/ttyUSB0", "/dev/ttyUSB1"]).get_suggestion(typed)
    assert found == suggested


# ---------------------------------------------------------------- PINs


def clinic(**what):
    return looked(pins=True, **what)


@pytest.mark.parametrize(
    "keys", [("v",), ("v", "enter"), ("c",), ("c", "enter"), ("p", "down", "enter"), ("p", "end", "enter"),
             ("g", "enter"), ("escape", "end", "up", "up", "up", "up")],
    ids=" ".join,
)  # fmt: skip
async def test_without_a_pin_nobody_is_named_and_nothing_guarded_runs(keys):
    async with front(clinic()) as desk:
        await desk.press(*keys)
        text = desk.text()
        assert not [row for row in ENDED if row.text in text]
        assert "J. D." not in text
        assert "M. K." not in text
        assert desk.chosen == ()
        assert not {"review", "course None"} & set(desk.here.asked), "names are not even looked up"


async def test_a_guarded_row_of_an_unguarded_list_asks_and_a_sample_does_not():
    async with front(clinic()) as desk:
        await desk.press("p", "enter")
        assert desk.chosen == ("replay", "/x/calm.kstream")


async def sign_in(desk, pin=PIN):
    await desk.type(LEE.name)
    await desk.press("enter")
    await desk.type(pin)
    await desk.press("enter")


async def test_whoever_signs_in_goes_on_to_what_was_asked_for():
    async with front(clinic()) as desk:
        await desk.press("v")
        await sign_in(desk)
        assert desk.memory.who == LEE
        assert ENDED[0].text in desk.text()
        await desk.press("enter")
        assert desk.chosen == ("review", "/x/20.ksession")


async def test_a_wrong_pin_is_said_gone_and_tried_again_in_the_same_field():
    async with front(clinic()) as desk:
        await desk.press("v")
        await sign_in(desk, "111111")
        assert "wrong PIN; 4 more" in desk.app.screen.answer.said
        assert "111111" not in desk.text()
        assert desk.app.focused.id == "pin"
        assert desk.app.focused.value == ""
        await desk.type(PIN)
        await desk.press("enter")
        assert desk.memory.who == LEE


async def test_a_pin_is_never_shown_and_gone_when_something_else_happens():
    async with front(clinic()) as desk:
        await desk.press("v")
        await desk.type("Lee")
        await desk.press("enter")
        await desk.type(PIN)
        assert PIN not in desk.text()
        field = desk.app.focused
        await desk.press("shift+tab")
        assert field.value == ""


async def test_who_goes_away_is_forgotten_and_the_list_with_them():
    async with front(clinic()) as desk:
        await desk.press("v")
        await sign_in(desk)
        desk.clock.now += desk.here.idle_s
        await desk.press("enter")
        assert desk.memory.who is None
        assert "J. D." not in desk.text()
        assert desk.chosen == ()


async def test_a_course_that_was_left_open_is_closed():
    async with front(clinic()) as desk:
        await desk.press("c")
        await sign_in(desk)
        await desk.press("enter")
        assert "J. D." in desk.text()
        desk.clock.now += desk.here.idle_s
        desk.app.look()
        await desk.settle()
        assert isinstance(desk.app.screen, StartScreen)
        assert "J. D." not in desk.text()


async def test_signing_out_hides_it_at_once():
    async with front(clinic()) as desk:
        await desk.press("v")
        await sign_in(desk)
        await desk.press("L")
        assert desk.memory.who is None
        assert "J. D." not in desk.text()


async def test_what_is_not_known_yet_counts_as_closed():
    async with front(clinic()) as desk:
        desk.app.screen._glance = None
        await desk.press("v")
        assert "review" not in desk.here.asked


# ---------------------------------------------------------------- course


@pytest.mark.parametrize("size", SIZES)
async def test_a_course_shows_the_series_and_plots(size):
    async with front(size=size) as desk:
        await desk.press("c")
        assert "1984-03-07  J. D." in desk.text()
        await desk.press("enter")
        text = desk.text()
        assert "3 of 6" in text
        assert "too late: 37 days" in desk.words()
        await desk.press("end")
        assert "03-02 03-05 04-11" in desk.text()
        await desk.press("escape")
        assert "M. K." in desk.text()
        await desk.press("escape")
        assert isinstance(desk.app.screen, StartScreen)


async def test_patients_are_searched():
    async with front() as desk:
        await desk.press("c", "slash", "k", "-", "1", "enter")
        assert desk.here.asked[-1] == "course K-17"
        assert "M. K." in desk.text()


def test_a_page_keeps_to_its_width_and_says_what_the_command_says():
    lines = page(a_course(), 60, BRAILLE).plain.split("\n")
    assert lines[0] == "J. D."
    assert max(len(line) for line in lines[:4]) <= 60
    assert any(line.startswith("2026-03-05  2 of 6") for line in lines)
    assert any(line.startswith("mood") for line in lines)


# ---------------------------------------------------------------- devices


@pytest.mark.parametrize("size", SIZES)
async def test_ports_and_drivers_are_listed_and_a_device_is_found(size):
    async with front(size=size) as desk:
        await desk.press("s")
        assert "/dev/ttyUSB0  FTDI" in desk.text()
        assert "ge-dri  monitor" in desk.text()
        await desk.press("d")
        await desk.until("/dev/ttyUSB0: FOUND ge-dri")
        await desk.press("escape")
        assert isinstance(desk.app.screen, StartScreen)


async def test_detecting_is_stopped_by_a_key():
    async with front(FakeHere(held=Event())) as desk:
        await desk.press("s", "d")
        await desk.until("listened")
        assert "x stop" in desk.text()
        await desk.press("d")
        assert "detecting goes on" in desk.app.screen.answer.said
        await desk.press("x")
        await desk.until("/dev/ttyUSB0: stopped")
        assert "x stop" not in desk.text().splitlines()[-1]


async def test_a_screen_that_is_left_stops_its_thread():
    async with front(FakeHere(held=Event())) as desk:
        await desk.press("s", "D")
        await desk.until("listened")
        stop = desk.app.screen._stop
        await desk.press("escape")
        assert stop.is_set()


async def test_a_port_that_is_not_listed_is_typed():
    async with front(FakeHere(ports=[])) as desk:
        await desk.press("s", "D")
        assert "no serial port" in desk.app.screen.answer.said
        await desk.press("d")
        await desk.type("tcp://10.0.0.7:4001")
        await desk.press("enter")
        await desk.until("tcp://10.0.0.7:4001: FOUND")
