"""`ketamon people`: who may sign, and the PIN of each. PINs are never arguments, and never shown."""

import argparse
import sys

from ketamon.cli import options
from ketamon.cli.hidden import line, typed
from ketamon.domain.people import Person, Role
from ketamon.errors import Refused, UsageError
from ketamon.port.clock import SystemClock
from ketamon.profiles import load
from ketamon.roster import Outcome, Roster
from ketamon.store.location import data_dir

_NOBODY = "nobody is in the roster: names are taken as typed, and nothing is proven"


def main(argv: list[str]) -> int:
    """List the people, or do what the first word says."""
    if argv[:1] and argv[0] in _CHANGES:
        return _CHANGES[argv[0]](argv[1:])
    parser = options.parser(
        "people",
        "List who may sign here: name, role, and whether the PIN is locked. Add, remove and pin change the list.\n"
        "Once somebody is in it, signatures need a PIN, and a director allows every change.",
        "  ketamon people\n"
        '  ketamon people add "Dr. Ahn" director        the first must be a director\n'
        "  ketamon people add MK nurse\n"
        "  ketamon people pin MK        another PIN; it unlocks, too\n"
        "  ketamon people remove MK",
    )
    parser.add_argument("what", nargs="?", choices=["list", *_CHANGES], default="list", help="(list)")
    parser.parse_args(argv)
    roster, now = Roster.open(data_dir()), SystemClock().now().wall
    for person in roster.people:
        until = roster.locked_until(person.name, now)
        state = f"locked until {until.astimezone():%H:%M}" if until else ""
        print(f"{person.name:<24}{person.role:<11}{state}".rstrip())
    if not roster.people:
        print(f"{_NOBODY}; begin with: ketamon people add NAME director", file=sys.stderr)
    return 0


def _add(argv: list[str]) -> int:
    parser = _parser("add", "Add somebody to the roster.", '  ketamon people add "Dr. Ahn" director')
    parser.add_argument("name", metavar="NAME", help="name or initials, as they are given with --as")
    parser.add_argument("role", metavar="ROLE", choices=list(Role), help=", ".join(Role))
    args = parser.parse_args(argv)
    roster = _roster(args)
    first = not roster.people
    allowed(roster, args)
    person = Person(args.name, Role(args.role))
    roster.add(person, _new_pin(args))
    _say(f"{person} is in the roster")
    if first:
        _say("from now on signatures need a PIN, and only people in the roster can give one; add the others now,")
        _say("and a second director, who can help when a PIN is forgotten")
    return 0


def _remove(argv: list[str]) -> int:
    parser = _parser("remove", "Remove somebody from the roster.", "  ketamon people remove MK")
    parser.add_argument("name", metavar="NAME")
    args = parser.parse_args(argv)
    roster = _roster(args)
    person = roster.known(args.name)
    allowed(roster, args)
    roster.remove(person.name)
    _say(f"{person} is no longer in the roster")
    if not roster.people:
        _say(_NOBODY)
    return 0


def _pin(argv: list[str]) -> int:
    parser = _parser("pin", "Give somebody another PIN; everybody may change their own.", "  ketamon people pin MK")
    parser.add_argument("name", metavar="NAME")
    args = parser.parse_args(argv)
    roster = _roster(args)
    person = roster.known(args.name)
    allowed(roster, args, person)
    roster.set_pin(person.name, _new_pin(args))
    _say(f"{person} has a new PIN")
    return 0


_CHANGES = {"add": _add, "remove": _remove, "pin": _pin}


def _parser(command: str, about: str, example: str) -> argparse.ArgumentParser:
    parser = options.parser(f"people {command}", about, f'{example}\n{example} --by "Dr. Ahn" --pin-stdin <pins')
    parser.add_argument("--by", metavar="NAME", help="who allows it, a director most often (asked)")
    parser.add_argument(
        "--pin-stdin", action="store_true", help="read PINs from standard input, a line each: of --by, then the new one"
    )
    options.add_profile(parser)
    return parser


def _roster(args: argparse.Namespace) -> Roster:
    return Roster.open(data_dir(), load(args.profile)[0].people)


def allowed(roster: Roster, args: argparse.Namespace, owner: Person | None = None) -> Person | None:
    """Ask for the name and the PIN of a director, or of the owner of what is changed. An empty roster asks nobody."""
    if not roster.people:
        return None
    person = proven(roster, args, _name(args))
    if person.role is not Role.DIRECTOR and (owner is None or not owner.is_same(person)):
        raise Refused(f"a director must allow this, not the {person}; nothing was changed")
    return person


def proven(roster: Roster, args: argparse.Namespace, name: str) -> Person:
    """Ask for the PIN of somebody in the roster; raise `Refused` where it is not theirs. Wants `args.pin_stdin`."""
    checked = roster.check(name, _ask(args, f"PIN of {name}"), SystemClock().now().wall)
    if checked.outcome is not Outcome.RIGHT or checked.person is None:
        raise Refused(f"{checked}; nothing was changed")
    return checked.person


def _name(args: argparse.Namespace) -> str:
    if args.by is not None:
        return str(args.by)
    if args.pin_stdin:
        raise UsageError("--pin-stdin needs --by NAME, to say who allows this")
    print("your name (a director): ", end="", file=sys.stderr, flush=True)
    return line("name")


def _new_pin(args: argparse.Namespace) -> str:
    pin = _ask(args, f"new PIN for {args.name}")
    if not args.pin_stdin and _ask(args, "once more") != pin:
        raise UsageError("the two PINs differ; nothing was changed")
    return pin


def _ask(args: argparse.Namespace, prompt: str) -> str:
    """Have a PIN typed at the terminal, where it is never shown, or take a line of standard input if told to."""
    if args.pin_stdin:
        return line("PIN")
    return typed(prompt, "no PIN was typed; it needs a terminal, or --pin-stdin in scripts")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
