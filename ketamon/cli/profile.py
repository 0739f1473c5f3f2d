"""`ketamon profile`: the clinical rules as a director meets them."""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from textwrap import wrap

from ketamon.cli import options
from ketamon.cli.people import proven
from ketamon.cli.shown import told
from ketamon.codec import encode_json
from ketamon.domain.people import Person, Proof, Role
from ketamon.domain.profile import Profile
from ketamon.errors import ProfileError, UsageError
from ketamon.plain import plain
from ketamon.port.clock import SystemClock
from ketamon.profiles import find, load, names, sign, signature_of
from ketamon.profiles.document import IDENTITY
from ketamon.profiles.loader import document_of, places_of, profile_of
from ketamon.profiles.rows import UNITS, Row, differences, rows
from ketamon.roster import Roster
from ketamon.store.location import data_dir

WIDTH = 110

FIRST = ("", "plan", "order", "limit", "schedule", "criterion", "gate")
"""The sections that are shown first; the others follow as the schema has them."""

HEADINGS = {
    "": "profile",
    "limit": "alarm limits",
    "criterion": "the gate: what must be met",
    "gate": "the gate: who signs",
    "watch": "alarms of the equipment, and of the pump against the order",
    "display": "charts",
    "source": "several devices that report the same",
    "band": "expected course",
    "people": "PINs and locks",
    "rescue": "emergency list",
    "staff": "who must be there",
}


def main(argv: list[str]) -> int:
    """Do what the first word says."""
    if argv[:1] and argv[0] in _WORDS:
        return _WORDS[argv[0]](argv[1:])
    parser = options.parser(
        "profile",
        "The clinical rules of a session. A profile is named by its file, or a shipped one by its name.",
        "  ketamon profile list\n"
        "  ketamon profile show ketamine-60min        every number, with its unit and where it is from\n"
        "  ketamon profile check ours.toml\n"
        "  ketamon profile diff ketamine-40min ours.toml        what differs in meaning\n"
        '  ketamon profile sign ours.toml --name "Dr. Ahn"',
    )
    parser.add_argument("what", choices=list(_WORDS), help="what to do; each has a --help of its own")
    parser.parse_args(argv)
    return 0


def _list(argv: list[str]) -> int:
    options.parser("profile list", "List the shipped profiles.", "  ketamon profile list").parse_args(argv)
    for name in names():
        path = find(name)
        profile, _, digest = load(path)
        signed = signature_of(path, digest)
        print(f"{name:<24}version {profile.version:<5}{digest[:12]}  {signed}\n{'':<24}{profile.title}")
    return 0


def _check(argv: list[str]) -> int:
    parser = options.parser(
        "profile check",
        "Say everything that is wrong with profiles, each with file and line, and whether they are signed.\n"
        "Exit code 2 where one cannot be used.",
        "  ketamon profile check ours.toml theirs.toml",
    )
    parser.add_argument("files", type=options.profile, nargs="+", metavar="FILE")
    files, bad = parser.parse_args(argv).files, 0
    for path in files:
        try:
            profile, _, digest = load(path)
        except ProfileError as error:
            print(told(error), file=sys.stderr)
            bad += 1
        else:
            said = f"{profile.name}, version {profile.version}, can be used; {signature_of(path, digest)}"
            print(plain(f"{path}: {said}"))
    if bad:
        raise UsageError(f"{bad} of {len(files)} cannot be used")
    return 0


def _show(argv: list[str]) -> int:
    parser = options.parser(
        "profile show",
        "Show all that a profile says: each number with its unit, the note beside it, and its file and line.",
        "  ketamon profile show\n  ketamon profile show ours.toml --json",
    )
    parser.add_argument("profile", type=options.profile, nargs="?", default=find("ketamine-40min"), metavar="PROFILE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, one line for each key")
    args = parser.parse_args(argv)
    found = _rows(args.profile)
    if args.json:
        for row in found:
            print(encode_json({f.name: getattr(row, f.name) for f in fields(row)}).decode())
        return 0
    digest = load(args.profile)[2]
    print(f"{args.profile}\nSHA-256 {digest}\n{signature_of(args.profile, digest)}")
    sections = {section: list(of) for section, of in groupby(found, key=lambda row: row.section)}
    for section in sorted(sections, key=lambda s: FIRST.index(s) if s in FIRST else len(FIRST)):
        print(f"\n{HEADINGS.get(section, section)}")
        for line in _section(section, sections[section]):
            print(f"  {line}")
    return 0


