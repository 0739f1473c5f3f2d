"""The driver: takes messages as they come, keeps the association up, and tells what the monitor measures."""

from collections.abc import Iterator
from struct import Struct

from ketamon.domain.instant import Instant
from ketamon.domain.readings import Mode
from ketamon.driver import (
    Accepted,
    DeviceAlarms,
    DeviceNotice,
    Garbage,
    Measured,
    Mismatch,
    Output,
    Sampled,
    Send,
)
from ketamon.wire.framing import Piece
from ketamon_drivers.philips_intellivue import userinfo
from ketamon_drivers.philips_intellivue.alarms import Alarms
from ketamon_drivers.philips_intellivue.association import Association, Parts, State
from ketamon_drivers.philips_intellivue.numerics import MonitorClock, Numbers, date_of
from ketamon_drivers.philips_intellivue.pdus import (
    Created,
    Failed,
    Polled,
    Session,
    read,
)
from ketamon_drivers.philips_intellivue.requests import ALERTS, KEEP_ALIVE, NAMES, NUMERICS, WAVES
from ketamon_drivers.philips_intellivue.waves import Waves
from ketamon_drivers.philips_intellivue.wires import Wire

MODEL, NOMENCLATURE, OPERATING_MODE = 0x0928, 0x0948, 0x0946
DATE, TICKS = 0x0987, 0x098F
_NOMENCLATURE_MAJOR = 1
_IN_DEMO, _IN_SERVICE = 0x2000, 0x1000
KINDS = {poll.kind: poll.name for poll in (NUMERICS, ALERTS, WAVES)}
ERRORS = {
    0: "no such class", 1: "no such instance", 2: "access denied", 7: "get list", 8: "set list", 9: "no such action",
    10: "processing failure", 15: "invalid argument", 16: "invalid scope", 17: "invalid instance",
}  # fmt: skip
ENDINGS = {
    "refuse": "the monitor refuses an association; end the other program that has one",
    "abort": "the monitor aborted the association; it is asked again",
    "release": "the monitor ended the association; it is asked again",
}


