"""B. Braun Space: alarms, and what is told in words."""

import pytest
from drivers.bbraun import ON, RUNNING, decode, notices, part, status, word
from drivers.hand import only
from rows import each_row

from ketamon.domain.devices import Priority
from ketamon.driver import DeviceAlarms, PumpTelemetry
from ketamon_drivers.bbraun_space.tables import ALARMS, EVERY_ALARM, UNITS, WORDS


def alarms(**changes):
    return only(DeviceAlarms, decode(part(("13", RUNNING | changes))))[-1].alarms


# alarms


@each_row("name", ALARMS)
def test_each_alarm_has_its_words_and_its_pump(name):
    found = alarms(**{name: "1"})
    words, priority = ALARMS[name]
    assert [(a.code, a.text, a.priority) for a in found] == [(f"13 {name}", f"pump 13: {words}", priority)]
    assert status(**{name: "1"}).alarm is True


WORD_BITS = [(name, bit) for name, table in WORDS.items() for bit in table]


@each_row(("name", "bit"), WORD_BITS)
def test_each_bit_of_an_alarm_word(name, bit):
    (alarm,) = alarms(**{name: str(1 << bit)})
    words, priority = WORDS[name][bit]
    assert (alarm.code, alarm.priority) == (f"13 {name} {bit}", priority)
    assert alarm.text == f"pump 13: {words} ({name}={1 << bit})"


def test_keep_vein_open_in_the_status_word_is_an_alarm_too():
    said = {name: value for name, value in RUNNING.items() if not name.startswith("INM")}
    outputs = decode(part(("13", said | {"STATUS1": word(*ON, 7, 13)})))
    assert [(a.code, a.text) for a in only(DeviceAlarms, outputs)[0].alarms] == [
        ("13 STATUS1 13", "pump 13: keeps vein open")
    ]
    told = decode(part(("13", said | {"STATUS1": word(*ON, 7, 13), "PREALARM": word(5)})))
    assert [a.code for a in only(DeviceAlarms, told)[0].alarms] == ["13 PREALARM 5"]


def test_several_bits_are_several_alarms():
    assert [a.code for a in alarms(ALARM1=word(10, 28), INA1="1")] == ["13 INA1", "13 ALARM1 10", "13 ALARM1 28"]


@pytest.mark.parametrize("value", ["0", "1", "00000000", "_NV", "_NA"])
def test_an_alarm_word_without_alarms(value):
    assert alarms(ALARM1=value) == ()


@each_row(
    ("changes", "code"),
    [
        ({"INA3": "2"}, "INA3=2"), ({"INA10": "1"}, "INA10=1"), ({"INA17": "1"}, "INA17=1"),
        ({"ALARM1": str(1 << 21)}, f"ALARM1={1 << 21}"), ({"ALARM2": str(1 << 8)}, "ALARM2=256"),
        ({"ALARM1": "0x00000400"}, "ALARM1=0x00000400"), ({"PREALARM": "0000000A"}, "PREALARM=0000000A"),
        ({"ALARM1": "00000010"}, "ALARM1=00000010"), ({"RUNSTATE": "6"}, "RUNSTATE 2"),
    ],
)  # fmt: skip
def test_an_unknown_alarm_is_raw_and_high(changes, code):
    (alarm,) = alarms(**changes)
    assert (alarm.code, alarm.priority) == (f"13 {code}", Priority.HIGH)
    assert status(**changes).alarm is True


@pytest.mark.parametrize("names", [("INA17", "INM15"), ("INAX", "INRTX")])
def test_names_of_a_later_edition_are_no_damage(names):
    assert only(PumpTelemetry, decode(part(("13", RUNNING | dict.fromkeys(names, "0")))))


def test_the_run_state_adds_nothing_to_a_cause_that_is_named():
    assert [a.code for a in alarms(RUNSTATE="6", INA3="1")] == ["13 INA3"]
    assert alarms(RUNSTATE="2") == ()


