"""Records of the pump's log: what each type means, which are alarms, and which of them end others.

A record has sixteen bytes: type, time (four), kind (one or two), and what else there is to say of it. The time is the
pump's own and is not used. Priorities are ours; an unknown type or kind is an alarm of high priority.
"""

import struct
from dataclasses import dataclass, field
from enum import Enum

from ketamon.domain.devices import Priority

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
SIZE = 16
INFUSION_DATA, PAUSED, CASSETTE_EMPTY, SETTING = 0, 2, 3, 22
BEGIN, END = 1, 2


class Form(Enum):
    """How a record tells its kind."""

    NONE = 0
    BYTE = 1
    WORD = 2
    BITS = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of a record. Without a priority it is no alarm, and as a rule ends those that the type can end."""

    text: str
    priority: Priority | None = None
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Type:
    """One type of record: its words, its priority where it has no kinds, and the types whose alarms it ends."""

    text: str
    priority: Priority | None = None
    form: Form = Form.NONE
    kinds: dict[int, Kind] = field(default_factory=dict)
    ends: frozenset[int] = frozenset()


_STOPS = frozenset({3, 4, 9, 14, 21, 29})
_BATTERY = frozenset({13, 19, 24, 28, 30, 31})
_EVERYTHING = frozenset(range(-1, 256))

TYPES: dict[int, Type] = {
    INFUSION_DATA: Type("infusion data", None, Form.BYTE, {BEGIN: Kind("begin"), END: Kind("end")}),
    1: Type("infusion runs", ends=_STOPS),
    PAUSED: Type("infusion paused"),
    CASSETTE_EMPTY: Type("cassette empty, infusion complete", MEDIUM),
    4: Type("infusion limit", None, Form.WORD,
            {1: Kind("per hour", MEDIUM), 2: Kind("per interval", MEDIUM), 4: Kind("cleared")}, frozenset({4})),
    5: Type("code entered"),
    6: Type("dose granted", None, Form.BYTE, {1: Kind("automatic"), 2: Kind("extra"), 8: Kind("clinician's")}),
    7: Type("extra dose denied"),
    8: Type("dose cancelled"),
    9: Type("occlusion", None, Form.WORD,
            {1: Kind("upstream", HIGH), 2: Kind("downstream", HIGH), 4: Kind("cleared")}, frozenset({9})),
    10: Type("delay ended"),
    11: Type("pump limit reached", None, Form.WORD, {1: Kind("product life", HIGH), 2: Kind("service due", LOW)}),
    12: Type("shift total cleared"),
    13: Type("battery", None, Form.BITS,
             {0: Kind("no change", ends=False), 1: Kind("medium", ends=False), 2: Kind("low", MEDIUM),
              4: Kind("depleted", HIGH), 8: Kind("reset"),
              16: Kind("mains"), 32: Kind("high"), 64: Kind("new"), 128: Kind("over its limit", HIGH),
              256: Kind("empty", HIGH), 512: Kind("under its limit", HIGH)}, _BATTERY),
    14: Type("cassette detached", HIGH),
    15: Type("time stamp"),
    16: Type("power off", ends=_EVERYTHING),
    17: Type("firmware error", None, Form.WORD, {1: Kind("flash checksum", HIGH), 2: Kind("corrupted library", HIGH)}),
    18: Type("system error", None, Form.BITS,
             {0: Kind("of no kind", HIGH), 1: Kind("upstream pressure sensor", HIGH), 2: Kind("slow motor", HIGH),
              4: Kind("downstream pressure sensor", HIGH), 8: Kind("motor controller", HIGH),
              16: Kind("infused-volume limit", HIGH), 32: Kind("motor runs in the wrong state", HIGH),
              64: Kind("motor driver", HIGH), 128: Kind("timer", HIGH), 256: Kind("self-test", HIGH),
              512: Kind("fast motor", HIGH), 1024: Kind("upstream sensor failed", HIGH),
              2048: Kind("downstream sensor failed", HIGH), 4096: Kind("motor sensor failed", HIGH),
              8192: Kind("audio", HIGH), 16384: Kind("super capacitor", HIGH), 32768: Kind("watchdog", HIGH)}),
    19: Type("battery failure", None, Form.WORD, {1: Kind("overheated", HIGH), 2: Kind("empty", HIGH)}),
    20: Type("debug"),
    21: Type("unattended", MEDIUM),
    SETTING: Type("setting changed"),
    23: Type("dose finished", None, Form.WORD, {1: Kind("extra"), 2: Kind("starting")}),
    24: Type("power on", None, Form.WORD,
             {1: Kind("battery high"), 2: Kind("battery medium"), 3: Kind("battery low", MEDIUM),
              4: Kind("battery critical", HIGH), 5: Kind("on mains"), 6: Kind("battery new"),
              7: Kind("battery depleted", HIGH), 8: Kind("battery empty", HIGH)}, _EVERYTHING),
    25: Type("starting dose skipped"),
    26: Type("system error", None, Form.BITS,
             {0: Kind("of no kind", HIGH), 1: Kind("battery over its limit", HIGH),
              2: Kind("battery under its limit", HIGH), 4: Kind("protection processor", HIGH),
              8: Kind("backup audio", HIGH), 16: Kind("backup supply lost", HIGH),
              32: Kind("pressure sensor stuck", HIGH), 64: Kind("display", HIGH), 128: Kind("backup battery", HIGH),
              256: Kind("built-in self-test", HIGH), 512: Kind("motor rotates fast", HIGH)}),
    27: Type("hard limit of the pump reached", None, Form.WORD, {4: Kind("replace the pump", HIGH)}),
    28: Type("battery depleted", HIGH),
    29: Type("programming incomplete", MEDIUM),
    30: Type("battery low", MEDIUM),
    31: Type("battery check", None, Form.WORD,
             {1: Kind("empty at the self-test", HIGH), 2: Kind("depleted at the motor check", HIGH),
              3: Kind("empty at the motor check", HIGH)}),
}  # fmt: skip
SETTINGS = {0: "starting dose", 1: "rate", 2: "extra dose", 4: "VTBI", 6: "near end"}
"""Settings with a number of their own unit; others are told without their values."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record in words. `priority` is None where it is no alarm. It ends the alarms of the types in `ends`."""

    kind: int
    code: str
    text: str
    priority: Priority | None
    ends: frozenset[int]


