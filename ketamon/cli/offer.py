"""Offers to go on with a session that did not end: in words, with a question where somebody is there to answer."""

import sys

from ketamon.chair.resumable import Resumable, resumable
from ketamon.errors import UsageError
from ketamon.plain import plain
from ketamon.words import span


def accepted(chair: str) -> bool:
    """Whether to go on with the open session of a chair; where nobody can be asked, the options have to say so."""
    found = offered(chair)
    if not found:
        return False
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"{words(found[0])}; give --resume to go on with it, or --new to leave it and begin another"
            f" (“ketamon close {found[0].path.name}” sets it aside for good)"
        )
    return _asked(found[0])


def bare() -> None:
    """Say what there is to go on with, where `ketamon` alone has no terminal for the start screen."""
    for open_ in offered(None):
        print(f"{words(open_)}; “ketamon run --chair {open_.opened.chair} --resume” goes on with it", file=sys.stderr)


def offered(chair: str | None) -> list[Resumable]:
    """Return the open sessions, newest first; say which files cannot be read, for one of them may be the one."""
    found, reasons = resumable(chair)
    for reason in reasons:
        print(f"ketamon: {plain(reason)}", file=sys.stderr)  # a file may be named anything
    return found


def words(open_: Resumable) -> str:
    """Say which session it is: chair, patient where the clinic allows, phase, since when."""
    state, patient = open_.state, f", {open_.patient}" if open_.patient else ""
    since = state.phase_since or open_.last
    began, last = (f"{at.wall.astimezone():%Y-%m-%d %H:%M}" for at in (since, open_.last))
    return (
        f"chair {open_.opened.chair} has an open session{patient}: {state.phase} since {began}, "
        f"last saved {last}, {span(open_.last.seconds)} into it"
    )


def _asked(open_: Resumable) -> bool:
    """Ask until the answer is one; nobody there, or ctrl+d, is no answer."""
    print(f"{words(open_)}.", file=sys.stderr)
    while True:
        print("Go on with it? [y/n] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            raise UsageError("no answer; give --resume to go on with it, or --new to begin another")
        if answer.strip().lower() in {"y", "yes", "n", "no"}:
            return answer.strip().lower().startswith("y")
