"""The page of keys: all actions by heading, as tables of Markdown."""

from ketamon.console.actions.chair import Actions
from ketamon.console.actions.keys import shown
from ketamon.console.actions.row import Action, Where

_HEAD = """\
# Keys

This page is made from the table of actions (`ketamon keys list --markdown`). `?` shows the same on the screen, with
your own keys where you have some; the key bar shows what makes sense now, and `ctrl+p` finds an action by its name.

Function keys work also while you type into a form, where letters are letters.

## By mouse

Everything a key does can be clicked as well: the keys in the key bar, also those of a form (`enter save`, `esc back`),
the lines of a menu, of the gate and of the list of commands, the items and grades of an observation. A due item opens
its entry; a number opens the form to type a value in, its lower border its alarm limits; an observation in the log
opens the form that takes it back. The alarm line takes two clicks, so that the click that only brings the window to the
front acknowledges nothing.

## Jump

`J`, or `F3` also while you type, puts a letter at everything that can be acted on: at the border beside it, never on a
number or on an alarm. The letter goes there; what has a key in the key bar keeps it; esc leaves. At a number the upper
letter types a value in, the lower one is for its alarm limits.

## Taken back at once

What you logged, noted, confirmed or left out can be taken back for ten seconds: the answer line says so and counts, and
`u` does it without a question. The record keeps both: the entry, and that it was entered by mistake. It is always what
was entered last, here and by you. Later `u` asks for a reason, and is for observations.

## Keys of your own

A file `keys.toml` beside the configuration (`ketamon keys check` says where) gives an action other keys:

```toml
observe = "O"
step = ["X", "f5"]        # the first is shown
cuff = "ctrl+b"
```

What is not said keeps its keys. `ketamon keys check` names all that is wrong with file and line: an action that is
none, a key that two actions would have, a key that terminals keep for themselves. A file with a mistake is told when
the console starts, and left out; it stops no session. The keys of an emergency, of help and of the lock stay whatever
the file says, and get the others besides; function keys that work while you type stay as well. Keys that move within
lists (arrows, `j`, `k`, enter, space, tab, esc) are for nothing else.
"""


def page(actions: Actions) -> str:
    """Return the whole page."""
    parts = [_HEAD]
    for where in Where:
        rows = [f"| `{a.name}` | {_cell(a)} | {a.help} |" for a in actions.values() if a.where is where]
        parts += [f"## {where.capitalize()}", "", "| action | keys | what it does |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


def _cell(action: Action) -> str:
    return " ".join(f"`{shown(key)}`" for key in (*action.keys, action.always) if key).replace("|", "\\|")
