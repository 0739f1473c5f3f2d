"""The messages (PDUs) of the Data Export protocol: what is asked, and how an answer is taken apart. All big-endian.

    session   type(1) length(1, or FF and 2) parameters      0D request, 0E accept, 0C refuse, 09/0A release, 19 abort
    data      E1 00 00 02 | kind(2) length(2) | …            1 invoke, 2 result, 3 error, 5 linked result
    linked    state(1: first, middle, last) count(1), then as a result
    invoke    invoke id(2) command(2) length(2) | managed object(6), and for
      event     time(4) type(2) length(2) | attributes       MDS create, 0D06
      poll      action(2) length(2) | poll number(2) [sequence(2)] ticks(4) date(8) class(4) group(2) | contexts
    contexts  count(2) length(2) | context(2) count(2) length(2) | handle(2) attributes …
    attributes  count(2) length(2) | id(2) length(2) value …

Every length must fit the one around it exactly, or the message is malformed. Ticks are 1/8000 s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

TICKS_PER_SECOND = 8000
DATA = b"\xe1\x00\x00\x02"
INVOKE, RESULT, ERROR, LINKED = 1, 2, 3, 5
EVENT, CONFIRMED_EVENT, GET, SET, CONFIRMED_SET, ACTION = 0, 1, 3, 4, 5, 7
_COMMANDS = {
    EVENT: "event",
    CONFIRMED_EVENT: "event",
    GET: "get",
    SET: "set",
    CONFIRMED_SET: "set",
    ACTION: "action",
}
MDS_CREATE = 0x0D06
SINGLE, EXTENDED = 0x0C16, 0xF13B
FIRST, MIDDLE, LAST = 1, 2, 3
MDS = 0x21
SESSIONS = {
    0x09: "release",
    0x0A: "released",
    0x0C: "refuse",
    0x0D: "associate",
    0x0E: "accept",
    0x19: "abort",
}
_CONNECT_INDICATION = b"\x00\x00\x01\x00"
_U8, _U16, _U32 = Struct(">B"), Struct(">H"), Struct(">I")
_PAIR, _COMMAND, _CONTEXT = Struct(">HH"), Struct(">HHH"), Struct(">HHH")
_POLL_HEAD, _TYPE = Struct(">HI8s"), Struct(">HHH")

Attributes = tuple[tuple[int, bytes], ...]


class MalformedError(ValueError):
    """A message whose lengths or kinds do not fit; the text says where."""


@dataclass(frozen=True, slots=True)
class Session:
    """A message about the association itself; `name` out of `SESSIONS`."""

    name: str
    parameters: bytes


@dataclass(frozen=True, slots=True)
class Created:
    """The monitor presents itself (MDS create), and wants that confirmed; or its indication on the network."""

    name: str
    invoke: int
    origin: bytes
    """Managed object and time of the event, ten bytes to be sent back."""
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Observed:
    """One object of a poll result; its handle is unique within its context (a measurement server)."""

    context: int
    handle: int
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Polled:
    """A result of a poll, or a part of one: then `part` is the state and the count of the linked result, else None."""

    invoke: int
    extended: bool
    part: tuple[int, int] | None
    number: int
    sequence: int
    ticks: int
    kind: int
    group: int
    objects: tuple[Observed, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The monitor answers a request with an error."""

    invoke: int
    code: int


@dataclass(frozen=True, slots=True)
class Other:
    """A message of sound structure that nothing is read from: a host's request, another result."""

    name: str


Message = Session | Created | Polled | Failed | Other


