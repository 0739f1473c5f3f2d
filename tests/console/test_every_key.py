"""No dead key, and every action by key, by click and by jump alike."""

import pytest
from console.chairs import NURSE, Chair, empty, infusing, recovering
from console.pilot import console
from textual.geometry import Offset
from textual.widgets import Input

from ketamon.console.actions.chair import ACTIONS
from ketamon.console.actions.keys import key_of
from ketamon.console.actions.why_not import why_not
from ketamon.console.screens.panels import PANELS
from ketamon.console.view.chair import Contact
from ketamon.console.widgets.commands import _row as palette_row
from ketamon.console.widgets.jump import LETTERS, Letter, lettered
from ketamon.console.widgets.tile import Tile
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.follow import Source


def alarmed():
    return infusing().alarm("SpO2 84 < 88", Priority.HIGH, parameter=Parameter.SPO2)


def emergency():
    return infusing().say(e.EmergencyMarked(on=True, by=NURSE))


SCENES = {
    "empty": (empty, Source.LIVE),
    "coming": (lambda: Chair().devices().check_in(), Source.LIVE),
    "infusing": (infusing, Source.LIVE),
    "alarmed": (alarmed, Source.LIVE),
    "emergency": (emergency, Source.LIVE),
    "recovering": (recovering, Source.LIVE),
    "PINs": (lambda: infusing(pins=True), Source.LIVE),
    "simulated": (infusing, Source.SIMULATED),
    "replay": (infusing, Source.REPLAY),
}
LEAVES = {"quit"}
"""Done in a test of its own."""


def seen(desk):
    """Return what tells a person at once that a key did something, all but the picture."""
    screen = desk.app.screen
    opened = screen._open.TITLE if screen._open else ""
    return screen.answer.said, len(desk.asked), opened, screen.due.chosen, desk.app.theme, screen._jump.on


async def put_away(desk):
    """Leave what is open, step by step, when all that was asked is answered."""
    screen = desk.app.screen
    if any(worker.group == "ask" for worker in desk.app.workers):
        await desk.settle()
    for _ in range(3):
        if screen._open or screen._jump.on:
            await desk.press("escape")
    assert not screen._open
    assert not screen._jump.on
    screen.answer.hint("")


async def test_every_key_does_something_or_says_why_not():
    opened = set()  # a panel opens everywhere alike: once is enough
    for scene in ("alarmed", "replay", "empty"):
        make, source = SCENES[scene]
        async with console(make(), (120, 36), source=source) as desk:
            for name in [name for name in ACTIONS if name not in LEAVES | opened]:
                before, picture = seen(desk), desk.text()
                await desk.app.screen.action_do(name)
                if seen(desk) == before:  # it shows later, or in the picture
                    await desk.settle()
                    assert (seen(desk), desk.text()) != (before, picture), (scene, name)
                if desk.app.screen._open:
                    opened.add(name)
                await put_away(desk)


@pytest.mark.parametrize("scene", SCENES)
def test_whatever_is_not_possible_has_a_reason(scene):
    make, source = SCENES[scene]
    chair = make()
    gone = Contact(reached=False, why="gone")
    for view in (chair.view(source=source), chair.view(source=source, contact=gone)):
        for action in ACTIONS.values():
            if not action.possible(view):
                assert why_not(action, view)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acknowledge", "while no alarm stands"),
        ("emergency_over", "while no emergency is marked"),
        ("cuff", "with the monitor that is attached"),
        ("check_in", "in infusion"),
        ("faster", "in a live session"),
        ("sign_in", "where nobody has a PIN"),
    ],
)
def test_the_reason_is_the_right_one(name, words):
    assert why_not(ACTIONS[name], infusing(1).view()) == words


# -------------------------------------------------------------------- by click


async def done_by(desk, deed):
    """Return what came of a deed: what was asked, and what opened; then put it away."""
    count = len(desk.asked)
    await deed()
    await desk.settle()
    screen = desk.app.screen
    opened = screen._open.TITLE if screen._open else ""
    found = desk.asked[count:], opened, screen._jump.on, screen._meant and screen._meant[0]
    screen.forget()
    await put_away(desk)
    return found


async def clicked_in_palette(desk, name):
    """Find an action in the palette by its label, and click its line."""
    await desk.app.screen.action_do("palette")
    await desk.pilot.pause()
    panel = desk.app.screen._open
    panel.query_one(Input).value = ACTIONS[name].label
    await desk.pilot.pause()
    line = panel.query_one(".found")
    rows = line.said.split("\n")
    row = next(
        n for n, text in enumerate(rows) if text[1:].startswith(f"{key_of(ACTIONS, name):<9}{ACTIONS[name].label}")
    )
    await desk.pilot.click(line, offset=(12, row))
    await desk.pilot.pause()


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_every_action_has_a_line_to_click_in_the_palette(action):
    styles = [span.style for span in palette_row(action, first=False).spans if not isinstance(span.style, str)]
    assert ("screen.pick", (action.name,)) in [style.meta.get("@click") for style in styles]


