"""Keys of the user's own: what a file may say, what it may not, and that everything follows the table with them."""

from datetime import UTC
from threading import Event

import pytest
from console.chairs import NURSE, Clock, FakeFeed, infusing
from console.front_desk import FakeHere, front
from console.pilot import Desk
from console.stage import staged

from ketamon.console.actions.chair import ACTIONS, bar
from ketamon.console.actions.front import DEEDS, At, at
from ketamon.console.actions.key_map import KEPT, SHIPPED, START, SWALLOWED, own, read, rows
from ketamon.console.actions.keys import bindings, named, shown
from ketamon.console.actions.row import Where
from ketamon.console.app import KetamonApp
from ketamon.console.widgets.commands import written
from ketamon.errors import ProfileError, SourceError

OWN = 'observe = "O"\nnote = ["N", "f5"]\nemergency = "ö"\nstep = "ctrl+b"\nnext_chair = "x"\n'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(OWN, "utf-8")
    return path


def test_what_is_said_counts_and_the_rest_stays(file):
    actions = read(file).actions
    assert actions["observe"].keys == ("O",)
    assert actions["note"].keys == ("N", "f5")
    assert actions["emergency"].keys == ("exclamation_mark", "ö")
    assert list(actions) == list(ACTIONS)
    assert {name for name in ACTIONS if actions[name] != ACTIONS[name]} == {
        "observe", "note", "emergency", "step", "next_chair",
    }  # fmt: skip


def test_without_a_file_all_is_as_shipped(tmp_path):
    assert read(tmp_path / "keys.toml") is SHIPPED
    assert own(None) == (SHIPPED, "")


