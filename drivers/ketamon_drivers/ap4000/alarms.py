"""Every alarm of the AP-4000's table: its code, our words, and the table's priority."""

import re
from collections.abc import Iterator, Sequence

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon_drivers.ap4000.wire import ALARM_COUNT, ALARM_FIELDS, FIRST_ALARM, MOST_ALARMS, NO_VALUE

END_OF_INFUSION = "PA.08"
_SOFTWARE = {  # in a case (C) these stop more than in standby (S)
    "01": "internal data damaged",
    "02": "a system process does not answer",
    "21": "not enough memory",
    "22": "memory overflow",
    "23": "memory cannot be had",
    "24": "memory access violation",
    "99": "general software error",
}
_DEVICE_APPLICATION = _SOFTWARE | {
    "03": "device application damaged",
    "04": "wrong version of the device application",
    "05": "device application does not start",
    "06": "device application does not close",
    "11": "archive cannot be written",
    "12": "archive cannot be read",
    "99": "general error of the device application",
}

ALARMS: dict[str, tuple[str, Priority]] = {
    "BA.01": ("on battery", Priority.LOW),
    "BA.02": ("battery low", Priority.MEDIUM),
    "BA.03": ("battery empty", Priority.HIGH),
    "BE.01": ("battery pack failed", Priority.LOW),
    "BE.02": ("battery does not communicate", Priority.LOW),
    "BE.03": ("no battery backup", Priority.LOW),
    "PA.01": ("air in line", Priority.HIGH),
    "PA.02": ("downstream occlusion", Priority.HIGH),
    "PA.03": ("upstream occlusion", Priority.HIGH),
    "PA.04": ("motor stalled", Priority.HIGH),
    "PA.05": ("administration set not installed", Priority.LOW),
    "PA.06": ("cartridge of the set disengaged", Priority.HIGH),
    "PA.07": ("reservoir nearly empty", Priority.LOW),
    END_OF_INFUSION: ("end of infusion", Priority.HIGH),
    "PA.09": ("left without action", Priority.LOW),
    "PA.10": ("priming not complete", Priority.LOW),
    "PE.01": ("bolus error", Priority.HIGH),
    "PE.02": ("ambient temperature too high or low", Priority.HIGH),
    "PE.03": ("motor too hot", Priority.HIGH),
    "PE.04": ("takes too much power", Priority.HIGH),
    "PE.05": ("communication error", Priority.HIGH),
    "PE.06": ("internal error", Priority.HIGH),
    "PE.07": ("mechanical error", Priority.HIGH),
    "PE.08": ("motor speed error", Priority.HIGH),
    "PSE.01": ("communication with the pump failed", Priority.HIGH),
    "PSE.02": ("power-on self-test failed", Priority.HIGH),
    "PSE.03": ("wrong pump numbers", Priority.HIGH),
    "PSE.04": ("pump disconnected", Priority.HIGH),
    "PSE.05": ("pumps are missing", Priority.MEDIUM),
    "SE.03": ("main application damaged", Priority.MEDIUM),
    "SE.11": ("archive cannot be written", Priority.MEDIUM),
    "SE.12": ("archive cannot be read", Priority.MEDIUM),
    "SE.41": ("sound of alarms not verified", Priority.MEDIUM),
    **{f"SE.{n}C": (f"{text}, in a case", Priority.HIGH) for n, text in _SOFTWARE.items()},
    **{f"SE.{n}S": (f"{text}, in standby", Priority.MEDIUM) for n, text in _SOFTWARE.items()},
    **{f"DAE.{n}": (text, Priority.HIGH) for n, text in _DEVICE_APPLICATION.items()},
}
NOTICES = {
    "SN.01": "remote data access closed",
    "SN.02": "no network connection",
    "SN.03": "output port overwritten",
    "SN.04": "little disk space left",
    "SN.05": "not enough space on the USB storage",
    "SN.06": "no USB storage found",
    "SN.07": "several USB storages found",
    "SN.08": "writing to the USB storage failed",
    "SN.09": "wrong software upgrade",
    "SN.10": "no software upgrade found",
    "SN.11": "calibration of the touch screen failed",
}
_CODE = re.compile(r"[A-Z]+\.\d\d[CS]?|count \d+", re.ASCII)
"""Codes, of the table or not, and that there are more than the status has room for."""
_PRIORITIES = {
    "HIGH": Priority.HIGH, "HP": Priority.HIGH, "MEDIUM": Priority.MEDIUM, "MED": Priority.MEDIUM,
    "MP": Priority.MEDIUM, "LOW": Priority.LOW, "LP": Priority.LOW,
}  # fmt: skip


def groups(fields: Sequence[str]) -> Iterator[list[str]]:
    """Give the alarms of a status, each as code, device, priority and sound; the count says how many there are."""
    count = fields[ALARM_COUNT].strip()
    if count in ("0", NO_VALUE):
        return
    told = int(count) if count.isdecimal() else MOST_ALARMS + 1
    for n in range(min(told, MOST_ALARMS)):
        begin = FIRST_ALARM + n * ALARM_FIELDS
        yield [field.strip() for field in fields[begin : begin + ALARM_FIELDS]]
    if told > MOST_ALARMS:
        yield [f"count {count}", "", "", ""]


def sure_and_doubtful(found: Sequence[list[str]]) -> tuple[list[DeviceAlarm], list[DeviceAlarm]]:
    """Put alarms into words, apart those without a code, as two characters that change places make them.

    A priority that the pump itself tells counts where it is higher than the table's.
    """
    raised = [group for group in found if group[0] not in NOTICES]
    sure, doubtful = ([_alarm(*g) for g in raised if bool(_CODE.fullmatch(g[0])) is good] for good in (True, False))
    return sure, doubtful


def _alarm(code: str, device: str, priority: str, _sound: str) -> DeviceAlarm:
    text, known = ALARMS.get(code, ("unknown alarm", Priority.HIGH))
    told = _PRIORITIES.get(priority, known)
    where = f" ({device})" if device else ""
    return DeviceAlarm(
        code=f"{code} {device}".strip(), text=text + where, priority=max(known, told, key=lambda each: each.rank)
    )
