"""Packets of a New Era pump: written, found, and read."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from ketamon.domain.parameters import Parameter
from ketamon.wire.checksums import crc16_xmodem

_STX, _ETX = 0x02, 0x03
START = bytes([_STX])
_OVERHEAD = 4
"""Safe mode: the length byte counts itself, two bytes of CRC, and ETX."""
_SHORTEST_DATA = 3
_DIGITS = range(0x30, 0x3A)
_PRINTABLE = range(0x20, 0x7F)
LONGEST = 0x30
"""No answer is longer. So the byte behind STX is a digit in basic mode, less than one in safe mode."""

ADDRESSES = range(4)
"""Where pumps are looked for."""
ONCE = "VER"
AGAIN = {"RAT": Parameter.RATE, "DIS": Parameter.VOLUME_INFUSED, "VOL": Parameter.VTBI}

LIMITS = dict.fromkeys(AGAIN.values(), 10_000.0)
"""mL/h and mL that no pump of the family exceeds."""
_RATE_UNITS = {"MH": Decimal(1), "MM": Decimal(60), "UH": Decimal("0.001"), "UM": Decimal("0.06")}
_VOLUME_UNITS = {"ML": Decimal(1), "UL": Decimal("0.001")}

_FLOAT = r"\d{0,4}(?:\.\d{0,3})?"
_ANSWER = re.compile(
    rf"(?P<address>\d\d)(?:A\?(?P<alarm>[A-Z])|(?P<status>[IWSPTUX])(?:"
    rf"I(?P<infused>{_FLOAT})W(?P<withdrawn>{_FLOAT})(?P<volume_unit>[A-Z]{{2}})|(?P<number>{_FLOAT})(?P<unit>[A-Z]{{2}})"
    r"|(?P<version>[A-Z]{2}\d{2,5}(?:X\d?)?V\d{1,2}\.\d{1,4})|(?P<error>\?(?:NA|OOR|COM|IGN)?))?)",
    re.ASCII,
)
_DIGITS_OF_A_NUMBER = range(1, 5)


class Form(StrEnum):
    """The two modes of communication; a packet is named after its own."""

    BASIC = "basic"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one packet says.

    Of `parameter` (None where its unit is unknown) it says `value` in mL or mL/h, None where that cannot be; `written`
    is how it stands there, `step` its last digit.
    """

    address: int
    alarm: str = ""
    status: str = ""
    written: str = ""
    parameter: Parameter | None = None
    value: float | None = None
    step: float = 0.0
    version: str = ""
    error: str = ""


def written(form: Form, data: str) -> bytes:
    """Write a packet of the host; in safe mode the pump's packets are the same."""
    raw = data.encode("ascii")
    if form is Form.BASIC:
        return raw + b"\r"
    return bytes([_STX, len(raw) + _OVERHEAD]) + raw + crc16_xmodem(raw).to_bytes(2, "big") + bytes([_ETX])


def reply(form: Form, data: str) -> bytes:
    """Write a packet of the pump."""
    return written(form, data) if form is Form.SAFE else bytes([_STX]) + data.encode("ascii") + bytes([_ETX])


def _question(address: int, verb: str) -> str:
    """The pump with address 0 needs none."""
    return f"{address:02}{verb}" if address else verb


REQUESTS = {
    form: {(a, verb): written(form, _question(a, verb)) for a in ADDRESSES for verb in (ONCE, *AGAIN)} for form in Form
}


def size(ahead: bytes) -> int | None:
    """Tell how long the pump's packet is that begins here, for `Sized`."""
    if len(ahead) == 1:
        return None
    if ahead[1] not in _DIGITS:
        return ahead[1] + 1 if ahead[1] >= _SHORTEST_DATA + _OVERHEAD else 0
    end = ahead.find(_ETX)
    printable = all(byte in _PRINTABLE for byte in (ahead[1:end] if end >= 0 else ahead[1:]))
    return (end + 1 if end >= 0 else None) if printable else 0


def form_of(raw: bytes) -> Form:
    """Tell the mode of a whole packet of the pump."""
    return Form.BASIC if raw[1] in _DIGITS else Form.SAFE


def unframe(raw: bytes) -> bytes | str:
    """Return the data of a whole packet of the pump, or why there are none."""
    data = raw[1:-1]
    if form_of(raw) is Form.SAFE:
        data, crc = raw[2:-3], int.from_bytes(raw[-3:-1], "big")
        if raw[-1] != _ETX or crc16_xmodem(data) != crc:
            return "the CRC or the end is wrong"
    return data if parse(data) else "no answer of a pump that is asked"


@lru_cache(maxsize=64)  # a packet is read where it is cut and where it is told, and mostly says what it said before
def parse(data: bytes) -> Answer | None:
    """Read the data of one packet; None where they are no answer."""
    match = _ANSWER.fullmatch(data.decode("latin-1"))
    return _answer(match) if match and int(match["address"]) in ADDRESSES else None


def _answer(match: re.Match[str]) -> Answer | None:
    fields = {name: text or "" for name, text in match.groupdict().items()}
    of_dispensed = match["infused"] is not None
    number, unit = fields["infused"] or fields["number"], fields["volume_unit"] or fields["unit"]
    numbers = [fields["infused"], fields["withdrawn"]] if of_dispensed else [number] if unit else []
    if any(sum(map(str.isdigit, text)) not in _DIGITS_OF_A_NUMBER for text in numbers):
        return None
    parameter, value, step = _amount(number, unit, of_dispensed=of_dispensed) if numbers else (None, None, 0.0)
    return Answer(
        address=int(fields["address"]),
        alarm=fields["alarm"],
        status=fields["status"],
        written=number + unit,
        parameter=parameter,
        value=value,
        step=step,
        version=fields["version"],
        error=fields["error"],
    )


def _amount(number: str, unit: str, *, of_dispensed: bool) -> tuple[Parameter | None, float | None, float]:
    """Convert a number exactly, in the unit that stands beside it: which parameter, its value, its last digit."""
    factors = _VOLUME_UNITS if of_dispensed or unit in _VOLUME_UNITS else _RATE_UNITS
    parameter = Parameter.RATE if factors is _RATE_UNITS else Parameter.VTBI
    if of_dispensed:
        parameter = Parameter.VOLUME_INFUSED
    factor = factors.get(unit)
    if factor is None:
        return (parameter if of_dispensed else None), None, 0.0
    value = float(Decimal(number) * factor)
    step = float(factor.scaleb(-len(number.partition(".")[2])))
    return parameter, value if value <= LIMITS[parameter] else None, step
