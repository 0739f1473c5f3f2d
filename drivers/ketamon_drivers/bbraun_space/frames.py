"""Frames, character stuffing and records of BCC, and every request that may be sent."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ketamon.driver import AllowList
from ketamon.wire.checksums import sum8
from ketamon_drivers.bbraun_space.tables import NO_VALUE

LONGEST_FRAME = 8192
"""On the line. A pump with all its parameters has about 4 kB; stuffing makes text a little longer."""

EOT, ACK = b"\x04", b"\x06"
_ETX, _ETB, _RS = b"\x03", b"\x17", "\x1e"
_AROUND = 14
"""Bytes of a frame around its bed and body: SOH, length, STX, ETX, checksum, EOT."""
_CHECK = 6
"""Bytes behind what the checksum covers: itself and EOT."""

_BED = rb"[/-9A-z]"
_FRAME = re.compile(rb"\x01(\d{5})\x02(" + _BED + rb"{1,15})/1/1>([\r\x1e -\xff]*)([\x03\x17])(\d{5})\x04", re.DOTALL)
_STUFFED = {b"D": b"EX", b"E": b"EE", b"d": b"ex", b"e": b"ee"}
_PLAIN = {pair: letter for letter, pair in _STUFFED.items()}
_TO_STUFF = re.compile(rb"[DEde]")
_PAIRS = re.compile(rb"E[EX]|e[ex]|[DEde]")


def stuffed(data: bytes) -> bytes:
    """Write D, E, d, e as EX, EE, ex, ee: these letters once meant something to older devices."""
    return _TO_STUFF.sub(lambda match: _STUFFED[match[0]], data)


def unstuffed(data: bytes) -> bytes | None:
    """Undo it from left to right; None where one of the four letters stands alone."""
    if any(len(found) == 1 for found in _PAIRS.findall(data)):
        return None
    return _PAIRS.sub(lambda match: _PLAIN[match[0]], data)


def frame(bed: str, body: bytes, *, last: bool = True) -> bytes:
    """Wrap a body, without stuffing; `last` is False where more parts follow."""
    text = b"%b/1/1>%b" % (bed.encode("ascii"), body)
    checked = b"\x01%05d\x02%b%b" % (_AROUND + len(text), text, _ETX if last else _ETB)
    return b"%b%05d\x04" % (checked, sum8(checked))


@dataclass(frozen=True, slots=True)
class Message:
    """A whole frame. `stuffed` is None where none of the four letters occurs, so that it cannot be told."""

    bed: str
    body: bytes
    last: bool
    stuffed: bool | None


def parse(raw: bytes) -> Message | str:
    """Read one whole frame, stuffed or not, or say why it is none. The length tells which it is."""
    declared = int(raw[1:6]) if raw[1:6].isdigit() else 0
    plain = raw if declared == len(raw) else unstuffed(raw)
    if plain is None or declared != len(plain) or len(raw) > LONGEST_FRAME:
        return "the length is wrong"
    match = _FRAME.fullmatch(plain)
    if match is None:
        return "the form is wrong"
    if int(match[5]) != sum8(plain[:-_CHECK]):
        return "the checksum is wrong"
    tells = _TO_STUFF.search(plain) is not None
    return Message(match[2].decode("ascii"), match[3], match[4] == _ETX, plain != raw if tells else None)


@dataclass(frozen=True, slots=True)
class Record:
    """One fact: who says it (50100 is the rack, else the pump's `head`), its name and value; "" where it has none."""

    head: str
    name: str
    value: str


RACK = "00"
_RECORD = re.compile(
    r"(\d{1,10}),501(00|[0-3](?:[1-9A-O]|1\d|2[0-4])),([A-Z][A-Z0-9.]{1,19})(?:,(.*))?", re.ASCII | re.DOTALL
)
_REQUEST = re.compile(rb"(?:ADMIN|MEM):[A-Z]+(?:#[0-3][1-9A-O])?")
_PLACES = "0123456789ABCDEFGHIJKLMNO"


def request_of(body: bytes) -> str:
    """Return the request that a host's frame holds, "" where it is none."""
    return body.decode("ascii") if _REQUEST.fullmatch(body) else ""


def records(body: bytes) -> tuple[Record, ...] | str:
    """Read the records of a reply, or say why they are none. All of them are of one second and none comes twice."""
    matches = [_RECORD.fullmatch(text) for text in body.decode("utf-8", "replace").split(_RS)]
    found = [match for match in matches if match]
    if len(found) < len(matches):
        return "a record is none"
    if len({match[1] for match in found}) > 1:
        return "the records are not of one time"
    said = tuple(Record(_head(match[2]), match[3], match[4] or "") for match in found)
    names = {record.name for record in said}
    if any(record.name not in NAMES and _is_disordered(record, names) for record in said):
        return "a name is in disorder"
    if any(_ordered(record.value) in _NONE_IN_ORDER and record.value not in NO_VALUE for record in said):
        return "a value is in disorder"
    return said if len({(r.head, r.name) for r in said}) == len(said) else "a record comes twice"


def _head(text: str) -> str:
    """Pillar and place, 1 to 9 and A to O; BCC 3.30 was seen to write places from 10 on with two digits."""
    pillar, place = text[0], text[1:]
    return pillar + (_PLACES[int(place)] if place.isdigit() else place)


def _is_disordered(record: Record, names: set[str]) -> bool:
    """Whether an unknown name is a known one in disorder, or one that is missing here, its comma in another place."""
    moved = {record.name + record.value[:1], record.name[:-1]} - names
    return _ordered(record.name) in _IN_ORDER or not moved.isdisjoint(NAMES)


def _ordered(name: str) -> str:
    return "".join(sorted(name))


ALIVE, VERSION, GET = b"ADMIN:ALIVE", b"ADMIN:VERSION", b"MEM:GET"
FIRST_BED = "1"
"""Whoever does not know the bed's name yet asks this one."""


def _template(write: Callable[[bytes], bytes], longest_bed: int) -> re.Pattern[bytes]:
    bodies = b"|".join(re.escape(write(body)) for body in (VERSION, GET))
    return re.compile(rb"\x01\d{5}\x02" + _BED + b"{1,%d}/1/1>(?:%b)" % (longest_bed, bodies) + rb"\x03\d{5}\x04")


ALLOWED = AllowList(
    frozenset({ACK, frame(FIRST_BED, ALIVE), stuffed(frame(FIRST_BED, ALIVE))}),
    (_template(bytes, 15), _template(stuffed, 30)),
)
"""ACK, ALIVE, and VERSION and GET to any bed: its name cannot hold the ">" and ":" that would make another request."""

_DOCUMENTED = (
    "FMNOR FMSTAT FMDONGLE FMBANY FMRT FMRSTAT COMSERIALNO COMSWVERSION GNACK GNERR GNNEW GNMODEL"
    " INRT INVTB INPSOLL INSOL INSOLSN INSOLID INSYR INVOLACT INRMT INVI INTIME INAKKU INSTBY INBORT INBOVAL INBOCNT"
    " INAVRT INDOCAL INDCON INDCONU INDORT INDORTU INP1 INP2 INNR INDTNR INPATW INSERNUM DSSTATUS INSOLPRIO INSOLCOL"
    " VERSION OPMODE DATE TIME TIMEOFINF ALARM1 ALARM2 STATUS1 STATUS2 PREALARM DGDSTATUS DGDALERTSLL DGDALERTSLH"
    " DGDALERTHLH DISPCHG DISPNAME PATIDBADGE PATIDDRUG PATID PATW PATH PATAGE PATSEX BOLTYPE BOLRTSLLOW BOLRTSLHIGH"
    " BOLRTHLHIGH BOLVOLSLLOW BOLVOLSLHIGH BOLVOLHLHIGH BOLVOLLIMUT ACTCHAN RUNSTATE SLLOW SLHIGH HLHIGH RTLIMUT"
    " LASTDA DRUGCAT DLNAME DLCRETIME NURSEID DRUGORDERNO TCIMOD TCIMODEL TCIAWA TCIPLA TCIEFF TCITAR TCIUT PCAAD"
    " PCABR PCALOT PCABA PROGSTAT AUTOPROGSTATE LASTAUTOPROGERR CAREUNIT VOLREMAIN DORT DORTU BOVAL BORT BOCNT BASRT"
    " DRROUNDED"
)
NAMES = frozenset((*_DOCUMENTED.split(), *(f"INM{n}" for n in range(1, 15)), *(f"INA{n}" for n in range(1, 17))))
"""What the vendor's document names. A sum does not see bytes that changed places: a name in disorder is damage."""
_IN_ORDER = frozenset(map(_ordered, NAMES))
_NONE_IN_ORDER = frozenset(_ordered(none) for none in NO_VALUE if none)
