"""Alarms: main type 4, one subrecord of type 1. CARESCAPE monitors send it when asked, no other does.

    s16, sound on s16, s16, s16, silence s16, then 5 times an alarm of 98 bytes, then 5 reserved s16: 510 bytes
    alarm = text of 80 bytes, text changed s16, colour s16, colour changed s16, 6 reserved s16

The layout follows from the specification (boolean is 16 bits) but for its two enumerations, whose size it does not
give: 16 bits, as in all its other structures, and as a program in use with a B650 reads them; other programs differ.
No recording of an alarm was found. A subrecord of another size is therefore not read, and that is said. Texts are in
the monitor's language, so nothing is concluded from them; their encoding is not documented, they are read as Latin-1.
A colour that is not in the table is of high priority, with its number.

Source: GE Healthcare, Record Specification 8005313, 12th edition.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon_drivers.ge_dri.record import Subrecord

STATUS = 1
PLACES = 5
_HEAD = Struct("<2xh4xh")
_ALARM = Struct("<80s2xh14x")
_TAIL = 10
SIZE = _HEAD.size + PLACES * _ALARM.size + _TAIL

NO_ALARM = 0
PRIORITIES = {1: Priority.LOW, 2: Priority.MEDIUM, 3: Priority.HIGH}  # white, yellow, red
SILENCED = {
    0: "",
    1: "apnea alarms silenced at the monitor",
    2: "asystole alarms silenced at the monitor",
    3: "apnea and asystole alarms silenced at the monitor",
    4: "all alarms silenced at the monitor",
    5: "all alarms silenced at the monitor for 2 minutes",
    6: "all alarms silenced at the monitor for 5 minutes",
    7: "all alarms silenced at the monitor for 20 seconds",
}


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """The alarms that stand, the worst first, and what people did to their sound ("" where nothing)."""

    alarms: tuple[DeviceAlarm, ...]
    sound: str


def read(record: bytes, subrecord: Subrecord) -> AlarmStatus | None:
    """Read an alarm status; None where it is of another size."""
    if subrecord.end - subrecord.start != SIZE:
        return None
    sound_on, silence = _HEAD.unpack_from(record, subrecord.start)
    said = [SILENCED.get(silence, f"alarms silenced at the monitor in an unknown way ({silence})")]
    said += [] if sound_on else ["alarm sound off at the monitor"]
    return AlarmStatus(tuple(_alarms(record, subrecord.start + _HEAD.size)), ", ".join(filter(None, said)))


def _alarms(record: bytes, start: int) -> Iterator[DeviceAlarm]:
    """Give what stands in the five places; its text is all there is to know an alarm by."""
    for place in range(PLACES):
        raw, colour = _ALARM.unpack_from(record, start + place * _ALARM.size)
        if colour == NO_ALARM:
            continue
        text = "".join(c if c.isprintable() else " " for c in raw.split(b"\0")[0].decode("latin-1")).strip()
        text = text or "an alarm without a text"
        if colour not in PRIORITIES:
            text = f"{text} (colour {colour})"
        yield DeviceAlarm(code=text, text=text, priority=PRIORITIES.get(colour, Priority.HIGH))


def pack(alarms: tuple[tuple[str, int], ...], *, sound_on: bool = True, silence: int = 0) -> bytes:
    """Write an alarm status of these texts and colours."""
    places = [*alarms, *[("", NO_ALARM)] * PLACES][:PLACES]
    listed = b"".join(_ALARM.pack(text.encode("latin-1"), colour) for text, colour in places)
    return _HEAD.pack(sound_on, silence) + listed + bytes(_TAIL)