def _section(section: str, of: list[Row]) -> Iterator[str]:
    """Write a table a key a line, and a list an entry a paragraph."""
    if section not in IDENTITY:
        for row in of:
            yield from _hanging(f"{_word(row.key):<28}{row.said}", _origin(row), 28)
        return
    for entry, group in groupby(of, key=lambda row: row.entry):
        said = [row for row in group if row.place]
        words = ", ".join(f"{_word(row.key)} {row.said}" for row in said if row.key not in IDENTITY[section])
        yield from _hanging(f"{entry.removeprefix(section).strip():<28}{words}", _origins(said), 28)


def _hanging(text: str, origin: str, indent: int) -> Iterator[str]:
    lines = wrap(text, WIDTH, subsequent_indent=" " * indent, break_long_words=False, drop_whitespace=True)
    yield from lines
    if origin:
        yield from wrap(origin, WIDTH, initial_indent=f"{'':<{indent}}# ", subsequent_indent=f"{'':<{indent}}# ")


def _origin(row: Row) -> str:
    """Say where a value is from: the note beside it, what it stands in place of, its file and line."""
    if not row.place:
        return "not said: ketamon's own default"
    was = f"instead of {row.instead_of}" if row.instead_of else ""
    return "; ".join(part for part in (row.source, was, _short(row.place)) if part)


def _origins(said: list[Row]) -> str:
    """Say where an entry is from: once, and again for each key that has a note or stands elsewhere."""
    if not said:
        return ""
    first = said[0]
    file = first.place.rpartition(":")[0]
    others = [row for row in said[1:] if row.source or row.place.rpartition(":")[0] != file]
    return "; ".join([_origin(first), *(f"{_word(row.key)}: {_origin(row)}" for row in others)])


def _short(place: str) -> str:
    return place.rpartition("/")[2]


def _word(key: str) -> str:
    """Return a key without the unit at its end."""
    end = next((f"_{end}" for end in UNITS if key.endswith(f"_{end}")), "")
    return key.removesuffix(end).replace("_", " ")


def _diff(argv: list[str]) -> int:
    parser = options.parser(
        "profile diff",
        "Say what differs in meaning between two profiles, whatever the layout of their text. Nothing on standard\n"
        "output means no difference; the exit code is 0 in both cases.",
        "  ketamon profile diff ketamine-40min ours.toml",
    )
    parser.add_argument("first", type=options.profile, metavar="PROFILE")
    parser.add_argument("second", type=options.profile, metavar="PROFILE")
    args = parser.parse_args(argv)
    told = list(differences(_rows(args.first), _rows(args.second)))
    for line in told:
        print(line)
    if not told:
        print("no difference in meaning", file=sys.stderr)
    return 0


def _rows(path: Path) -> list[Row]:
    document = document_of(path)
    profile: Profile = profile_of(document, str(path))
    return list(rows(profile, places_of(document, str(path))))


def _sign(argv: list[str]) -> int:
    parser = options.parser(
        "profile sign",
        "Sign a profile as its medical director, after you have read it with “ketamon profile show”. The signature is\n"
        "a file beside it and holds for this text only. Where there is a roster, your PIN is asked.",
        '  ketamon profile sign ours.toml --name "Dr. Ahn"',
    )
    parser.add_argument("profile", type=options.profile, metavar="PROFILE")
    parser.add_argument("--name", required=True, help="the director who signs")
    parser.add_argument("--pin-stdin", action="store_true", help="read the PIN from standard input")
    args = parser.parse_args(argv)
    by, proof = _director(args)
    signature = sign(args.profile, by, proof, SystemClock().now().wall)
    print(f"{args.profile}: signed by {by} on {signature.at:%Y-%m-%d}, “{signature.meaning}”, {signature.sha256}")
    return 0


def _director(args: argparse.Namespace) -> tuple[Person, Proof]:
    """Return who signs, and how that is known: by PIN where there is a roster, else by name only."""
    roster = Roster.open(data_dir(), load(args.profile)[0].people)
    if roster.people:
        return proven(roster, args, args.name), Proof.PIN
    return Person(args.name, Role.DIRECTOR), Proof.NAME


_WORDS: dict[str, Callable[[list[str]], int]] = {
    "list": _list,
    "check": _check,
    "show": _show,
    "diff": _diff,
    "sign": _sign,
}
