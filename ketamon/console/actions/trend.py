"""What a person can do with the trend: rows of the table of actions."""

from ketamon.console.actions.row import Action, Where
from ketamon.console.actions.when import charted

TREND_ACTIONS = tuple(
    Action(name=name, keys=(key,), label=label, help=words, where=Where.TREND, bar=bar, allowed=charted)
    for name, key, label, bar, words in (
        ("read_out", "e", "read out", 25, "put a cursor into the trend that reads out what was, or take it away"),
        (
            "cursor_left",
            "left",
            "earlier",
            0,
            "move the cursor of the trend to the left; past the edge the trend goes back in time",
        ),
        ("cursor_right", "right", "later", 0, "move the cursor of the trend to the right"),
        ("cursor_far_left", "shift+left", "much earlier", 0, "move the cursor of the trend ten columns to the left"),
        ("cursor_far_right", "shift+right", "much later", 0, "move the cursor of the trend ten columns to the right"),
        ("zoom_in", "z", "closer", 26, "show a shorter stretch of the trend: all of it, 90, 60, 30 or 15 min"),
        ("zoom_out", "y", "further away", 0, "show a longer stretch of the trend: 15, 30, 60, 90 min or all of it"),
        (
            "one_chart",
            "f",
            "one chart",
            27,
            "show one chart of the trend large, the next one each time, and in the end all again",
        ),
        (
            "trend_now",
            "0",
            "back to now",
            0,
            "take the cursor away and show what is now, as the trend does by itself after 2 min; escape, too",
        ),
    )
)
