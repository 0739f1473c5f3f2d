"""Frames and segments of DIANET STAR: layouts, scales, bits, and every request that may be sent."""

from dataclasses import dataclass
from struct import Struct

from ketamon.domain.devices import Priority, PumpState
from ketamon.wire.checksums import crc16_dianet

FLAG, _ESCAPE, _MONITOR, _FLIP = 0x7E, 0x7D, 0x80, 0x20
_ESCAPED = (FLAG, _ESCAPE, _MONITOR)
ACK, NAK = 0x06, 0x15
LONGEST_BODY = 2 * (3 + 62 + 2)
"""HISTORY is the longest answer; each byte may be escaped."""

IDENT, STATUS, ACTUAL, TARGET = 1, 2, 3, 4
SEGMENTS = {IDENT: "IDENT", STATUS: "STATUS", ACTUAL: "ISTWERT", TARGET: "SOLLWERT", 5: "PROPOSAL", 6: "LIMITS",
            7: "DOSIS", 8: "HISTORY", 9: "RELOAD", 10: "PCAPROT"}  # fmt: skip
"""Every segment that only reads; the last six are recognised and not read."""
NO_ADDRESS = 0

ERRORS = {1: "CRC", 2: "frame", 3: "segment", 4: "somebody operates the pump", 5: "identity", 6: "range", 7: "length",
          8: "address", 9: "mode", 11: "clock", 12: "action", 13: "context"}  # fmt: skip
PROTOCOL = 0x000E
MODELS = {202: "Infusomat fmS", 203: "Infusomat fmP", 1019: "Perfusor fm", 1020: "Perfusor fm",
          1200: "Perfusor compact", 1201: "Perfusor compact S"}  # fmt: skip
SERIAL_BITS = 18

IDENTITY_LAYOUT = Struct(">IH10sI")
STATUS_LAYOUT = Struct(">BIIIIH")
ACTUAL_LAYOUT = Struct(">BI8H")
TARGET_LAYOUT = Struct(">IIHIHBH20s")
_REQUESTS = 0x0F


@dataclass(frozen=True, slots=True)
class Field:
    """A number of a segment in 1/`scale` of its unit, of `size` bytes; its `words` tell people of it."""

    size: int
    scale: int
    words: str
    most: float = 0xFFFFFFFF


ACTUAL_FIELDS = (
    Field(1, 1, "pressure {} % of its limit"),
    Field(4, 10, "{} mL infused", 99999),
    Field(2, 1, "infused for {} min"),
    Field(2, 1, "next interval bolus in {} min"),
    Field(2, 1, "battery for {} min"),
    Field(2, 1, "standby for {} min"),
    Field(2, 1, "syringe {} mL"),
    Field(2, 1, "a bolus every {} min"),
    Field(2, 10, "interval bolus {} mL"),
    Field(2, 10, "bolus so far {} mL"),
)
TARGET_FIELDS = (
    Field(4, 100, "rate {} mL/h", 2000),
    Field(4, 10, "volume {} mL", 99999),
    Field(2, 1, "time {} min"),
    Field(4, 100, "bolus rate {} mL/h", 2000),
    Field(2, 10, "bolus {} mL"),
    Field(1, 1, "pressure level {}", 9),
    Field(2, 1, "standby {} min"),
)
RATE = Field(4, 100, "", 2000)
INFUSED, VOLUME = 1, 1
"""Where the volume infused stands in ACTUAL, and the volume to be infused in TARGET."""

