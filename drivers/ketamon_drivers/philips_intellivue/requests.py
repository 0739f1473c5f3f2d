"""All that is ever sent: an association, polls that only read, keep-alive, and the end of it.

Nothing here sets, configures or starts anything, and nothing asks for the patient's name: no poll of the patient
demographics (class 002A, group 0807), no set, no confirmed set, no other action than the two polls.
"""

import re
from dataclasses import dataclass
from struct import Struct

from ketamon.driver import AllowList
from ketamon_drivers.philips_intellivue import wires
from ketamon_drivers.philips_intellivue.pdus import (
    CONFIRMED_EVENT,
    DATA,
    EXTENDED,
    INVOKE,
    MDS,
    MDS_CREATE,
    RESULT,
    SINGLE,
    TICKS_PER_SECOND,
    action,
    message,
    written,
)

PERIOD_S = 30
"""How long a monitor goes on to answer one extended poll."""
_TIME_PD_POLL = 0xF13E
_OBJECTS, _POLL = 1, Struct(">HHHH")

ASSOCIATE = bytes.fromhex(
    "0dff0128"
    "0508130100160102800014020002c1ff0116"
    "3180a0808001010000a280a003000001a480"  # the presentation layer's greeting, the same in every client
    "30800201010604520100013080060251010000000030800201020"
    "60c2a8648ce14020100000001013080060c2a8648ce1402010000"
    "00020100000000000061803080020101a0806080a180060c2a864"
    "8ce14020100000003010000be802880060c2a8648ce1402010000"
    "000101020102818200"
    "80"  # 128 bytes follow
    "80000000400000000000000080000000"  # protocol and nomenclature version, functional units, client
    "2000000000000000"  # cold start, no options
    "00020064"  # two profiles:
    "000100288000000000000fa0000005b0000005b0ffffffff60000000"  # polls, 500 ms at the least, 1456 bytes
    "0001000cf00100088e00000000000000"  # numerics each second, waves, enumerations, priority lists
    "0102003400060030"  # and how many objects of each class
    "000100210000000100010006000000c9000100090000003c"
    "00010005000000100001002a000000010001003600000001"
    "00000000000000000000000000000000"
)
RELEASE = bytes.fromhex("0918c11661803080020101a08062808001000000000000000000")
ABORT = bytes.fromhex(
    "192e110103c129a080a0803080020101060251010000000061803080020101a080648080010100000000000000000000"
)


@dataclass(frozen=True, slots=True)
class Poll:
    """What can be asked for: the class of the objects, the group of their attributes (0 is all), and its numbers."""

    name: str
    invoke: int
    number: int
    kind: int
    group: int

    @property
    def single(self) -> bytes:
        """The request for one result."""
        return action(INVOKE, self.invoke, SINGLE, _POLL.pack(self.number, _OBJECTS, self.kind, self.group))

    @property
    def extended(self) -> bytes:
        """The request for a result each second (waves: each 256 ms), for `PERIOD_S`."""
        period = written(((_TIME_PD_POLL, Struct(">I").pack(PERIOD_S * TICKS_PER_SECOND)),))
        body = _POLL.pack(self.number, _OBJECTS, self.kind, self.group) + period
        return action(INVOKE, self.invoke, EXTENDED, body)


NUMERICS = Poll("numerics", 1, 1, 0x0006, 0)
WAVES = Poll("waves", 4, 3, 0x0009, 0)
ALERTS = Poll("alerts", 5, 4, 0x0036, 0x0801)
POLLS = (NUMERICS, ALERTS, WAVES)
KEEP_ALIVE = Poll("keep-alive", 8, 7, 0x0036, 0x0811)
"""Asked once in a while, so that the monitor does not take the host for gone; its answer is short."""
NAMES = {poll.number: poll.name for poll in (*POLLS, KEEP_ALIVE)}


def confirmation(invoke: int, origin: bytes) -> bytes:
    """Answer the event by which the monitor presents itself: its own numbers back, and nothing more."""
    return message(RESULT, invoke, CONFIRMED_EVENT, origin + Struct(">HH").pack(MDS_CREATE, 0))


EXACT = (
    ASSOCIATE,
    RELEASE,
    ABORT,
    KEEP_ALIVE.single,
    *(poll.extended for poll in POLLS),
    NUMERICS.single,
    ALERTS.single,
)

# The confirmation holds what the monitor chose: invoke id (2) and time (4). On the serial line the CRC (2) follows.
_CHOSEN = rb"(?:[^\x7d\xc0\xc1]|\x7d[\xe0\xe1\x5d])"
_BEFORE = DATA + Struct(">HH").pack(RESULT, 20)
_BETWEEN = Struct(">HH").pack(CONFIRMED_EVENT, 14) + Struct(">HHH").pack(MDS, 0, 0)
_BEHIND = Struct(">HH").pack(MDS_CREATE, 0)


def _template(chosen: bytes, before: bytes, behind: bytes) -> re.Pattern[bytes]:
    parts = (before, re.escape(_BEFORE), chosen + b"{2}", re.escape(_BETWEEN), chosen + b"{4}", re.escape(_BEHIND))
    return re.compile(b"".join((*parts, behind)), re.DOTALL)


_HEADER = re.escape(b"\xc0\x11\x01" + Struct(">H").pack(len(confirmation(0, bytes(10)))))
ALLOW_LIST = AllowList(
    frozenset((*EXACT, *map(wires.frame, EXACT))),
    (_template(rb".", b"", b""), _template(_CHOSEN, _HEADER, _CHOSEN + rb"{2}\xc1")),
)
