r"""Draeger devices that speak MEDIBUS: the Capnosat (CO2 and SpO2), and what others report in the same codes.

The wire
    9600 8E1 (Capnosat), other devices otherwise. Text both ways, with a sum of 8 bits in two hex digits:

        1B 24 33 46 0D                                      "data?"
        01 24 'EB' ' 98 ' 'E1' ' 70 ' '7A' 0D               SpO2 98, pulse 70

    and in between, at any place, real-time records whose bytes all have bit 7 set (`medibus.wire` draws them).

Who asks and who answers
    Both may command, and each command must be answered, if only empty. The device calls (51) every 3 s until it is
    answered, then asks who we are (52). Three seconds without a byte end the connection, and both begin anew. Here:
    answers go out with the next tick; then identity, curves, and in turn data and alarms every half second, one
    question at a time. A command with a wrong sum is answered "not understood".

What is sent
    Answers, these questions, and the order of at most two curves with its enabling. No setting, no stop.

What can mislead
    A value that is not in a response does not exist. etCO2 comes in mmHg, kPa or percent: the first two are read, the
    last says nothing without the air pressure. C1 is the temperature of the gas, D6 a ventilator's rate: not read.
    Numbers under an alarm of their own sensor are questionable. Alarm texts are in the device's language, their codes
    are not; an unknown code is shown with its text and high priority. The printed protocol has three wrong sums.

What slips through
    A sum finds every single changed byte, but not two swapped ones, and of random damage one in 256 passes. The place
    of each digit is fixed, so most swaps do not fit; two digits that change places show by a number that jumps
    (`ketamon.wire.continuity.Vitals`), so a true jump comes one answer, a second, late. What passes is the first answer
    of all. Records have no sum at all: curves may show a wrong sample.

Source: Draeger RS 232 MEDIBUS Protocol Definition, revision 4.03, 90 28 258, 7th edition; MEDIBUS for Draeger
Intensive Care Devices 90 28 329, 11th edition, for the Capnosat and the Evita 4.
"""

import re

from ketamon.domain.devices import DeviceKind
from ketamon.domain.waveforms import Signal
from ketamon.driver import AllowList, DriverSpec, LineSettings, Parity, Variant
from ketamon.wire.scanning import Scanner
from ketamon_drivers.medibus.data import FIELDS
from ketamon_drivers.medibus.session import ENABLE, IDENTIFY, QUESTIONS, Medibus, answer
from ketamon_drivers.medibus.simulator import CapnosatSimulator
from ketamon_drivers.medibus.wire import LONGEST, NAK

_LINES = {
    "19200e": ("Evita 4, and others at 19200 8E1", LineSettings(baud=19200, parity=Parity.EVEN)),
    "19200n": ("Evita XL, V500, and others at 19200 8N1", LineSettings(baud=19200)),
    "38400n": ("V500, and others at 38400 8N1", LineSettings(baud=38400)),
}
_ORDERS = re.compile(rb"\x1bT(?:0[267](?!00)[0-9A-F]{2}){1,2}[0-9A-F]{2}\r")

SPEC = DriverSpec(
    id="medibus",
    vendor="Draeger",
    model="Capnosat; CO2 and SpO2 of other MEDIBUS devices",
    label="MEDIBUS",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=9600, parity=Parity.EVEN),
    parameters=tuple(FIELDS),
    signals=(Signal.CO2, Signal.PLETH),
    quiet_after_s=6.0,
    interval_s=1.0,
    max_buffer=Scanner.held(LONGEST),
    document="Draeger MEDIBUS Protocol Definition 90 28 258, 7th ed.; Intensive Care Devices 90 28 329, 11th ed.",
    make=Medibus,
    simulate=CapnosatSimulator,
    allow_list=AllowList(
        frozenset({*QUESTIONS.values(), *ENABLE.values(), *map(answer, (NAK, *range(0x20, 0x80)))}), (_ORDERS,)
    ),
    probe=(QUESTIONS[IDENTIFY],),
    variants=tuple(
        Variant(name=name, about=about, line=line, make=Medibus, simulate=CapnosatSimulator)
        for name, (about, line) in _LINES.items()
    ),
    alarms_decoded=True,
    note="set the interface to MEDIBUS, 9600 baud, even parity",
)
