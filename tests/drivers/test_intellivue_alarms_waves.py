"""IntelliVue: alarms and waveforms."""

import re
from struct import pack

import pytest
from drivers.hand import only
from drivers.intellivue import blocks, decode, result, wave
from rows import each_row

from ketamon.domain.devices import Priority
from ketamon.domain.units import Unit
from ketamon.domain.waveforms import Signal
from ketamon.driver import DeviceAlarms
from ketamon_drivers.philips_intellivue import requests
from ketamon_drivers.philips_intellivue.alarms import ENTRY, INFO, PATIENT, TECHNICAL
from ketamon_drivers.philips_intellivue.pdus import listed, written

# alarms


def entry(source, code, kind, state=0, text=None):
    raw = b"" if text is None else text.encode("utf-16-be")
    info = INFO.pack(1, 0, 0, 0) + (b"" if text is None else pack(">H", len(raw)) + raw)
    return ENTRY.pack(source, code, kind, state, bytes(6), 513 if text is None else 516, len(info)) + info


def alerts(patient=(), technical=()):
    lists = []
    for attribute, entries in ((PATIENT, patient), (TECHNICAL, technical)):
        if entries is not None:
            lists.append((attribute, listed(list(entries))))
    return result(pack(">H", 1) + written(tuple(lists)), poll=requests.ALERTS)


ALARMS = [
    (entry(0x4BB8, 62, 0x0400, text="***SpO₂ LOW\0"), "4bb8:62", "***SpO₂ LOW", "high"),
    (entry(0x4BB8, 62, 0x0200), "4bb8:62", "SpO2 low", "medium"),
    (entry(0x4182, 40, 0x0100), "4182:40", "HR high", "low"),
    (entry(0x4BB8, 308, 0x0001, text="SpO₂ SENSOR OFF"), "4bb8:308", "SpO₂ SENSOR OFF", "low"),
    (entry(0x4A04, 232, 0x0004), "4a04:232", "NIBP cuff overpressure", "high"),
    (entry(0x0100, 274, 0x0002, 0x2008), "0100:274", "ECG leads off (latched)", "medium"),
    (entry(0x4BB8, 3246, 0x0400, 0x9000), "4bb8:3246", "SpO2 desaturation (inhibited, silenced)", "high"),
    (entry(0x9999, 7777, 0x0100), "9999:7777", "source 9999 alarm 7777", "low"),
    (entry(0x9999, 7777, 0x0040), "9999:7777", "source 9999 alarm 7777 (type 0040)", "high"),
    (entry(0x4BB8, 62, 0), "4bb8:62", "SpO2 low (type 0000)", "high"),
    (entry(0x4BB8, 62, 0x0500), "4bb8:62", "SpO2 low (type 0500)", "high"),
]


@each_row(("raw", "code", "text", "priority"), ALARMS)
@each_row("which", ["patient", "technical"])
def test_alarms(raw, code, text, priority, which):
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, decode(alerts(**{which: [raw]})))]
    assert (alarm.code, alarm.text, alarm.priority) == (code, text, Priority(priority))


def test_all_alarms_that_stand_are_told_and_none_when_they_end():
    outputs = decode(alerts([ALARMS[0][0]], [ALARMS[3][0], ALARMS[5][0]]), alerts())
    assert [len(output.alarms) for output in only(DeviceAlarms, outputs)] == [3, 0]


def test_no_alarm_is_told_only_where_both_lists_say_so():
    assert only(DeviceAlarms, decode(alerts(technical=None))) == []
    one = decode(alerts([ALARMS[0][0]], technical=None), alerts(None, [ALARMS[3][0]]), alerts(technical=None))
    assert [len(output.alarms) for output in only(DeviceAlarms, one)] == [1, 2, 1]


def damaged_lists():
    good = listed([ALARMS[0][0], ALARMS[3][0]])
    yield good[:-1], 2
    yield good + b"\0", 1
    yield pack(">HH", 3, len(good) - 4) + good[4:], 3
    yield pack(">HH", 1, len(good) - 4) + good[4:], 2
    yield b"\0", 1
    yield b"", 1


