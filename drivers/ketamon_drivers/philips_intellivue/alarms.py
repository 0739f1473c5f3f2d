"""Alarms of the monitor: of the patient (0902) and of the equipment (0904), each a list of entries.

    entry   source(2) code(2) type(2) state(2) object(6) form(2) length(2) | instance(2) text(4) priority(2) flags(2)
            [length(2) text in UTF-16]      with a text where the form says so

The text is the monitor's own where it sends one. A type that is not known counts as high. A list that cannot be taken
apart is an alarm by itself: an alarm is never lost to a length that does not fit.
"""

from collections.abc import Iterator
from struct import Struct

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon_drivers.philips_intellivue.pdus import Attributes

PATIENT, TECHNICAL = 0x0902, 0x0904
_LISTS = {PATIENT: "patient", TECHNICAL: "technical"}
_COUNT, ENTRY, INFO, _TEXT_LENGTH = Struct(">HH"), Struct(">HHHH6sHH"), Struct(">HIHH"), Struct(">H")
WITH_TEXT = 516
PRIORITIES = {
    0x0400: Priority.HIGH,
    0x0200: Priority.MEDIUM,
    0x0100: Priority.LOW,
    0x0004: Priority.HIGH,
    0x0002: Priority.MEDIUM,
    0x0001: Priority.LOW,
}
"""By type: patient alarms, then technical ones."""
STATES = {
    0x8000: "inhibited",
    0x4000: "suspended",
    0x2000: "latched",
    0x1000: "silenced",
    0x0400: "test",
    0x0200: "standby",
    0x0100: "demo",
}
SOURCES = {
    0x0100: "ECG", 0x4182: "HR", 0x4261: "PVC", 0x4822: "pulse", 0x480A: "pulse", 0x4BB8: "SpO2", 0x4BB4: "pleth",
    0x4BB0: "perfusion", 0x4A04: "NIBP", 0x4A05: "NIBP sys", 0x4A06: "NIBP dia", 0x4A07: "NIBP mean", 0x500A: "RR",
    0x5000: "resp", 0x5012: "airway RR", 0x50AC: "CO2", 0x50B0: "etCO2", 0x50BA: "imCO2", 0x4B48: "temp",
}  # fmt: skip
CODES = {
    22: "disconnected", 40: "high", 62: "low", 70: "malfunction", 74: "noisy", 80: "obstructed",
    138: "calibration failed",
    230: "cuff not deflated", 232: "cuff overpressure", 242: "equipment malfunction", 250: "tube occluded",
    268: "lead disconnected", 274: "leads off", 308: "sensor disconnected", 310: "sensor malfunction",
    326: "tube disconnected", 354: "measurement error", 356: "measurement failed", 362: "measurement interrupted",
    364: "over range", 366: "under range", 380: "signal low", 384: "signal cannot be analysed", 3072: "apnoea",
    3076: "asystole", 3086: "extreme bradycardia", 3108: "pause", 3122: "extreme tachycardia",
    3158: "irregular heart rate", 3224: "ventricular tachycardia", 3246: "desaturation",
    61444: "ventricular fibrillation or tachycardia", 61766: "bradycardia", 61768: "tachycardia",
}  # fmt: skip
"""Words for codes that come without a text; any other is told by its number."""


class Alarms:
    """Both lists as they were said last."""

    def __init__(self) -> None:
        self._lists: dict[int, tuple[DeviceAlarm, ...]] = {}

    def said(self, attributes: Attributes) -> tuple[DeviceAlarm, ...] | None:
        """Give all alarms that stand, None where nothing is said of them. "None" takes both lists to say."""
        lists = {attribute: tuple(_alarms(attribute, value)) for attribute, value in attributes if attribute in _LISTS}
        self._lists |= lists
        alarms = self._lists.get(PATIENT, ()) + self._lists.get(TECHNICAL, ())
        return alarms if lists and (alarms or len(self._lists) == len(_LISTS)) else None


def _alarms(attribute: int, value: bytes) -> Iterator[DeviceAlarm]:
    count, length = _COUNT.unpack_from(value) if len(value) >= _COUNT.size else (1, -1)
    at, found = _COUNT.size, 0
    while len(value) == _COUNT.size + length and at + ENTRY.size <= len(value) and found < count:
        source, code, kind, state, _, form, size = ENTRY.unpack_from(value, at)
        info = value[at + ENTRY.size : at + ENTRY.size + size]
        if len(info) < size:
            break
        yield _alarm(source, code, kind, state, _text(form, info))
        found, at = found + 1, at + ENTRY.size + size
    if found != count or at != len(value):
        text = f"{_LISTS[attribute]} alarms that cannot be read ({count - found} of {count})"
        yield DeviceAlarm(code=value[at : at + ENTRY.size].hex(), text=text, priority=Priority.HIGH)


def _alarm(source: int, code: int, kind: int, state: int, text: str) -> DeviceAlarm:
    known = kind in PRIORITIES
    name, event = SOURCES.get(source, f"source {source:04x}"), CODES.get(code, f"alarm {code}")
    words = [word for bit, word in STATES.items() if state & bit] + ([] if known else [f"type {kind:04x}"])
    text = text or f"{name} {event}"
    return DeviceAlarm(
        code=f"{source:04x}:{code}",
        text=f"{text} ({', '.join(words)})" if words else text,
        priority=PRIORITIES.get(kind, Priority.HIGH),
    )


def _text(form: int, info: bytes) -> str:
    """Give the monitor's own words, "" where it sends none."""
    if form != WITH_TEXT or len(info) < INFO.size + _TEXT_LENGTH.size:
        return ""
    (length,) = _TEXT_LENGTH.unpack_from(info, INFO.size)
    raw = info[INFO.size + _TEXT_LENGTH.size :][:length]
    text = raw[: len(raw) // 2 * 2].decode("utf-16-be", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()