@each_row("missing", sorted(EVERY_ALARM))
def test_alarms_that_do_not_all_come_are_told(missing):
    said = {name: value for name, value in RUNNING.items() if name != missing}
    outputs = decode(part(("13", said)))
    (alarm,) = only(DeviceAlarms, outputs)[0].alarms
    assert alarm.text == "pump 13: not all of its alarms come here, listen to the pump"
    assert only(PumpTelemetry, outputs)[0].status.alarm is None


def test_the_alarm_words_stand_for_all_alarms():
    said = {name: value for name, value in RUNNING.items() if name not in EVERY_ALARM}
    outputs = decode(part(("13", said | {"ALARM1": "0", "ALARM2": "0"})))
    assert only(DeviceAlarms, outputs)[0].alarms == ()


def test_an_alarm_without_a_value_just_now_stands_as_it_stood():
    wires = [
        part(("13", RUNNING | {"INA3": value}), second=n) for n, value in enumerate(("1", "_NA", "_NV", "0", "_NV"))
    ]
    assert [len(o.alarms) for o in only(DeviceAlarms, decode(*wires))] == [1, 1, 1, 0, 0]


# words


@each_row(
    ("changes", "words"),
    [
        ({"INDOCAL": "1", "INDORT": "0.5", "INDORTU": "69", "INDCON": "2", "INDCONU": "31"},
         "dose mode, concentration 2 mg/mL, dose rate 0.5 mg/kg/h"),
        ({"INDORT": "3", "INDORTU": "200"}, "dose rate 3 unit 200"),
        ({"INM8": "0"}, "on battery"),
        ({"INM12": "1", "INM13": "1"}, "below the soft limit, above the soft limit"),
        ({"OPMODE": "5", "TCITAR": "0.20", "TCIUT": "32"}, "TCI infusion, target 0.20 µg/mL"),
        ({"OPMODE": "9"}, "mode 9 infusion"),
        ({"INM6": "1", "INSTBY": "1434", "INAKKU": "240"}, "standby, battery for 240 min, standby for 1434 min"),
        ({"GNMODEL": "688F030006\r"}, "software 688F030006"),
    ],
)  # fmt: skip
def test_what_has_no_parameter_is_told_in_words(changes, words):
    outputs = decode(part(("13", RUNNING)), part(("13", RUNNING | changes)))
    assert notices(outputs) == [f"pump 13: {words}"]


def test_words_come_again_only_when_people_changed_something():
    wires = [
        part(("13", RUNNING | {"INSYR": size, "INVOLACT": left}))
        for size, left in (("50", "47.64"), ("50", "47.60"), ("20", "19.0"), ("20", "18.0"))
    ]
    assert notices(decode(*wires)) == [
        "pump 13: syringe 50 mL, 47.64 mL in the syringe",
        "pump 13: syringe 20 mL, 19.0 mL in the syringe",
    ]


def test_each_bolus_is_told():
    wires = [part(("13", RUNNING | {"INBOCNT": n, "INBOVAL": "0.50"})) for n in ("0", "1", "1", "_NV")]
    assert notices(decode(*wires)) == ["pump 13: 1 bolus since the last reply, the last one 0.50 mL"] * 2


def test_people_are_never_named():
    said = {"PATID": "Smith", "PATIDBADGE": "Smith", "PATIDDRUG": "Smith", "NURSEID": "Smith", "DRUGORDERNO": "Smith"}
    assert "Smith" not in str(decode(part(("13", RUNNING | said)))[1:])


def test_units():
    assert [UNITS[code] for code in (1, 2, 22, 29, 31, 32, 39, 43)] == [
        "mL/h", "mL", "kg", "IU", "mg/mL", "µg/mL", "µg/kg", "IU/kg",
    ]  # fmt: skip
    assert [UNITS[code] for code in (44, 48, 52, 64, 67, 69, 72, 85)] == [
        "ng/min", "mg/h", "µg/d", "IU/d", "ng/kg/d", "mg/kg/h", "µg/kg/h", "IU/kg/d",
    ]  # fmt: skip