def read(raw: bytes) -> Record:
    """Put a record into words."""
    number = raw[0]
    what = TYPES.get(number, Type("unknown record", HIGH))
    value, kinds = _kinds(what, raw)
    text = " ".join([what.text, ", ".join(kind.text for kind in kinds), _more(raw)]).strip()
    priorities = [kind.priority for kind in kinds] or [what.priority]
    priority = max((p for p in priorities if p is not None), key=lambda p: p.rank, default=None)
    code = f"{number}" if what.form is Form.NONE else f"{number}.{value:X}"
    good = priority is None and all(kind.ends for kind in kinds)
    ends = what.ends if good or what.ends == _EVERYTHING else frozenset[int]()
    return Record(number, code, " ".join(text.split()), priority, ends)


def is_data(raw: bytes, *which: int) -> bool:
    """Whether a record begins or ends the raw data of an infusion."""
    return raw[0] == INFUSION_DATA and raw[5] in which


def _kinds(what: Type, raw: bytes) -> tuple[int, list[Kind]]:
    """The number that tells the kind, and the kinds; what is not known is an alarm."""
    value = raw[5] if what.form is Form.BYTE else int.from_bytes(raw[5:7], "big")
    if what.form is Form.NONE:
        return 0, []
    parts = [1 << n for n in range(16) if value >> n & 1] if what.form is Form.BITS and value else [value]
    return value, [what.kinds.get(part, Kind(f"unknown kind {part:X}", HIGH)) for part in parts]


def _more(raw: bytes) -> str:
    """What else some records say: a volume, a changed setting."""
    before, after = struct.unpack(">2f", raw[7:15])
    if raw[0] == PAUSED and 0 <= before < 1e5:  # noqa: PLR2004 (mL; NaN and nonsense are not written)
        return f"after {before:.2f} mL"
    if raw[0] == SETTING and raw[6] in SETTINGS and abs(before) < 1e5 and abs(after) < 1e5:  # noqa: PLR2004 (as above)
        return f"{SETTINGS[raw[6]]} from {before:g} to {after:g}"
    return ""
