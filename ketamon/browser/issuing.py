"""How `ketamon serve token` gets a link from the server that runs: a line each way over a socket of the user's own.

The server keeps its secrets in memory; nothing of a link is ever on the disk.
"""

import asyncio
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from ketamon.codec import encode_json
from ketamon.domain.people import Person, Role
from ketamon.errors import SourceError, UsageError
from ketamon.local import peer_uid, runtime_dir

_PATIENCE_S = 5.0
_LONGEST_NAME = 40
_MINUTES_OF_DAY = 24 * 60


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a link is for, and for how many minutes from now."""

    name: str
    role: Role
    minutes: int

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > _LONGEST_NAME:
            raise UsageError(f"{self.name!r} is no name; use letters that can be printed, at most {_LONGEST_NAME}")
        if not 1 <= self.minutes <= _MINUTES_OF_DAY:
            raise UsageError(
                f"{self.minutes} minutes: a login lasts from a minute to a day; give --for 8h, or --for 30m"
            )

    @property
    def person(self) -> Person:
        """Who it is for."""
        return Person(self.name.strip(), self.role)


def minutes(text: str) -> int:
    """Read how long a login lasts: "8h", "30m". Raises `UsageError`."""
    if not (found := re.fullmatch(r"(\d{1,4})([hm])", text, re.ASCII)):
        raise UsageError(f"“{text}” is no time; write hours or minutes: 8h, 30m")
    return int(found[1]) * (60 if found[2] == "h" else 1)


def path() -> Path:
    """Return where a server listens for this."""
    return runtime_dir() / "browser.sock"


async def listen(at: Path, issue: Callable[[Wish], str]) -> asyncio.Server:
    """Answer each wish with a link. The caller holds the lock of the socket, so whatever stands there is dead."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if peer_uid(writer.get_extra_info("socket")) in (os.getuid(), 0):
                link = issue(msgspec.json.decode(await reader.readline(), type=Wish))
                writer.write(encode_json({"link": link}) + b"\n")
        except (ConnectionError, asyncio.LimitOverrunError, ValueError):
            pass  # whoever speaks nonsense, or is gone, gets nothing
        finally:
            writer.close()

    return await asyncio.start_unix_server(answer, sock=_bound(at))


def _bound(at: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        at.unlink(missing_ok=True)
        line.bind(str(at))
    finally:
        os.umask(mask)
    return line


def ask(at: Path, wish: Wish) -> str:
    """Return a link of the server that runs. Raises `SourceError` where none does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_PATIENCE_S)
        try:
            line.connect(str(at))
        except OSError as error:
            raise SourceError("no “ketamon serve” runs for you on this machine; start it first") from error
        try:
            line.sendall(encode_json(wish) + b"\n")
            said = line.makefile("rb").readline()
            return str(msgspec.json.decode(said, type=dict[str, str])["link"])
        except (OSError, ValueError, KeyError) as error:
            raise SourceError("the “ketamon serve” that runs gave no link; start it anew") from error