async def test_what_is_clicked_is_done_as_by_key():
    async with console(alarmed(), (120, 36)) as desk:
        view = desk.app.screen._view
        for name in ("emergency", "acknowledge", "limits", "jump"):
            action = ACTIONS[name]
            by_key = await done_by(desk, lambda key=action.keys[0]: desk.press(key))
            desk.app.screen.due.chosen = desk.app.screen._view.due[0].item if view.due else ""
            by_click = await done_by(desk, lambda name=name: clicked_in_palette(desk, name))
            desk.app.screen.due.chosen = desk.app.screen._view.due[0].item if view.due else ""
            assert by_click == by_key, name


async def test_the_key_bar_does_by_click_what_its_keys_do_also_while_a_form_is_open():
    async with console(alarmed()) as desk:
        await click_word(desk, "note")
        await desk.type("calm")
        await click_word(desk, "acknowledge")
        assert desk.asked == [i.Acknowledge(by=NURSE)]
        await click_word(desk, "save")
        assert desk.asked[1:] == [i.Note(text="calm", by=NURSE)]
        await click_word(desk, "note")
        await click_word(desk, "back")
        assert not desk.app.screen.has_class("-entry")


async def click_word(desk, word):
    bar = desk.app.screen.key_bar
    await desk.pilot.click(bar, offset=(bar.said.index(word) + 1, 0))
    while desk.app.in_turn.busy:
        await desk.pilot.pause()
    await desk.settle()


async def test_nausea_mild_by_three_clicks():
    async with console(infusing()) as desk:
        await click_word(desk, "observe")
        await click_line(desk, "nausea")
        await click_line(desk, "mild")
        assert [(intent.item, intent.grade) for intent in desk.asked] == [("nausea", 1)]


async def click_line(desk, word):
    """Click on a word of the panel that is open."""
    region = desk.app.screen._open.region
    for y, line in enumerate(desk.text().split("\n")):
        x = line.find(word, region.x)
        if region.y <= y < region.bottom and x >= 0:
            await desk.pilot.click(offset=(x, y))
            break
    else:
        raise AssertionError(word)
    while desk.app.in_turn.busy:
        await desk.pilot.pause()
    await desk.settle()


async def test_numbers_due_items_log_and_pump_can_be_clicked():
    async with console(infusing()) as desk:
        screen = desk.app.screen
        tile = screen.query_one("#spo2", Tile)
        await desk.pilot.click(tile, offset=(3, 3))
        assert (screen._open.TITLE, desk.app.focused.id) == ("value read by hand", "spo2")
        await desk.press("escape")
        await desk.pilot.click(tile, offset=(3, tile.region.height - 1))
        assert screen._open.TITLE == "alarm limits"
        await desk.type("probe off")
        await desk.press("enter")
        assert desk.asked == [i.SwitchLimits(parameter=Parameter.SPO2, off=True, why="probe off", by=NURSE)]
        await desk.pilot.click(screen.due, offset=(20, 2))
        assert screen._open.TITLE == "observe"
        await desk.press("escape", "escape")
        await desk.pilot.click(screen.pump, offset=(3, 3))
        assert screen._open.TITLE == "next step"
        await desk.press("escape")
        await desk.resize((120, 36))
        row = next(n for n, line in enumerate(screen._view.log) if line.text == "nausea, mild")
        await desk.pilot.click(screen.log_list, offset=(20, row + 1))
        assert screen._open.TITLE == "take back the last observation"
        await desk.press("enter")
        assert desk.asked[1:] == [
            i.Correct(corrects=screen._view.log[row].seq, grade=None, why="entered by mistake", by=NURSE)
        ]
        await desk.pilot.click(screen.log_list, offset=(20, row - 1))
        assert "talks about the sea" in desk.answer


async def test_an_alarm_takes_two_clicks():
    async with console(alarmed()) as desk:
        await desk.pilot.click(desk.app.screen.alarm_bar, offset=(5, 0))
        assert desk.asked == []
        assert "click again" in desk.answer
        await desk.pilot.click(desk.app.screen.alarm_bar, offset=(5, 0))
        await desk.pilot.pause()
        await desk.settle()
        assert desk.asked == [i.Acknowledge(by=NURSE)]


async def test_what_was_meant_by_key_is_not_meant_by_a_click_on_an_alarm():
    chair = alarmed()
    async with console(chair, source=Source.LIVE) as desk:
        desk.app.screen.twice("cuff", "again", lambda: desk.asked.append("cuff"))
        await desk.pilot.click(desk.app.screen.alarm_bar, offset=(5, 0))
        assert desk.asked == []


async def test_a_click_beside_a_field_leaves_the_cursor_in_it():
    async with console(infusing()) as desk:
        await desk.press("n")
        await desk.pilot.click(desk.app.screen._open, offset=(5, 6))
        assert isinstance(desk.app.focused, Input)