@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_must_never_be_out_of_reach_keeps_its_keys(name, tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(f'{name} = "Y"\n')
    kept, shipped = rows(read(path))[name], rows(SHIPPED)[name]
    assert kept.keys == (*shipped.keys, "Y")
    assert kept.always == shipped.always


WRONG = {
    'foo = "x"': "foo is no action",
    'observ = "x"': "did you mean observe?",
    'observe = "n"': "observe is 'n', the key of note, too; allowed is one key for one action",
    'observe = "!"': "the key of emergency, too",
    'observe = "f8"': "the key of acknowledge, too",
    'observe = ["O", "F2"]': "the key of emergency, too",
    'observe = "f1"': "the key of help, too",
    'observe = "Y"\nnote = "Y"': "note is 'Y', the key of observe, too",
    'observe = "enter"': "moves and chooses within panels",
    'observe = "escape"': "moves and chooses within panels",
    'discharge = "j"': "moves and chooses within panels",
    'observe = "foo"': "that is no key",
    'observe = "alt+x"': "that is no key",
    'observe = "ctrl+ä"': "that is no key",
    'observe = "\\u001b"': "that is no key",
    'observe = ""': "allowed is a key",
    "observe = []": "allowed is a key",
    'observe = ["O", 3]': "allowed is a key",
    "observe = 3": "allowed is a key",
    "[observe]\nkey = 1": "allowed is a key",
    "observe = ": "is not TOML",
    'start.foo = "x"': "start.foo is no action",
    'serch = "x"': "did you mean start.search?",
    'detect = "Y"': "did you mean start.detect?",
    'start = "x"': "start is no action",
    'start.search = "r"': "start.search is 'r', the key of start.again, too",
    '[start]\nagain = "d"': "start.again is 'd', the key of start.detect, too",
    'start.detect = "D"': "start.detect is 'D', the key of start.detect_all, too",
    'start.quit = "?"': "the key of start.help, too",
    'start.demo = "home"': "moves and chooses within panels and lists",
    'start.demo = "ctrl+s"': "a terminal keeps that key",
    **{f'observe = "{key}"': "a terminal keeps that key" for key in sorted(SWALLOWED)},
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_is_named_with_file_and_line(text, tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(f"# mine\n\n{text}\n", "utf-8")
    with pytest.raises(ProfileError) as found:
        read(path)
    problem = found.value.problems[-1]
    assert problem.startswith(f"{path}:{3 + ('note' in text and 'Y' in text) + ('[start]' in text)}: ")
    assert WRONG[text] in problem


def test_the_chair_and_the_screens_without_one_may_have_the_same_key(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text('devices = "o"\nobserve = "O"\nstart.devices = "x"\n')
    tables = read(path)
    assert (tables.actions["devices"].keys, tables.deeds["devices"].keys) == (("o",), ("x",))


def test_no_name_is_that_of_the_screens_without_a_chair():
    assert START not in ACTIONS
    assert len(rows(SHIPPED)) == len(ACTIONS) + len(DEEDS)


@pytest.mark.parametrize("name", DEEDS)
def test_any_key_of_the_screens_without_a_chair_can_be_moved_and_a_clash_is_found(name, tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(f'{START}.{name} = "Y"\n')
    assert read(path).deeds[name].keys[-1] == "Y"
    screen = next(screen for screen in At if DEEDS[name] in at(screen))
    beside = next(deed for deed in at(screen) if deed.name != name)
    path.write_text(f'{START}.{name} = "Y"\n{START}.{beside.name} = "Y"\n')
    with pytest.raises(ProfileError, match="allowed is one key for one action"):
        read(path)


def test_every_problem_is_named(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text('foo = "x"\nobserve = "ctrl+h"\nnote = 3\n')
    with pytest.raises(ProfileError) as found:
        read(path)
    assert [problem.split(":")[1] for problem in found.value.problems] == ["1", "2", "3"]
    tables, said = own(path)
    assert tables is SHIPPED
    assert said.startswith("keys.toml:1: foo is no action")
    assert "(and 2 more); your keys are left out" in said


def test_a_file_that_cannot_be_read_is_told_and_left_out(tmp_path):
    path = tmp_path / "keys.toml"
    path.mkdir()
    with pytest.raises(SourceError, match="cannot be read"):
        read(path)
    assert own(path)[0] is SHIPPED
    damaged = tmp_path / "damaged.toml"
    damaged.write_bytes(b'observe = "\xff"')
    assert "byte 11 is damaged" in own(damaged)[1]


def test_two_may_change_their_keys(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text('observe = "n"\nnote = "o"\n')
    actions = read(path).actions
    assert (actions["observe"].keys, actions["note"].keys) == (("n",), ("o",))


def test_a_key_is_written_as_it_stands_on_the_keyboard():
    assert [shown(named(sign)) for sign in "?!,öÖ x+=-/@"] == [*"?!,öÖ", "space", *"x+=-/@"]
    assert [shown(key) for key in ("f5", "ctrl+b", "up", "enter", "pageup")] == ["f5", "ctrl+b", "↑", "enter", "pageup"]


def test_key_bar_and_help_say_the_keys_that_count(file):
    actions = read(file).actions
    keys = {key.action: key.key for key in bar(infusing(1).view(), actions, entry=False)}
    assert (keys["observe"], keys["note"], keys["step"], keys["emergency"]) == ("O", "N", "ctrl+b", "!")
    lines = [line.split() for line in written(actions.values(), Where, "", 200).plain.split("\n")]
    assert ["O", "log", "what"] in [line[:3] for line in lines]
    assert ["N", "f5", "write"] in [line[:3] for line in lines]


def test_no_sentence_of_help_names_a_key_that_somebody_may_have_moved():
    moved = {name: shown(action.keys[0]) for name, action in ACTIONS.items() if name not in KEPT}
    for action in ACTIONS.values():
        words = action.help.replace(",", " ").replace(":", " ").split()
        assert not set(words) & {key for key in moved.values() if len(key) == 1 and key not in "a123456789"}, (
            action.name
        )


def desk_app(keys, chair=None):
    feed, clock = FakeFeed(chair or infusing()), Clock()
    return KetamonApp(feed, staff=NURSE, clock=clock, zone=UTC, keys=keys), feed, clock


async def test_the_console_goes_by_the_users_keys(file):
    app, feed, clock = desk_app(file, infusing().alarm("SpO2 84 < 88"))
    async with staged(app, (120, 36)) as pilot:
        desk = Desk(app, pilot, feed, clock)
        await desk.look()
        assert "O observe  N note" in app.screen.key_bar.said
        await desk.press("o")
        assert not app.screen.has_class("-entry")
        await desk.press("O", "n", "1")
        assert [intent.item for intent in desk.asked] == ["nausea"]
        await desk.press("f5")
        assert "what should stand in the record" in desk.text()
        await desk.press("escape", "ö")
        assert desk.asked[-1].TYPE == "mark-emergency"


async def test_every_key_of_the_table_is_bound_and_to_one_action(file):
    app, _, _ = desk_app(file)
    async with staged(app):
        wanted = {key: f"do('{a.name}')" for a in read(file).actions.values() for key in a.keys}
        wanted |= {a.always: f"always('{a.name}')" for a in ACTIONS.values() if a.always}
        bound = {key: active.binding.action for key, active in app.screen.active_bindings.items()}
        assert {key: bound.get(key) for key in wanted} == wanted
        assert not {key for b in bindings(ACTIONS.values()) for key in b.key.split(",")} - wanted.keys() & bound.keys()


async def test_a_broken_file_is_told_and_stops_nothing(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text('observe = "n"\n')
    app, feed, clock = desk_app(path)
    async with staged(app, (160, 48)) as pilot:
        desk = Desk(app, pilot, feed, clock)
        await desk.look()
        assert desk.answer.startswith("not done: keys.toml:1: observe is 'n', the key of note, too")
        await desk.press("o", "n", "1")
        assert len(desk.asked) == 1


# ---------------------------------------------------------------- without a chair

MINE = 'start.search = "f"\nstart.demo = "Y"\nstart.help = "h"\nstart.stop = "S"\nobserve = "O"\n'


async def test_the_screens_without_a_chair_go_by_the_users_keys(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(MINE)
    async with front(keys=path) as desk:
        assert "f search" in desk.app.screen.key_bar.said
        assert "Y  demo" in desk.text()
        await desk.press("d")
        assert desk.app.screen.choice.border_title != "demo"
        await desk.press("Y", "f", "s", "t", "o", "enter")
        assert desk.chosen == ("demo", "--scenario", "stormy")


async def test_help_the_list_of_commands_and_hints_say_the_keys_that_count(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(MINE)
    here = FakeHere(held=Event())
    async with front(here, keys=path) as desk:
        await desk.press("h", "end")
        assert "? h f1" in desk.words()
        await desk.press("escape", "ctrl+p", *"sea")
        assert "f search" in " ".join(desk.words().split())
        await desk.press("escape", "escape", "s", "d")
        assert "Detecting; S stops it" in desk.text()
        await desk.press("d")
        assert "S stops it" in desk.app.screen.answer.said
        await desk.press("S")
        await desk.until("stopped")


async def test_a_broken_file_is_told_where_no_chair_is_shown_and_stops_nothing(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text('observe = "n"\nstart.demo = "Y"\n')
    async with front(keys=path) as desk:
        assert "keys.toml:1: observe is 'n', the key of note, too" in desk.text()
        await desk.press("r", "d", "enter")
        assert desk.chosen == ("demo", "--scenario", "calm")


@pytest.mark.parametrize("screen", At)
async def test_every_key_of_a_screen_without_a_chair_is_bound_and_to_one_deed(screen, tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(MINE)
    table = read(path).deeds
    async with front(keys=path) as desk:
        if screen is not At.START:
            await desk.press(table[screen.value].keys[0])
        wanted = {key: f"do('{deed.name}')" for deed in at(screen, table) for key in deed.keys}
        wanted |= {deed.always: f"always('{deed.name}')" for deed in at(screen) if deed.always}
        bound = {key: active.binding.action for key, active in desk.app.screen.active_bindings.items()}
        assert {key: bound.get(key) for key in wanted} == wanted
        shipped = {key for deed in at(screen) for key in deed.keys}
        assert not (shipped - wanted.keys()) & bound.keys()
