"""The page of keys: all actions by heading, as tables of Markdown."""

from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum

from ketamon.console.actions.front import At, Deed
from ketamon.console.actions.front import Where as FrontWhere
from ketamon.console.actions.key_map import START, Own
from ketamon.console.actions.keys import K, Keyed, shown
from ketamon.console.actions.row import Where

_HEAD = """\
# Keys

This page is made from the table of actions (`ketamon keys list --markdown`). `?` shows the same on the screen, with
your own keys where you have some; the key bar shows what makes sense now, and `ctrl+p` finds an action by its name.

Function keys work also while you type into a form, where letters are letters. So does `ctrl+l`: it paints the whole
screen anew, after another program wrote over it.

## By mouse

Everything a key does can be clicked as well: the keys in the key bar, also those of a form (`enter save`, `esc back`),
the lines of a menu, of the gate, of help and of the list of commands, the items and grades of an observation. A due
item opens its entry; a number opens the form to type a value in, its lower border its alarm limits; an observation in
the log opens the form that takes it back. The alarm line takes two clicks, so that the click that only brings the
window to the front acknowledges nothing.

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
start.search = "f"        # on the start, course and devices screens
```

The screens without a chair have a table of their own, and some names of the chair's; what is meant for them has
`start.` before its name. What is not said keeps its keys. `ketamon keys check` names all that is wrong with file and
line: an action that is none, a key that two actions of one screen would have, a key that terminals keep for themselves.
A file with a mistake is told when the console or the start screen opens, and left out; it stops no session. The keys of
an emergency, of help, of the lock and of painting anew stay whatever the file says, and get the others besides;
function keys that work while you type stay as well. Keys that move within lists (arrows, `j`, `k`, enter, space, tab,
esc) are for nothing else.
"""


_WITHOUT = """\
## Where no chair is shown

The start screen, the course of a patient and the devices of this machine. A key may mean one thing on one of them and
another on the next; behind the name stands where.
"""


def page(tables: Own) -> str:
    """Return the whole page."""
    chair = _tables(tables.actions.values(), Where, "##", lambda action: f"`{action.name}`")
    front = _tables(tables.deeds.values(), FrontWhere, "###", lambda deed: f"`{START}.{deed.name}`{_on(deed)}")
    return "\n".join([_HEAD, *chair, _WITHOUT, *front])


def _tables(rows: Collection[K], headings: Iterable[StrEnum], level: str, name: Callable[[K], str]) -> Iterator[str]:
    """Give the lines of a table for each heading."""
    for where in headings:
        yield from (f"{level} {where.capitalize()}", "", "| action | keys | what it does |", "|---|---|---|")
        yield from (f"| {name(row)} | {_cell(row)} | {row.help} |" for row in rows if row.where is where)
        yield ""


def _on(deed: Deed) -> str:
    """Say on which screens it is, where that is not all of them."""
    return "" if deed.at == frozenset(At) else f" ({', '.join(sorted(deed.at))})"


def _cell(row: Keyed) -> str:
    return " ".join(f"`{shown(key)}`" for key in (*row.keys, row.always) if key).replace("|", "\\|")
