"""The table of actions is whole: no clash, no dead key, nothing that cannot be reached."""

from collections import Counter

import pytest
from console.chairs import FakeFeed, empty, infusing, recovering

from ketamon.console.actions.chair import ACTIONS, bar, offered
from ketamon.console.actions.keys import bindings, found
from ketamon.console.actions.row import Where
from ketamon.console.screens.chair import ChairScreen
from ketamon.console.screens.panels import PANELS, make
from ketamon.console.view.chair import Contact
from ketamon.console.widgets.commands import written
from ketamon.console.widgets.help import ADVICE
from ketamon.console.widgets.observe import SET_BACK
from ketamon.domain.people import Person, Role
from ketamon.follow import Source

SWALLOWED = {"ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+z", "ctrl+s", "ctrl+q", "ctrl+c", "alt+b", "alt+f", "escape"}
"""Keys that a terminal keeps, that arrive as others, or that mean "back"."""


def keys():
    return [key for action in ACTIONS.values() for key in (*action.keys, action.always) if key]


def test_no_key_does_two_things():
    assert [key for key, count in Counter(keys()).items() if count > 1] == []


def test_no_key_is_one_that_terminals_swallow():
    assert SWALLOWED.isdisjoint(keys())


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_every_action_can_be_done(action):
    screen = ChairScreen(Person("AB", Role.NURSE), FakeFeed(empty()).ask, lambda: None)
    assert action.name in {*PANELS, *screen.deeds(), "due_enter"}


def test_nothing_is_done_that_is_no_action():
    screen = ChairScreen(Person("AB", Role.NURSE), FakeFeed(empty()).ask, lambda: None)
    assert {*PANELS, *screen.deeds(), "due_enter"} == set(ACTIONS)


@pytest.mark.parametrize("name", PANELS)
def test_every_panel_can_be_made(name):
    assert make(name, Person("AB", Role.NURSE)).TITLE


def test_every_key_has_a_binding_with_a_tooltip():
    bound = {key for binding in bindings(ACTIONS.values()) for key in binding.key.split(",")}
    assert bound == set(keys())
    assert all(binding.tooltip for binding in bindings(ACTIONS.values()))


def test_help_names_every_key_and_every_heading():
    text = written(ACTIONS.values(), Where, ADVICE, 200).plain
    assert all(action.help in text for action in ACTIONS.values())
    assert all(where in text for where in Where)


def test_help_breaks_its_lines_behind_the_keys():
    assert all(len(line) <= 48 for line in written(ACTIONS.values(), Where, ADVICE, 48).plain.split("\n"))


def test_speed_is_offered_only_where_time_can_be_changed():
    def names(source):
        return {action.name for action in offered(infusing(1).view(source=source))}

    assert {"faster", "slower", "hold"}.isdisjoint(names(Source.LIVE))
    assert {"faster", "slower", "hold"} <= names(Source.REPLAY)
    assert {"faster", "slower", "hold"} <= names(Source.SIMULATED)


def test_discharge_is_offered_in_recovery_and_check_in_before_the_infusion():
    assert "discharge" not in {a.name for a in offered(infusing(1).view())}
    assert "discharge" in {a.name for a in offered(recovering().view())}
    assert "check_in" in {a.name for a in offered(empty().view())}
    assert "check_in" not in {a.name for a in offered(infusing(1).view())}


def test_without_contact_only_looking_is_offered():
    view = infusing(1).view(contact=Contact(reached=False, why="gone"))
    assert {a.name for a in offered(view) if a.where is not Where.TREND} <= {
        "gate", "help", "jump", "palette", "redraw", "quit", "theme", "due_next", "due_previous", "devices",
    }  # fmt: skip


def test_the_key_bar_ends_with_help_and_tells_the_truth():
    keys_shown = bar(infusing(1).view(), entry=False)
    assert keys_shown[-1].label == "help"
    assert "discharge" not in {key.label for key in keys_shown}


def test_while_an_entry_is_open_only_function_keys_are_shown():
    chair = infusing(1).alarm("SpO2 84 < 88")
    shown = bar(chair.view(), entry=True)
    assert [key.key for key in shown] == ["f2", "f8", "f9", "f3", "f1"]


def test_the_palette_finds_by_label_before_help():
    actions = list(ACTIONS.values())
    assert found(actions, "note")[0].name == "note"
    assert found(actions, "pause")[0].name == "pause_audio"
    assert found(actions, "zzzz") == []
    assert len(found(actions, "")) == len(actions) - 1


def test_no_observation_has_the_key_that_sets_the_time_back():
    profile = infusing(1).view().profile
    used = {item.key for item in profile.observation} | {g.key for item in profile.observation for g in item.grades}
    assert SET_BACK not in used