async def test_the_gate_and_the_steps_can_be_clicked():
    async with console(recovering()) as desk:
        screen = desk.app.screen
        await desk.press("g")
        label = next(line.label for line in screen._view.gate.lines if line.confirm and not line.met)
        await click_line(desk, label[:10])
        if not desk.asked:
            await click_line(desk, label[:10])
        assert desk.asked[0].TYPE == "confirm"
    async with console(infusing()) as desk:
        await desk.press("x")
        await click_line(desk, "pause ▸")
        assert [intent.trigger for intent in desk.asked] == ["pause"]


async def test_quit_by_click():
    async with console(infusing()) as desk:
        await click_word(desk, "quit")
        assert desk.app.return_code == 0


# -------------------------------------------------------------------- by jump

BESIDE = set(" │┃║╎╏┆┇╭╮╰╯┌┐└┘┏┓┗┛╔╗╚╝─━═╌╍┄┅")


@pytest.mark.parametrize(
    ("size", "scene", "panel"),
    [
        ((160, 48), "alarmed", ""),
        ((120, 36), "recovering", "gate"),
        ((80, 24), "alarmed", "observe"),
        ((80, 24), "coming", "check_in"),
        ((80, 24), "simulated", ""),
    ],
)
async def test_letters_stand_on_borders_and_blanks_and_cover_nothing(size, scene, panel):
    make, source = SCENES[scene]
    async with console(make(), size, source=source) as desk:
        if panel:
            await desk.app.screen.action_do(panel)
            await desk.pilot.pause()
        before = desk.text().split("\n")
        await desk.press("f3")
        letters = list(desk.app.screen.query(Letter))
        assert letters
        for letter in letters:
            x, y = letter.region.offset
            assert before[y][x] in BESIDE, (letter.content, x, y, before[y])
        given = list(desk.app.screen._jump._letters.values())
        assert len(set(given)) == len(given)
        await desk.press("escape")
        assert not desk.app.screen.query(Letter)


async def jumped(desk, at):
    """Press the letter that stands there."""
    await desk.press("f3")
    letter = next(letter for letter in desk.app.screen.query(Letter) if letter.region.offset == at)
    await desk.press(str(letter.content))


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_letter_goes_where_it_stands(size):
    async with console(alarmed(), size) as desk:
        screen = desk.app.screen
        tile = screen.query_one("#pulse", Tile).region
        await jumped(desk, tile.offset)
        assert (screen._open.TITLE, desk.app.focused.id) == ("value read by hand", "hr")
        await desk.press("escape")
        await jumped(desk, Offset(tile.x, tile.bottom - 1))
        assert screen._open.TITLE == "alarm limits"
        await desk.press("escape", "escape")
        await jumped(desk, screen.alarm_bar.region.offset)
        assert desk.asked == [i.Acknowledge(by=NURSE)]
        await desk.press("v")
        await desk.press("f3")
        field = screen.query_one("ValueForm #rr").region
        letter = next(x for x in screen.query(Letter) if x.region.offset == Offset(field.x - 1, field.y))
        await desk.press(str(letter.content))
        assert desk.app.focused.id == "rr"


async def test_what_shows_a_key_of_its_own_keeps_it_in_a_jump():
    async with console(infusing()) as desk:
        for key in ("J", "o", "n", "1"):
            await desk.press(key)
        assert [(intent.item, intent.grade) for intent in desk.asked] == [("nausea", 1)]
        await desk.press("o", "f3", "n", "f3", "1")
        assert [(intent.item, intent.grade) for intent in desk.asked[1:]] == [("nausea", 1)]


async def test_in_a_jump_the_emergency_key_still_marks_one_and_an_unknown_letter_says_so():
    async with console(infusing()) as desk:
        await desk.press("J", "%")
        assert "nothing has the letter “%”" in desk.answer
        await desk.press("exclamation_mark")
        assert desk.asked == [i.MarkEmergency(by=NURSE)]
        assert not desk.app.screen._jump.on


async def test_escape_gives_the_keys_back_to_the_field():
    async with console(infusing()) as desk:
        await desk.press("n", "a", "f3", "escape", "b")
        assert desk.app.focused.value == "ab"


async def test_letters_stay_with_what_they_belong_to_when_lists_move():
    chair = infusing()
    async with console(chair) as desk:
        await desk.press("J")
        before = dict(desk.app.screen._jump._letters)
        chair.say(e.Noted(text="new", by=NURSE))
        desk.feed.tick()
        await desk.look()
        await desk.pilot.pause()
        after = desk.app.screen._jump._letters
        kept = before.keys() & after.keys()
        assert len(kept) > len(before) - 3
        assert {goal: before[goal] for goal in kept} == {goal: after[goal] for goal in kept}


def test_letters_run_out_for_the_last_ones_only():
    goals = [("screen.pick", (str(n),)) for n in range(60)]
    found = lettered(goals, "ab", {goals[5]: "z", goals[6]: "a"})
    assert found[goals[5]] == "z"
    assert "a" not in found.values()
    assert list(dict.fromkeys(found.values())) == list(found.values())
    assert len(found) == len(LETTERS) - 2


def test_the_panels_are_all_in_the_table():
    assert PANELS.keys() <= ACTIONS.keys()
