"""Walking through a recording: rows of the table of actions, and what each does with the player."""

from collections.abc import Callable

from ketamon.console.actions.row import Action, Where
from ketamon.console.actions.when import walked
from ketamon.playback import Kind, Player

Walk = Callable[[Player], None]

_ROWS: tuple[tuple[str, tuple[str, ...], str, int, str, Walk], ...] = (
    ("entry_before", ("comma",), "entry before", 0, "go back to the entry of the log before this one, and stop there",
     lambda p: p.step(-1, Kind.ENTRY)),
    ("entry_after", ("full_stop",), "next entry", 9, "go on to the next entry of the log, and stop there",
     lambda p: p.step(1, Kind.ENTRY)),
    ("alarm_before", ("left_square_bracket",), "alarm before", 0, "go back to where an alarm began",
     lambda p: p.step(-1, Kind.ALARM)),
    ("alarm_after", ("right_square_bracket",), "next alarm", 10, "go on to where the next alarm begins",
     lambda p: p.step(1, Kind.ALARM)),
    ("mark_before", ("less_than_sign",), "mark before", 0, "go back to an observation, a note or a change of phase",
     lambda p: p.step(-1, Kind.MARK)),
    ("mark_after", ("greater_than_sign",), "next mark", 13, "go on to the next observation, note or change of phase",
     lambda p: p.step(1, Kind.MARK)),
    ("minute_back", ("left_parenthesis",), "1 min back", 0, "go back by a minute", lambda p: p.move(-60)),
    ("minute_on", ("right_parenthesis",), "1 min on", 0, "go on by a minute", lambda p: p.move(60)),
    ("far_back", ("pageup",), "5 min back", 0, "go back by five minutes", lambda p: p.move(-300)),
    ("far_on", ("pagedown",), "5 min on", 0, "go on by five minutes", lambda p: p.move(300)),
    ("to_start", ("home",), "start", 0, "go to the start of the recording", Player.start),
    ("to_end", ("end",), "end", 0, "go to the end of the recording", Player.end),
)  # fmt: skip

WALKS: dict[str, Walk] = {name: walk for name, _, _, _, _, walk in _ROWS}
"""Action -> what the player does."""

_SEEKING = (
    ("record", "slash", "record", 7, "search all that a person reads in the recording, and go to where it was"),
    ("at", "at", "time", 8, "go to a time of day"),
)

WALK_ACTIONS = (
    *(
        Action(name=name, keys=keys, label=label, help=words, where=Where.TIME, bar=bar, allowed=walked)
        for name, keys, label, bar, words, _ in _ROWS
    ),
    *(
        Action(name=name, keys=(key,), label=label, help=words, where=Where.TIME, bar=bar, allowed=walked)
        for name, key, label, bar, words in _SEEKING
    ),
)