class _Cursor:
    """Takes a message apart from its front; `MalformedError` where it is shorter or longer than it says."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self._at = 0  # what stands before it is taken; a copy of the rest each time would cost its length

    def _over(self, count: int) -> int:
        """Go over so many bytes; where they began."""
        at = self._at
        self._at = at + count
        if self._at > len(self._data):
            raise MalformedError(f"{self._what} is shorter than it says")
        return at

    def take(self, count: int) -> bytes:
        at = self._over(count)
        return self._data[at : at + count]

    def numbers(self, layout: Struct) -> tuple[int, ...]:
        return layout.unpack_from(self._data, self._over(layout.size))

    def number(self, layout: Struct = _U16) -> int:
        (number,) = self.numbers(layout)
        return number

    def sized(self, what: str) -> "_Cursor":
        """All that is left, which must be as long as the next two bytes say."""
        size = self.number()
        return _Cursor(self.exactly(size), what)

    def exactly(self, size: int) -> bytes:
        data = self.take(size)
        self.end()
        return data

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)

    def end(self) -> None:
        if self._at < len(self._data):
            raise MalformedError(f"{self._what} is longer than it says")

    def more(self) -> bool:
        return self._at < len(self._data)


def read(pdu: bytes) -> Message:
    """Take a PDU apart. Raises `MalformedError`."""
    if pdu[:1] and pdu[0] in SESSIONS:
        return _session(pdu)
    if pdu.startswith(_CONNECT_INDICATION):
        return _data(_Cursor(pdu[len(_CONNECT_INDICATION) :], "the connect indication"), "connect indication")
    if not pdu.startswith(DATA):
        raise MalformedError("the message is of an unknown kind")
    return _data(_Cursor(pdu[len(DATA) :], "the message"), "mds create")


def _session(pdu: bytes) -> Session:
    """The parameters are type, length, value, as in ISO 8327; at least one."""
    cursor = _Cursor(pdu[1:], "the session message")
    parameters = cursor.exactly(_session_length(cursor))
    inner = _Cursor(parameters, "a session parameter")
    inner.take(1)
    while True:
        inner.take(_session_length(inner))
        if not inner.more():
            return Session(SESSIONS[pdu[0]], parameters)
        inner.take(1)


def _session_length(cursor: _Cursor) -> int:
    short = cursor.number(_U8)
    return cursor.number() if short == 0xFF else short  # noqa: PLR2004 (marks a long length)


def _data(cursor: _Cursor, created: str) -> Message:
    kind = cursor.number()
    body = cursor.sized("the message")
    part = None
    if kind == LINKED:
        state, count = body.numbers(Struct(">BB"))
        if state not in (FIRST, MIDDLE, LAST):
            raise MalformedError("the part of a result is of an unknown kind")
        part = (state, count)
    elif kind not in (INVOKE, RESULT, ERROR):
        raise MalformedError("the message is of an unknown kind")
    invoke, command = body.numbers(_PAIR)
    inner = body.sized("the command")
    if kind == ERROR:
        return Failed(invoke, command)
    if command not in _COMMANDS:
        raise MalformedError("the command is unknown")
    if command in (EVENT, CONFIRMED_EVENT) and kind == INVOKE:
        return _event(invoke, inner, created)
    if command == ACTION and kind != INVOKE:
        return _action_result(invoke, part, inner)
    return Other(f"{_COMMANDS[command]} {'request' if kind == INVOKE else 'result'}")


def _event(invoke: int, cursor: _Cursor, name: str) -> Message:
    origin = cursor.take(10)
    kind = cursor.number()
    body = cursor.sized("the event")
    if kind != MDS_CREATE and name == "mds create":
        return Other("event")
    if kind == MDS_CREATE:  # the new object's class and identity stand before its attributes
        body.take(6)
    return Created(name, invoke, origin, _attributes(body))


def _action_result(invoke: int, part: tuple[int, int] | None, cursor: _Cursor) -> Message:
    cursor.take(6)
    action = cursor.number()
    body = cursor.sized("the result")
    if action not in (SINGLE, EXTENDED):
        return Other("action result")
    number = body.number()
    sequence = body.number() if action == EXTENDED else 0
    ticks = body.number(_U32)
    body.take(8)  # date and time, never filled in
    _, kind, group = body.numbers(_TYPE)
    objects = tuple(_contexts(body))
    return Polled(invoke, action == EXTENDED, part, number, sequence, ticks, kind, group, objects)


def _contexts(cursor: _Cursor) -> Iterator[Observed]:
    count = cursor.number()
    body = cursor.sized("the list of contexts")
    for _ in range(count):
        context, objects, length = body.numbers(_CONTEXT)
        inner = _Cursor(body.take(length), "a context")
        for _ in range(objects):
            handle, entries, size = inner.numbers(_CONTEXT)
            yield Observed(context, handle, _entries(entries, _Cursor(inner.take(size), "an object")))
        inner.end()
    body.end()


def _attributes(cursor: _Cursor) -> Attributes:
    count = cursor.number()
    return _entries(count, cursor.sized("a list of attributes"))


def _entries(count: int, body: _Cursor) -> Attributes:
    entries = []
    for _ in range(count):
        attribute, size = body.numbers(_PAIR)
        entries.append((attribute, body.take(size)))
    body.end()
    return tuple(entries)


def items(value: bytes) -> Iterator[bytes]:
    """Give the items of an attribute that is a list of items of one size: count, length, items. None if it lies."""
    if len(value) < _PAIR.size:
        return
    count, length = _PAIR.unpack_from(value)
    if count and length == len(value) - _PAIR.size and length % count == 0:
        size = length // count
        yield from (value[at : at + size] for at in range(_PAIR.size, len(value), size))


# writing


def written(attributes: Attributes) -> bytes:
    """Write a list of attributes with its count and length."""
    body = b"".join(_PAIR.pack(attribute, len(value)) + value for attribute, value in attributes)
    return _PAIR.pack(len(attributes), len(body)) + body


def listed(parts: list[bytes]) -> bytes:
    """Write items with their count and length."""
    body = b"".join(parts)
    return _PAIR.pack(len(parts), len(body)) + body


def message(kind: int, invoke: int, command: int, body: bytes, part: tuple[int, int] | None = None) -> bytes:
    """Write a data message."""
    body = (bytes(part) if part else b"") + _COMMAND.pack(invoke, command, len(body)) + body
    return DATA + _PAIR.pack(kind, len(body)) + body


def action(kind: int, invoke: int, code: int, body: bytes, part: tuple[int, int] | None = None) -> bytes:
    """Write an action or its result, of the MDS as every poll is; only a request has a scope."""
    scope = bytes(4) if kind == INVOKE else b""
    head = _COMMAND.pack(MDS, 0, 0) + scope + _PAIR.pack(code, len(body))
    return message(kind, invoke, ACTION, head + body, part)
