"""Frames of the AP-4000, and where the fields of its status stand."""

import re
from dataclasses import dataclass

from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading

LONGEST_FRAME = 2048
END = b"\n"
_FRAME = re.compile(rb"(!([ -{}~]*)\|)([0-9A-F]{4})\r\n")
_SYSTEM = re.compile(r"[0-9A-Za-z-]{1,32}", re.ASCII)
STATUS_TEMPLATE = re.compile(rb"!STATREQ\^[0-9A-Za-z-]{1,32}\|[0-9A-F]{4}\r\n")

PROTOCOLS = {"0.1": 5, "v0.2": 7}
"""Fields of a CONNREQ answer, its name included, by version of the protocol."""
_PROTOCOL = re.compile(r"v?\d{1,2}\.\d{1,2}", re.ASCII)
_DATE = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d[.:]\d{3}", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{1,6})?", re.ASCII)
NO_VALUE = "-1"

DATE, TIME = 3, 4
ALARM_COUNT, FIRST_ALARM, ALARM_FIELDS, MOST_ALARMS = 12, 14, 4, 4
HEADS = {"1": 34, "2": 67}
"""Where the block of a head begins, with its serial number."""
SERIAL, DRUG, REMAINING = 0, 3, 24
STATUS_COUNTS = range(HEADS["2"] + 30, HEADS["2"] + 64)
"""Fields of a STATREQ answer: to the last one that is known, and not much more."""


@dataclass(frozen=True, slots=True)
class Number:
    """Where a number stands in a head's block, and the most that it can be (mL/h, mL)."""

    offset: int
    most: float


NUMBERS = {
    Parameter.RATE: Number(27, 2000),
    Parameter.VOLUME_INFUSED: Number(22, 10_000),
    Parameter.VTBI: Number(8, 10_000),
}


def frame(content: str) -> bytes:
    """Wrap a message: start, sum, end."""
    data = f"!{content}|".encode("ascii")
    return b"%b%04X\r\n" % (data, sum(data) & 0xFFFF)


CONNECT = frame("CONNREQ")


def ask_status(system: str) -> bytes:
    """Write the question for the status of a system."""
    return frame(f"STATREQ^{system}")


def unframe(raw: bytes) -> list[str] | None:
    """Return the fields of one whole frame, or None where it is none, its sum is wrong, or its layout is unknown."""
    match = _FRAME.fullmatch(raw)
    if not match or len(raw) > LONGEST_FRAME or sum(match[1]) & 0xFFFF != int(match[3], 16):
        return None
    fields = match[2].decode("ascii").split("^")
    return fields if _is_known(fields) else None


def _is_known(fields: list[str]) -> bool:
    match fields:
        case ["CONNREQ"]:
            return True
        case ["STATREQ", system]:
            return _SYSTEM.fullmatch(system) is not None
        case ["CONNREQ", protocol, system, *more]:
            form = _PROTOCOL.fullmatch(protocol) and _SYSTEM.fullmatch(system)
            known = PROTOCOLS.get(protocol)
            return bool(form) and (known is None or (len(fields) == known and _is_clock(*more[-2:])))
        case ["STATREQ", *_]:
            return len(fields) in STATUS_COUNTS and _is_clock(fields[DATE], fields[TIME])
        case _:
            return False


def _is_clock(date: str, time: str) -> bool:
    return bool(_DATE.fullmatch(date) and _TIME.fullmatch(time))


def number(parameter: Parameter, text: str, head: str) -> Reading:
    """Read a number of a head. Anything but a plain number within reason has no value."""
    match = _NUMBER.fullmatch(text)
    value = float(text.replace(",", ".")) if match else None
    quality = Quality.VALID
    if not text.strip() or text == NO_VALUE:
        quality = Quality.MISSING
    elif value is None or value > NUMBERS[parameter].most:
        value, quality = None, Quality.INVALID
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality, site=head)