ALARMS = {
    0: ("syringe", Priority.HIGH),
    1: ("syringe nearly empty", Priority.LOW),
    2: ("syringe empty", Priority.HIGH),
    3: ("pressure: occlusion", Priority.HIGH),
    4: ("air in the line", Priority.HIGH),
    5: ("drop alarm", Priority.HIGH),
    6: ("battery empty", Priority.HIGH),
    7: ("battery nearly empty", Priority.MEDIUM),
    8: ("door open", Priority.HIGH),
    9: ("rate invalid", Priority.HIGH),
    10: ("reminder", Priority.LOW),
    11: ("standby is over", Priority.MEDIUM),
    12: ("volume given", Priority.MEDIUM),
    13: ("time is over", Priority.MEDIUM),
    14: ("communication error", Priority.MEDIUM),
    15: ("end of keep-vein-open", Priority.HIGH),
    16: ("key pressed", Priority.LOW),
    17: ("keeps vein open", Priority.MEDIUM),
    18: ("pressure below its limit", Priority.HIGH),
    19: ("PCA button", Priority.LOW),
    20: ("limit of hours reached (PCA)", Priority.MEDIUM),
}
ENDED = 1 << 12 | 1 << 13

STATES = (
    ((19, 20), PumpState.UNKNOWN),
    ((5,), PumpState.HELD),
    ((9, 10, 12), PumpState.INFUSING),
    ((13,), PumpState.KVO),
    ((7,), PumpState.INFUSING),
)
"""What state bits say the pump does; the first that is set counts. Fast moves of the drive (19, 20) are no infusion."""
NOT_AT_THE_RATE = sum(1 << bit for bit in (9, 10, 12, 19, 20))
READY = 1 << 6
_UNUSED_STATES = 1 << 30 | 1 << 31
UNSET = 0xFFFFFFFF


def frame(content: bytes) -> bytes:
    """Wrap address, segment and data: CRC, escapes, flags."""
    body = content + crc16_dianet(content).to_bytes(2, "big")
    escaped = b"".join(bytes([_ESCAPE, b ^ _FLIP]) if b in _ESCAPED else bytes([b]) for b in body)
    return b"%c%b%c" % (FLAG, escaped, FLAG)


def unframe(body: bytes) -> bytes | str:
    """Return the content of what stands between two flags, or why it is none."""
    plain, escapes = bytearray(), iter(body)
    for byte in escapes:
        if byte == _MONITOR:
            return "a byte that no frame contains"
        plain.append(next(escapes, 0) ^ _FLIP if byte == _ESCAPE else byte)
        if byte == _ESCAPE and plain[-1] not in _ESCAPED:
            return "an escape of nothing"
    content = bytes(plain[:-2])
    if len(content) < 2 or crc16_dianet(content) != int.from_bytes(plain[-2:], "big"):  # noqa: PLR2004 (address, segment)
        return "the CRC is wrong"
    return content


REQUESTS = {segment: frame(bytes([NO_ADDRESS, segment])) for segment in (IDENT, STATUS, ACTUAL, TARGET)}


def number(raw: int, form: Field) -> float | None:
    """Scale a number; None where it is unset."""
    return None if raw == (1 << 8 * form.size) - 1 else raw / form.scale


def words(fields: tuple[Field, ...], raw: tuple[int, ...]) -> list[str]:
    """Put the numbers of a segment into words, those without a value left out."""
    told = ((form, number(value, form)) for form, value in zip(fields, raw, strict=True))
    return [form.words.format(f"{value:g}") for form, value in told if value is not None]


_SIZES = {
    IDENT: IDENTITY_LAYOUT.size,
    STATUS: STATUS_LAYOUT.size,
    ACTUAL: ACTUAL_LAYOUT.size,
    TARGET: TARGET_LAYOUT.size,
}


def name_of(content: bytes) -> str:
    """What a frame is, "" where it is none that is known."""
    segment, answer, data = content[1], content[2:3], content[3:]
    name = SEGMENTS.get(segment, "")
    if not answer:
        return f"request {name}" if name else ""
    if answer[0] == NAK:
        return name if len(data) == 1 else ""
    known = answer[0] == ACK and len(data) == _SIZES.get(segment, len(data)) and _plausible(segment, data)
    return name if known else ""


def _plausible(segment: int, data: bytes) -> bool:
    """Bits that a pump never sets are a second look at a STATUS."""
    if segment != STATUS:
        return True
    request, _, bits, _, _, _ = STATUS_LAYOUT.unpack(data)
    return request <= _REQUESTS and (bits == UNSET or not bits & _UNUSED_STATES)
