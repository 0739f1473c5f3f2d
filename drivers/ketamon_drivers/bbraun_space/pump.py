"""What the records of one pump mean: pure functions from names and values to status, numbers, alarms and words."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from ketamon.domain.devices import DeviceAlarm, Priority, PumpState, PumpStatus
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon_drivers.bbraun_space import tables as t

Said = Mapping[str, str]
"""The records of one pump: name to value as it was written."""

_NUMBER = re.compile(r"\d{1,5}(?:[.,]\d{1,3})?", re.ASCII)
_DECIMAL = re.compile(r"0+|[1-9]\d{0,9}", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]{1,8}", re.ASCII)
_NOT_IN_EVERY_PUMP = "INM14"
_ESCAPED = re.compile(r"(?:<[0-9A-F]{2}>)+")


def text(said: Said, name: str) -> str:
    """Return a value as text for people, "" where there is none; letters that cannot be shown become U+FFFD."""
    value = said.get(name, "").strip(" \r")
    if value in t.NO_VALUE:
        return ""
    value = _ESCAPED.sub(lambda run: bytes.fromhex(re.sub("[<>]", "", run[0])).decode("utf-8", "replace"), value)
    return "".join("\ufffd" if unicodedata.category(letter)[0] == "C" else letter for letter in value)


def reading(head: str, said: Said, parameter: Parameter) -> Reading:
    """Read a number of the pump. Anything but a plain number within its documented range has no value."""
    name, most = t.NUMBERS[parameter]
    raw = said.get(name, "").strip(" \r")
    value, quality = None, Quality.MISSING
    if raw not in t.NO_VALUE:
        value = float(raw.replace(",", ".")) if _NUMBER.fullmatch(raw) else None
        quality = Quality.VALID if value is not None and value <= most else Quality.INVALID
    if parameter is Parameter.TIME_REMAINING and value == t.NO_TIME:
        quality = Quality.MISSING
    if parameter is Parameter.RATE and any(_flag(said, name) for name in t.NOT_AT_THE_RATE):
        quality = Quality.INVALID
    good = quality is Quality.VALID
    return Reading(
        parameter=parameter,
        value=value if good else None,
        unit=PARAMETERS[parameter].unit,
        quality=quality,
        site=head,
    )


def status(head: str, said: Said) -> PumpStatus:
    """Put together what the pump does."""
    numbers = {str(parameter): reading(head, said, parameter).value for parameter in t.NUMBERS}
    silent = False if tells_alarms(said) else None
    return PumpStatus(
        state=state(said),
        alarm=True if any(alarms(head, said)) else silent,
        drug=text(said, "INSOL") or text(said, "INSOLSN"),
        serial=text(said, "INSERNUM"),
        head=head,
        **numbers,
    )


def tells_state(said: Said) -> bool:
    """Whether there are records that say what the pump does."""
    return "INM3" in said or "STATUS1" in said


def state(said: Said) -> PumpState:
    """What the pump does. Standing without its own word for it is "held", and "ready" before the first drop."""
    for name, meant in t.STATES.items():
        flag = _flag(said, name)
        if flag:
            return meant
        if flag is None and (name in said or name == "INM3") and name != _NOT_IN_EVERY_PUMP:
            return PumpState.UNKNOWN
    if any(said.get(name) == "1" for name in t.END_FLAGS) or _decimal(said.get("ALARM1", "")) & t.END_BITS:
        return PumpState.ENDED
    fresh = reading("", said, Parameter.VOLUME_INFUSED).value == 0
    return PumpState.READY if fresh and _flag(said, "INM1") else PumpState.HELD


def _flag(said: Said, name: str) -> bool | None:
    """A flag, from its own record or else from STATUS1; None where it is not told.

    It is not documented whether STATUS1 is written in decimal or in hexadecimal digits, so a bit is only told where
    every way to read it that is possible says the same.
    """
    if name in said:
        return {"0": False, "1": True}.get(said[name])
    if name not in t.FLAGS:
        return None
    mask = sum(1 << bit for bit in t.FLAGS[name])
    told = {bool(word & mask) for word in _words(said.get("STATUS1", ""))}
    return told.pop() if len(told) == 1 else None


def _words(value: str) -> list[int]:
    """Every number that STATUS1 can mean. Without a plain decimal one among them there is none."""
    if not _DECIMAL.fullmatch(value) or _decimal(value) & t.ALWAYS_0:
        return []
    others = [int(value, 16)] if _HEX.fullmatch(value) else []
    return [_decimal(value), *(word for word in others if not word & t.ALWAYS_0)]


def _decimal(value: str) -> int:
    return int(value) if _DECIMAL.fullmatch(value) else 0


def tells_alarms(said: Said) -> bool:
    """Whether every alarm that the pump could have would be in these records."""
    return said.keys() >= t.EVERY_ALARM or said.keys() >= {"ALARM1", "ALARM2"}


def alarms(head: str, said: Said) -> Iterator[DeviceAlarm]:
    """Give the alarms that stand; what nobody explained is raw and of high priority."""
    named = False
    for code, words, priority in _alarms(said):
        named = True
        yield DeviceAlarm(code=f"{head} {code}", text=f"pump {head}: {words}", priority=priority)
    run = _decimal(said.get("RUNSTATE", ""))
    for bit, (words, priority) in t.RUN_ALARM.items():
        if run >> bit & 1 and not named:
            yield DeviceAlarm(code=f"{head} RUNSTATE {bit}", text=f"pump {head}: {words}", priority=priority)


def _alarms(said: Said) -> Iterator[tuple[str, str, Priority]]:
    for name, value in said.items():
        if name in t.WORDS:
            yield from _word(name, value)
        elif name == "INM10" or (name.startswith("INA") and name[3:].isdigit()):
            yield from _single(name, value)
    if "INM10" not in said and "PREALARM" not in said and _flag(said, "INM10"):
        yield ("STATUS1 13", *t.ALARMS["INM10"])


def _single(name: str, value: str) -> Iterator[tuple[str, str, Priority]]:
    if value == "0" or value in t.NO_VALUE:
        return
    known = t.ALARMS.get(name) if value == "1" else None
    yield (name, *known) if known else (f"{name}={value}", f"unknown alarm {name}={value}", Priority.HIGH)


def _word(name: str, value: str) -> Iterator[tuple[str, str, Priority]]:
    """The bits of an alarm word. Its digits are taken as decimal; the raw value stands beside."""
    if value in t.NO_VALUE:
        return
    bits, table = _decimal(value) & ~1, t.WORDS[name]
    known = _DECIMAL.fullmatch(value) and not bits & ~sum(1 << bit for bit in table)
    if not known:
        yield f"{name}={value}", f"unknown alarm {name}={value}", Priority.HIGH
        return
    for bit, (words, priority) in table.items():
        if bits >> bit & 1:
            yield f"{name} {bit}", f"{words} ({name}={value})", priority


def settings(said: Said) -> list[str]:
    """What people set and what the pump is, in words."""
    model = text(said, "GNMODEL") or text(said, "GNNEW")
    found = [f"software {model}"] if model else []
    found += ["switched off"] if said.get(t.OFF[0]) == t.OFF[1] else []
    found += [words for (name, value), words in t.CIRCUMSTANCES.items() if _flag(said, name) is value]
    return found + list(_told(said, t.SETTINGS))


def moving(said: Said) -> list[str]:
    """What moves by itself and has no parameter of ours, in words."""
    return list(_told(said, t.MOVING))


def _told(said: Said, table: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """What has a value other than zero, in words and with its unit."""
    for name, words in table:
        value = text(said, name)
        unit = text(said, t.UNIT_OF.get(name, ""))
        if name == "OPMODE" and value:
            value = t.MODES.get(value, f"mode {value}")
        if value.strip("0.,"):
            yield words.format(f"{value} {t.UNITS.get(int(unit), 'unit ' + unit)}" if unit.isdecimal() else value)


def boluses(said: Said) -> str:
    """The boluses since the reply before, in words; "" where there was none."""
    count = text(said, "INBOCNT")
    return "" if count in ("", "0") else f"{count} bolus since the last reply, the last one {text(said, 'INBOVAL')} mL"