class PhilipsIntellivue:
    """One connection to a monitor, on the wire that is given."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._association = Association()
        self._parts = Parts()
        self._numbers = Numbers()
        self._waves = Waves()
        self._alarms = Alarms()
        self._told: set[str] = set()
        self._partial: set[int] = set()

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Tell what each whole message says."""
        for piece in self._wire.feed(data):
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Send at most one message: what the association, a poll or a confirmation needs now."""
        pdu = self._association.due(at)
        if pdu is not None:
            yield Send(self._wire.wrap(pdu))

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._wire.flush():
            yield from self._piece(piece, at)

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        if piece.content is None:
            yield Garbage(piece.offset, piece.raw, piece.reason)
            return
        offset, message = piece.offset, read(piece.content)
        self._association.heard(at)
        yield Accepted(offset, len(piece.raw), _name(message))
        match message:
            case Session():
                yield from self._session(offset, message)
            case Created(name="mds create"):
                yield from self._presented(offset, message)
            case Created():
                yield from self._notice(offset, f"this is {_model(dict(message.attributes))}")
            case Failed(invoke, code):
                poll = self._association.declined(invoke)
                what = poll.name if poll else f"request {invoke}"
                yield from self._notice(offset, f"the monitor gives no {what}: {ERRORS.get(code, f'error {code}')}")
            case Polled():
                self._association.answered(message.number, at)
                if self._association.state is not State.FOREIGN:
                    yield from self._polled(offset, message)

    def _session(self, offset: int, message: Session) -> Iterator[Output]:
        """The monitor's word about the association; a host's own messages, overheard, change nothing."""
        if message.name == "accept":
            difference = userinfo.difference(message.parameters)
            if difference:
                yield from self._foreign(offset, difference)
            else:
                self._told.clear()
                self._association.step("accepted")
        elif message.name in ENDINGS:
            if message.name == "refuse":
                self._association.refused()
            else:
                self._association.step("ended")
            yield from self._notice(offset, ENDINGS[message.name])

    def _presented(self, offset: int, message: Created) -> Iterator[Output]:
        """Take the monitor's model, mode and clock; its bed and everything else about people is left unread."""
        self._association.presented(message.invoke, message.origin)
        attributes = dict(message.attributes)
        version = attributes.get(NOMENCLATURE, b"")
        if version and int.from_bytes(version[:2], "big") != _NOMENCLATURE_MAJOR:
            yield from self._foreign(offset, f"nomenclature version {version.hex()}, this driver reads 00010000")
            return
        state = int.from_bytes(attributes.get(OPERATING_MODE, b""), "big")
        self._numbers.mode = Mode.DEMO if state & _IN_DEMO else Mode.TEST if state & _IN_SERVICE else Mode.REAL
        date, ticks = date_of(attributes.get(DATE, b"")), attributes.get(TICKS, b"")
        self._numbers.clock = MonitorClock(date, int.from_bytes(ticks, "big")) if date and ticks else None
        mode = (
            "" if self._numbers.mode is Mode.REAL else f", in {self._numbers.mode} mode: its numbers are no patient's"
        )
        yield from self._notice(offset, f"this is {_model(attributes)}{mode}")

    def _polled(self, offset: int, message: Polled) -> Iterator[Output]:
        if message.kind == NUMERICS.kind:
            yield from self._numerics(offset, message)
        elif message.kind == WAVES.kind:
            for observed in message.objects:
                yield from (Sampled(offset, block) for block in self._waves.blocks(observed))
        elif message.kind == ALERTS.kind:
            for observed in message.objects:
                alarms = self._alarms.said(observed.attributes)
                if alarms is not None:
                    yield DeviceAlarms(offset, alarms)
        for whole in self._parts.take(message.number, (message.sequence, message.ticks), message.part):
            yield from self._ended(offset, message, whole=whole)

    def _numerics(self, offset: int, message: Polled) -> Iterator[Output]:
        unread: list[str] = []
        for observed in message.objects:
            for reading in self._numbers.readings(observed, message.ticks):
                yield Measured(offset, reading)
            unread += self._numbers.complaints(observed)
        if unread:
            yield DeviceNotice(offset, f"{len(unread)} numbers are not read: {'; '.join(unread)}")

    def _ended(self, offset: int, message: Polled, *, whole: bool) -> Iterator[Output]:
        """A result has ended: of a whole one it is known what is missing, of another what came was used."""
        number = message.number
        if not whole and number not in self._partial:
            yield DeviceNotice(
                offset, f"a result of {NAMES.get(number, f'poll {number}')} came only in part; it was used"
            )
        (self._partial.discard if whole else self._partial.add)(number)
        valued = message.sequence > 0 or not message.extended  # the first result of an extended poll only describes
        if valued and message.kind == NUMERICS.kind:
            yield from (Measured(offset, reading) for reading in self._numbers.end_of_result(whole=whole))

    def _foreign(self, offset: int, text: str) -> Iterator[Output]:
        """From here on nothing is told; said once."""
        if self._association.step("foreign"):
            yield Mismatch(offset, text)

    def _notice(self, offset: int, text: str) -> Iterator[Output]:
        """Say something once in an association."""
        if text not in self._told:
            self._told.add(text)
            yield DeviceNotice(offset, text)


def _name(message: object) -> str:
    match message:
        case Polled(number=KEEP_ALIVE.number):
            return KEEP_ALIVE.name
        case Polled(kind=kind):
            return KINDS.get(kind, f"class {kind:04x}")
        case Failed():
            return "error"
        case _:
            return str(getattr(message, "name", ""))


def _model(attributes: dict[int, bytes]) -> str:
    """Maker and model: two texts with their lengths before them."""
    value, words = attributes.get(MODEL, b""), []
    while len(value) > 2:  # noqa: PLR2004 (a length)
        (length,) = Struct(">H").unpack_from(value)
        words.append(value[2 : 2 + length].decode("ascii", "replace").strip("\0 "))
        value = value[2 + length :]
    return "".join(letter for letter in " ".join(words) if letter.isprintable()) or "a monitor that names no model"