@each_row(("value", "count"), list(damaged_lists()))
def test_a_list_that_cannot_be_read_is_an_alarm(value, count):
    outputs = decode(result(pack(">H", 1) + written(((PATIENT, value),)), poll=requests.ALERTS))
    ((*_, last),) = [o.alarms for o in only(DeviceAlarms, outputs)]
    assert last.priority is Priority.HIGH
    assert re.match("patient alarms that cannot be read", last.text)
    assert len(only(DeviceAlarms, outputs)[0].alarms) <= count


PERIOD = (0x098D, pack(">I", 64))
SCALE = (0x096F, bytes.fromhex("00000000 00000064") + pack(">HH", 0, 1000))


def test_nothing_is_told_of_a_waveform_before_its_period_is_known():
    assert blocks(wave([1, 2])) == []
    first, second = blocks(wave([1, 2]), wave([3, 4], PERIOD), wave([5, 6]))
    assert (first.samples, second.samples, second.rate_hz) == ((3.0, 4.0), (5.0, 6.0), 125.0)
    assert (second.signal, second.unit) == (Signal.PLETH, None)


WAVES = [
    ([0, 500, 1000], (PERIOD, SCALE, (0x0996, b"\x0f\x20")), 0x50AC, (0.0, 50.0, 100.0), Unit.MMHG),
    ([0, 500], (PERIOD, SCALE, (0x0996, b"\x10\xb2")), 0x0102, (0.0, 50.0), Unit.MILLIVOLT),
    ([0, 500], (PERIOD, SCALE, (0x0996, b"\x10\xb3")), 0x0102, (0.0, 0.05), Unit.MILLIVOLT),
    ([0, 500], (PERIOD, SCALE, (0x0996, b"\x99\x99")), 0x5000, (0.0, 50.0), None),
    ([7, 8], (PERIOD, (0x096F, bytes.fromhex("007fffff 007fffff 0000 0fff"))), 0x4BB4, (7.0, 8.0), None),
    ([7, 8], (PERIOD, (0x096F, bytes.fromhex("00000000 00000064 0000 0000"))), 0x4BB4, (7.0, 8.0), None),
    ([0xC007, 8], (PERIOD, (0x096D, bytes.fromhex("0040 10 0e 3000"))), 0x4BB4, (7.0, 8.0), None),
    ([0xC007, 8], (PERIOD, (0x096D, bytes.fromhex("0040 10 0e 2000"))), 0x4BB4, (49159.0, 8.0), None),
    ([0x4007, 8], (PERIOD, (0x0A16, bytes.fromhex("0001 0004 0001 4000"))), 0x4BB4, (None, 8.0), None),
    ([0x4007, 8], (PERIOD, (0x0A16, bytes.fromhex("0001 0004 0002 4000"))), 0x4BB4, (16391.0, 8.0), None),
]


@each_row(("raw", "context", "physio", "samples", "unit"), WAVES)
def test_samples_mean_what_their_context_says(raw, context, physio, samples, unit):
    (block,) = blocks(wave(raw, *context, physio=physio))
    assert (block.samples, block.unit) == (samples, unit)


@pytest.mark.parametrize("head", ["4bb4 0000 0002", "4bb4 0000 0006", "4bb4 0000", "0300 0000 0004"])
def test_samples_that_lie_or_are_of_another_kind_are_left(head):
    value = (0x096E, bytes.fromhex(head) + bytes(4))
    assert blocks(result(pack(">H", 0x0402) + written((PERIOD, value)), poll=requests.WAVES)) == []


@pytest.mark.parametrize("state", [0x8000, 0x2000, 0xA000])
def test_an_invalid_waveform_has_no_samples(state):
    assert [block.samples for block in blocks(wave([1, 2], PERIOD, state=state))] == [(None, None)]


def test_samples_of_one_byte():
    form = (0x096D, bytes.fromhex("0020 08 08 0000"))
    assert [block.samples for block in blocks(wave([1, 255], PERIOD, form, form=">B"))] == [(1.0, 255.0)]


@pytest.mark.parametrize("form", ["0020 00 00 0000", "0020 0c 0c 0000", "0020 20 20 0000"])
def test_samples_of_a_size_that_is_not_known_are_left(form):
    assert blocks(wave([1, 2], PERIOD, (0x096D, bytes.fromhex(form)))) == []


@pytest.mark.parametrize("period", [b"", bytes(4)])
def test_a_period_of_nothing_is_none(period):
    assert blocks(wave([1, 2], (0x098D, period))) == []
