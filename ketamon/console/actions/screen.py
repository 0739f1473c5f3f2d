"""What a person can do with the screen itself: rows of the table of actions."""

from ketamon.console.actions.keys import REDRAW
from ketamon.console.actions.row import Action, Where

SCREEN_ACTIONS = (
    Action(
        name="theme",
        keys=("t",),
        label="theme",
        help="change the colours: dark room, light, high contrast, colour-blind, 16 colours, your own",
        where=Where.SCREEN,
    ),
    Action(
        name="jump",
        keys=("J",),
        label="jump",
        help="put a letter at everything that can be acted on; the next key goes there, esc leaves",
        where=Where.SCREEN,
        bar=18,
        always="f3",
        locked=True,
    ),
    Action(
        name="palette",
        keys=("ctrl+p",),
        label="commands",
        help="find an action by its name",
        where=Where.SCREEN,
        bar=17,
    ),
    Action(
        name="redraw",
        keys=(REDRAW,),
        label="paint anew",
        help="paint the whole screen anew, after another program wrote over it; in a field and when it is locked, too",
        where=Where.SCREEN,
        locked=True,
    ),
    Action(
        name="help",
        keys=("question_mark",),
        label="help",
        help="all keys, and what they do",
        where=Where.SCREEN,
        bar=10,
        always="f1",
        locked=True,
    ),
    Action(
        name="quit",
        keys=("q",),
        label="quit",
        help="close this screen; the core goes on recording and watching",
        where=Where.SCREEN,
        bar=16,
    ),
)
