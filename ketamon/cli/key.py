"""`ketamon key`: the passphrase and the keys of encrypted records. A passphrase is never an argument."""

import argparse
import getpass
import secrets
import sys
from pathlib import Path

from ketamon.cli import options
from ketamon.cli.hidden import line, typed
from ketamon.cli.people import allowed
from ketamon.domain.events import iso
from ketamon.errors import KetamonError, Refused, UsageError
from ketamon.lock import holder
from ketamon.plain import plain
from ketamon.port.clock import SystemClock
from ketamon.profiles import load
from ketamon.roster import Roster
from ketamon.store.keys import KEY_FILE, KEYS, from_system_gone, to_system
from ketamon.store.location import data_dir, session_files
from ketamon.store.lock import lock_path
from ketamon.store.ring import Erased

PLAIN = "records are not encrypted here: the disk itself must be (LUKS, FileVault, BitLocker)"


def main(argv: list[str]) -> int:
    """Show what is encrypted, or do what the first word says."""
    if argv[:1] and argv[0] in _CHANGES:
        return _CHANGES[argv[0]](argv[1:])
    parser = options.parser(
        "key",
        "Say whether records are encrypted here, and each of them. Each session has a key of its own; one passphrase\n"
        "opens them all. Needs: pip install 'ketamon[encrypted]'",
        "  ketamon key\n"
        "  ketamon key create         from now on new sessions and recordings are encrypted\n"
        "  ketamon key rotate         another passphrase; no session is touched\n"
        "  ketamon key erase FILE     destroy the key of a session, and so the session, for ever",
    )
    parser.add_argument("what", nargs="?", choices=["show", *_CHANGES], default="show", help="(show)")
    parser.parse_args(argv)
    ring = KEYS.ring
    if not ring.exists:
        print(f"{PLAIN}; “ketamon key create” begins with it")
    else:
        found = ring.contents()
        where = "the system's key ring" if found.system else f"people, or {KEY_FILE}"
        print(f"key ring {ring.path}: {len(found.keys)} keys; its passphrase is known to {where}")
    for path in session_files():
        print(plain(f"  {path.name:<44}{_state(path)}"))
    return 0


def _state(path: Path) -> str:
    name, ring = KEYS.name_of(path), KEYS.ring
    if name is None:
        return "not encrypted"
    try:
        ring.wrapped(ring.contents(), name)
    except KetamonError as error:
        return str(error)
    return "encrypted"


def _create(argv: list[str]) -> int:
    parser = options.parser(
        "key create",
        "Make the key ring: from now on new sessions and recordings are encrypted. Those that exist stay as they are.",
        "  ketamon key create\n  ketamon key create --system",
    )
    _add_source(parser)
    args = parser.parse_args(argv)
    system, passphrase = _new_passphrase(args)
    KEYS.ring.create(passphrase, system)
    KEYS.tell(passphrase)
    _say(f"made {KEYS.ring.path}; new sessions are encrypted from now on")
    _say("keep a copy of that file apart from the records, and the passphrase apart from both:")
    _say("without either nobody opens the records again, we neither")
    _show_made(system, passphrase)
    return 0


def _rotate(argv: list[str]) -> int:
    parser = options.parser(
        "key rotate",
        "Give the key ring another passphrase: every key is wrapped anew, no session file is touched, and running\n"
        "sessions go on. Old copies of the key ring still open with the old passphrase; destroy them.",
        "  ketamon key rotate\n  ketamon key rotate --system",
    )
    _add_source(parser)
    args = parser.parse_args(argv)
    options.take_passphrase(args)
    old, before = KEYS.clinic(), KEYS.ring.contents().system
    system, passphrase = _new_passphrase(args)
    KEYS.ring.rotate(old, passphrase, system)
    KEYS.tell(passphrase)
    if before:
        from_system_gone(before)
    _say(f"{KEYS.ring.path} has the new passphrase; write it into the {KEY_FILE} of cores that start unattended")
    _show_made(system, passphrase)
    return 0


def _erase(argv: list[str]) -> int:
    parser = options.parser(
        "key erase",
        "Destroy the key of a session: its record and its stream are noise from then on, wherever copies of them are.\n"
        "Copies of the key ring that were made before still have the key; destroy them, too.",
        "  ketamon key erase 2026-11-21T080000Z-2.ksession",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the session file, or its stream")
    parser.add_argument("--by", metavar="NAME", help="the director who allows it (asked, where there is a roster)")
    parser.add_argument("--pin-stdin", action="store_true", help="read the PIN of --by from standard input")
    parser.add_argument("--yes", action="store_true", help="do not ask whether it is meant")
    args = parser.parse_args(argv)
    name = KEYS.name_of(args.file)
    if name is None:
        raise UsageError(f"{args.file} is not encrypted; delete it, and know that disks keep what was deleted")
    KEYS.ring.wrapped(KEYS.ring.contents(), name)
    if running := holder(lock_path(args.file.with_suffix(".ksession"))):
        raise Refused(f"{args.file} is being written by {running}; end the session first")
    who = allowed(Roster.open(data_dir(), load(None)[0].people), args)
    if (
        not args.yes
        and typed("type erase to destroy it for ever", "nobody said that it is meant; --yes does") != "erase"
    ):
        raise Refused("nothing was erased")
    KEYS.ring.erase(name, Erased(iso(SystemClock().now().wall), who.name if who else getpass.getuser()))
    _say(f"{args.file.name} is erased: its key is destroyed. Copies of the key ring made before today keep it")
    return 0


_CHANGES = {"create": _create, "rotate": _rotate, "erase": _erase}


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--system", action="store_true", help="let the system's key ring choose and keep the passphrase"
    )
    options.add_passphrase(parser)


def _new_passphrase(args: argparse.Namespace) -> tuple[str, str]:
    """Return the entry in the system's key ring, if it is to keep the passphrase, and the passphrase."""
    if args.system:
        system, made = f"records {secrets.token_hex(4)}", secrets.token_urlsafe(24)
        to_system(system, made)
        return system, made
    if args.passphrase_stdin:
        return "", line("new passphrase")
    without = "no passphrase was typed; it needs a terminal, or --passphrase-stdin in scripts"
    passphrase = typed("new passphrase", without)
    if typed("once more", without) != passphrase:
        raise UsageError("the two passphrases differ; nothing was changed")
    return "", passphrase


def _show_made(system: str, passphrase: str) -> None:
    if system:
        _say(f"the passphrase that the system's key ring keeps, to write down and lock away: {passphrase}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
