"""What a person can do at the chair: one table, from which bindings, key bar, palette and help are made.

A key of `keys` works while no entry is open, the function key of `always` also while one is (the letters belong to the
entry then). The first key is the one that is shown. `allowed` says from what is drawn whether the action makes sense
now; the core still checks every intent. Keys that terminals swallow or confuse (ctrl+h, ctrl+i, ctrl+m, ctrl+j, ctrl+z,
ctrl+s and ctrl+q under flow control) are not used, a test holds that.
"""

from collections.abc import Iterable, Mapping

from ketamon.console.actions.keys import Key, shown
from ketamon.console.actions.row import Action, Where
from ketamon.console.actions.screen import SCREEN_ACTIONS
from ketamon.console.actions.trend import TREND_ACTIONS
from ketamon.console.actions.walks import WALK_ACTIONS
from ketamon.console.actions.when import coming, has_pins, leaving, running, several, timed
from ketamon.console.view.chair import ChairView
from ketamon.domain.devices import Action as DeviceAction

Actions = Mapping[str, Action]
"""A table of actions by their names: the shipped one, or that with a user's own keys."""

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            name="emergency",
            keys=("exclamation_mark",),
            label="emergency",
            help="mark an emergency, now: its stopwatch runs, and observing is the rescue list until it is over",
            where=Where.EMERGENCY,
            bar=1,
            always="f2",
            locked=True,
            allowed=running,
        ),
        Action(
            name="rescue",
            keys=("r",),
            label="rescue list",
            help="log what was done in the emergency, one key each; also afterwards",
            where=Where.EMERGENCY,
            locked=True,
            allowed=lambda view: view.reached and (view.emergency or any(line.done for line in view.rescue)),
        ),
        Action(
            name="emergency_over",
            keys=("E",),
            label="it is over",
            help="mark that the emergency is over: the key, and again to mean it",
            where=Where.EMERGENCY,
            bar=3,
            always="f4",
            locked=True,
            allowed=lambda view: view.reached and view.emergency,
        ),
        Action(
            name="observe",
            keys=("o",),
            label="observe",
            help="log what the patient says or you see: then the item's key, and the grade's key",
            where=Where.PATIENT,
            bar=2,
            allowed=running,
        ),
        Action(
            name="note",
            keys=("n",),
            label="note",
            help="write a free note into the record",
            where=Where.PATIENT,
            bar=3,
            allowed=lambda view: view.reached,
        ),
        Action(
            name="value",
            keys=("v",),
            label="value",
            help="type in a number read elsewhere: a manual cuff, a counted respiratory rate",
            where=Where.PATIENT,
            bar=4,
            allowed=running,
        ),
        Action(
            name="cuff",
            keys=("b",),
            label="cuff",
            help="have the monitor measure the blood pressure now: the key, and again to mean it",
            where=Where.PATIENT,
            bar=18,
            allowed=lambda view: DeviceAction.CUFF_START in view.operable and running(view),
        ),
        Action(
            name="cuff_stop",
            keys=("B",),
            label="stop cuff",
            help="stop the blood pressure measurement and let the air out",
            where=Where.PATIENT,
            bar=19,
            allowed=lambda view: DeviceAction.CUFF_ABORT in view.operable and view.reached,
        ),
        Action(
            name="undo",
            keys=("u",),
            label="undo",
            help="take back what was just entered; later the last observation, with a reason; both stay readable",
            where=Where.PATIENT,
            bar=12,
            allowed=lambda view: view.undo is not None and view.reached,
        ),
        Action(
            name="due_next",
            keys=("down", "j"),
            label="next due",
            help="choose the next item of the due list",
            where=Where.PATIENT,
            reads=True,
            allowed=lambda view: bool(view.due),
        ),
        Action(
            name="due_previous",
            keys=("up", "k"),
            label="previous due",
            help="choose the previous item of the due list",
            where=Where.PATIENT,
            reads=True,
            allowed=lambda view: bool(view.due),
        ),
        Action(
            name="due_enter",
            keys=("enter",),
            label="enter due",
            help="open the entry for the chosen due item",
            where=Where.PATIENT,
            allowed=lambda view: bool(view.due) and running(view),
        ),
        Action(
            name="skip",
            keys=("s",),
            label="skip due",
            help="leave out the chosen due item, and say why",
            where=Where.PATIENT,
            bar=11,
            allowed=lambda view: bool(view.due) and running(view),
        ),
        Action(
            name="acknowledge",
            keys=("a",),
            label="acknowledge",
            help="acknowledge all alarms that stand",
            where=Where.ALARMS,
            bar=1,
            always="f8",
            locked=True,
            allowed=lambda view: view.alarms.standing > 0 and view.reached,
        ),
        Action(
            name="dismiss",
            keys=("A",),
            label="seen, nothing to do",
            help="acknowledge all alarms that stand, where there was nothing to do about them",
            where=Where.ALARMS,
            allowed=lambda view: view.alarms.standing > 0 and view.reached,
        ),
        Action(
            name="pause_audio",
            keys=("p",),
            label="pause audio",
            help="pause the alarm sound for as long as the profile allows; again ends the pause",
            where=Where.ALARMS,
            bar=5,
            always="f9",
            locked=True,
            allowed=lambda view: view.reached,
        ),
        Action(
            name="limits",
            keys=("l",),
            label="limits",
            help="switch the alarm limits of one parameter off, with a reason, or on again",
            where=Where.ALARMS,
            bar=20,
            allowed=running,
        ),
        Action(
            name="step",
            keys=("x",),
            label="next step",
            help="move the session on: what is possible from here, and what it means",
            where=Where.SESSION,
            bar=7,
            allowed=running,
        ),
        Action(
            name="check_in",
            keys=("c",),
            label="check in",
            help="name the patient and order the infusion, with the arithmetic",
            where=Where.SESSION,
            bar=8,
            allowed=coming,
        ),
        Action(
            name="screening",
            keys=("h",),
            label="screening",
            help="ask the questions before the infusion, one key each; a physician decides about what is flagged",
            where=Where.SESSION,
            bar=7,
            allowed=lambda view: bool(view.before.questions) and coming(view),
        ),
        Action(
            name="check_order",
            keys=("2",),
            label="check order",
            help="read the order with its arithmetic once more, and check it as a second person",
            where=Where.SESSION,
            bar=7,
            allowed=lambda view: view.order is not None and coming(view),
        ),
        Action(
            name="staff",
            keys=("m",),
            label="who is here",
            help="say who comes into the room, is on site or leaves, and see which role is missing",
            where=Where.PEOPLE,
            bar=19,
            allowed=running,
        ),
        Action(
            name="gate",
            keys=("g",),
            label="gate",
            help="see what discharge still lacks, and confirm what was done",
            where=Where.SESSION,
            reads=True,
            bar=6,
        ),
        Action(
            name="discharge",
            keys=("d",),
            label="discharge",
            help="sign the assessment and the discharge with two people, then note that the patient left",
            where=Where.SESSION,
            bar=9,
            allowed=lambda view: leaving(view) and view.reached,
        ),
        Action(
            name="waste",
            keys=("w",),
            label="waste",
            help="log what was left of the drug and thrown away, with a witness",
            where=Where.SESSION,
            bar=21,
            allowed=lambda view: view.order is not None and view.reached,
        ),
        Action(
            name="sign_in",
            keys=("i",),
            label="sign in",
            help="say with your PIN that it is you at this screen",
            where=Where.PEOPLE,
            bar=22,
            locked=True,
            allowed=has_pins,
        ),
        Action(
            name="lock",
            keys=("L",),
            label="lock",
            help="hide the patient's name until somebody signs in; numbers and alarms stay",
            where=Where.PEOPLE,
            bar=23,
            allowed=has_pins,
        ),
        Action(
            name="glass",
            keys=("G",),
            label="no PIN",
            help="work without a PIN because there is no time for one; the alarm line says so until somebody signs in",
            where=Where.PEOPLE,
            bar=24,
            locked=True,
            allowed=has_pins,
        ),
        Action(
            name="faster",
            keys=("plus", "equals_sign"),
            label="faster",
            help="play a replay, a review or a simulation faster",
            where=Where.TIME,
            bar=14,
            allowed=timed,
        ),
        Action(
            name="slower",
            keys=("minus",),
            label="slower",
            help="play a replay, a review or a simulation slower",
            where=Where.TIME,
            bar=15,
            allowed=timed,
        ),
        Action(
            name="hold",
            keys=("space",),
            label="stop/go",
            help="stop the time of a replay, a review or a simulation, or let it go on",
            where=Where.TIME,
            bar=13,
            allowed=timed,
        ),
        *WALK_ACTIONS,
        *TREND_ACTIONS,
        Action(
            name="neediest",
            keys=("U",),
            label="most urgent chair",
            help="of several chairs show the one that needs somebody most",
            where=Where.SCREEN,
            bar=3,
            always="f7",
            locked=True,
            allowed=several,
        ),
        Action(
            name="next_chair",
            keys=("C",),
            label="next chair",
            help="of several chairs show the next one; what is typed here stays",
            where=Where.SCREEN,
            bar=6,
            always="f6",
            locked=True,
            allowed=several,
        ),
        Action(
            name="put_away",
            keys=("X",),
            label="put away",
            help="of several chairs show this one no more, when its core has ended or is lost: the key, and again",
            where=Where.SCREEN,
            bar=5,
            allowed=lambda view: several(view) and not view.reached,
        ),
        Action(
            name="devices",
            keys=("D",),
            label="devices",
            help="see how each device's line is: bytes, frames, what was rejected, the last bytes and what they said",
            where=Where.SCREEN,
            bar=25,
        ),
        Action(
            name="strip",
            keys=("W",),
            label="waveforms",
            help="show the pleth and the ECG, or take them away; for eyes only, and more for a slow line to carry",
            where=Where.SCREEN,
            bar=26,
            allowed=lambda view: view.reached,
        ),
        *SCREEN_ACTIONS,
    )
}


def offered(view: ChairView, actions: Actions = ACTIONS) -> list[Action]:
    """Return the actions that make sense now, in the order of the table."""
    return [a for a in actions.values() if a.possible(view) and (a.locked or not view.locked)]


def bar(view: ChairView, actions: Actions = ACTIONS, *, entry: bool) -> list[Key]:
    """Return the keys for the key bar, most wanted first, help last. With an entry open only those that still work."""

    def wanted(some: Iterable[Action]) -> list[Action]:
        return sorted(some, key=lambda a: (a.name == "help", a.bar))

    if entry:
        working = wanted(a for a in actions.values() if a.always and a.possible(view))
        return [Key(a.name, a.always, a.label, "always") for a in working]
    return [Key(a.name, shown(a.keys[0]), a.label) for a in wanted(a for a in offered(view, actions) if a.bar)]
