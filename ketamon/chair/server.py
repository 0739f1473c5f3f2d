"""The local socket: every follower gets all events from the first on, then the live ones; intents come back.

A follower that does not read is cut off, never waited for: it connects again and catches up. The wire is described in
`ketamon.follow`.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from ketamon.codec import decode_intent, encode_body, encode_json
from ketamon.domain.events import Event
from ketamon.domain.intents import Intent, ReportSound
from ketamon.errors import KetamonError, Refused
from ketamon.local import peer_uid, socket_lock
from ketamon.lock import Lock
from ketamon.plain import plain_json

MAX_BACKLOG = 8 << 20
"""Bytes a follower may be behind before it is cut off: about ten minutes of a busy chair."""
MAX_LINE = 1 << 20
"""The longest request that is read."""
CHUNK = 500
"""Events that are sent at once to a follower that comes late."""


class _Request(msgspec.Struct):
    id: int
    intent: msgspec.Raw
    pin: str = ""


_request = msgspec.json.Decoder(_Request)


def event_line(event: Event) -> bytes:
    """Write an event as it goes over the socket."""
    type_, version, body = encode_body(event.body)
    head = (
        f'{{"kind":"event","seq":{event.seq},"mono_ns":{event.at.monotonic_ns},"wall":"{event.at.wall.isoformat()}",'
        f'"type":"{type_}","version":{version},"body":'
    )
    return head.encode() + body + b"}\n"


class Server:
    """Followers of one core. `history` gives all events behind a number; `ask` does what a person wants.

    `mute` hears of a console that told how it sounds and is gone.
    """

    def __init__(
        self,
        history: Callable[[int], Iterable[Event]],
        ask: Callable[[Intent, str], Awaitable[str]],
        beat: Callable[[], bytes],
        mute: Callable[[str], None],
    ) -> None:
        self._history = history
        self._ask = ask
        self._beat = beat
        self._mute = mute
        self._consoles: dict[asyncio.StreamWriter, str] = {}
        self._followers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._place: _Place | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def followers(self) -> int:
        """How many follow now."""
        return len(self._followers)

    async def start(self, path: Path) -> None:
        """Listen; refuse a path that another core holds, and take over one that a dead core left."""
        self._place = _Place(path)
        self._server = await asyncio.start_unix_server(self._follow, sock=self._place.socket, limit=MAX_LINE)

    async def stop(self) -> None:
        """Stop listening and part from all followers."""
        if self._server is not None:
            self._server.close()
        self._consoles.clear()
        for task in list(self._tasks):
            task.cancel()
        for writer in list(self._followers):
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._place is not None:
            self._place.release()

    def send_events(self, events: Iterable[Event]) -> None:
        """Pass events on to all followers."""
        for event in events:
            self._send(event_line(event))

    def send_beat(self) -> None:
        """Pass the pulse on to all followers."""
        self._send(self._beat())

    def _send(self, line: bytes) -> None:
        for writer in list(self._followers):
            if writer.transport.get_write_buffer_size() > MAX_BACKLOG:
                self._followers.discard(writer)
                writer.transport.abort()
            else:
                writer.write(line)

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            if peer_uid(sock) not in (os.getuid(), 0):
                return
            await self._catch_up(writer)
            while line := await reader.readline():
                await self._serve(line, writer)
                await asyncio.sleep(0)  # one who asks without end leaves the others their turn
        except KetamonError as error:  # the record cannot be read (its disk is gone): the past is not there to send
            writer.write(encode_json({"kind": "parted", "why": str(error)}) + b"\n")
        except (ConnectionError, asyncio.LimitOverrunError, ValueError, RecursionError):
            pass  # a follower that is gone, or speaks nonsense, is parted from; the session does not care
        except asyncio.CancelledError:
            pass
        finally:
            self._followers.discard(writer)
            writer.close()
            if writer in self._consoles:
                self._mute(self._consoles.pop(writer))
            if task is not None:
                self._tasks.discard(task)

    async def _catch_up(self, writer: asyncio.StreamWriter) -> None:
        """Send the past. Only the last step, from what is left of it to live, must not be interrupted."""
        sent, more = 0, True
        while more:
            more = False
            for events in _chunks(self._history(sent)):
                writer.writelines(map(event_line, events))
                sent = events[-1].seq
                if more := len(events) == CHUNK:
                    await writer.drain()
                    await asyncio.sleep(0)  # a long past must not stop bytes and alarms
        writer.write(self._beat())
        self._followers.add(writer)

    async def _serve(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        request = _request.decode(line)
        try:
            intent, _ = decode_intent(plain_json(bytes(request.intent)))
            if isinstance(intent, ReportSound):
                self._consoles[writer] = intent.console
            refused = await self._ask(intent, request.pin)
        except Refused as error:
            refused = str(error)
        writer.write(encode_json({"kind": "answer", "id": request.id, "refused": refused}) + b"\n")


class _Place:
    """A socket that only its owner can connect to. The lock beside it decides whose it is: two cannot both take it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock(socket_lock(path), f"{path.stem} is run", "use “ketamon attach”")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            path.unlink(missing_ok=True)
            self.socket.bind(str(path))
        except OSError:
            self.socket.close()
            self._lock.release()
            raise
        finally:
            os.umask(mask)

    def release(self) -> None:
        """Leave nothing behind; whoever comes next finds it free."""
        self._path.unlink(missing_ok=True)
        self._lock.release()


def _chunks(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Cut events into lists, so that a long past does not stop the core. Only the last is short."""
    left = iter(events)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
