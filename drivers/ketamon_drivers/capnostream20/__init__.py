r"""Capnostream 20 and 20p (Oridion, Medtronic): CO2, respiration and pulse oximetry of a bedside capnograph.

The wire
    9600 to 115200 8N1; the monitor leaves the factory with automatic detection. Both directions look the same:

        85 | length | code | data | checksum         length counts code and data, checksum = XOR of all but the 85

    After the 85 every 85 is sent as 80 05 and every 80 as 80 00, which count as one byte; so an 85 always begins a
    frame. Code 0 is a CO2 sample, 20 times a second; code 1 the numbers with alarms, limits and units, once a second.

What is sent (`frames`)
    Enable, once a second until the monitor says who it is (that is how it finds the speed), then start, once a second
    until numbers come, then "link is active" every 5 s. The monitor takes one command at a time and answers within a
    second, so no two are closer. Nothing that sets, silences or stops anything is in the allow-list.

What can be garbled (`numbers`)
    An XOR misses every swap, and one other damage in 256. So every message must also have the length of its code, and
    in the numbers no high limit may be below the low one. Numbers are believed only where they follow from a message
    before: the same limits, unit and reserved bits, a clock that goes on, no jump. A real change is told twice, so it
    costs a second, in which there is no value; alarms wait for it too. What can still slip through is a change as small
    as a real one, or an alarm, for one second; and a sample.

What can mislead
    The monitor sends CO2 in the unit it shows: mmHg, or tenths of kPa or of volume percent. Percent is no pressure
    without the ambient pressure, which is not sent: then CO2 has no value. The numbers do not say what disturbs the
    CO2 measurement, the status of the samples does: what stands in the last two of them decides what CO2 and
    respiration are worth. One software version was seen to send a message shifted by a byte: its limits contradict
    each other.

Source: Oridion, Capnostream Data Transfer Protocols D006045C (2007); "link is active", "battery low" and the shifted
message from OpenICE, whose driver and that of bensondaled/fus_anes agree with the document.
"""

from ketamon.domain.devices import DeviceKind
from ketamon.domain.waveforms import Signal
from ketamon.driver import AllowList, DriverSpec, LineSettings, Variant
from ketamon.wire.sized import Sized
from ketamon_drivers.capnostream20.driver import Capnostream20
from ketamon_drivers.capnostream20.frames import ENABLE, LINK_ACTIVE, LONGEST_FRAME, START
from ketamon_drivers.capnostream20.numbers import FIELDS
from ketamon_drivers.capnostream20.simulator import CapnostreamSimulator


def _at(baud: int) -> LineSettings:
    return LineSettings(baud=baud)


SPEC = DriverSpec(
    id="capnostream20",
    vendor="Oridion / Medtronic",
    model="Capnostream 20, 20p",
    label="Capno",
    kind=DeviceKind.MONITOR,
    line=_at(115200),
    parameters=tuple(field.parameter for field in FIELDS),
    quiet_after_s=3.0,
    interval_s=1.0,
    max_buffer=Sized.held(LONGEST_FRAME),
    document="Oridion, Capnostream Data Transfer Protocols D006045C (2007)",
    make=Capnostream20,
    simulate=CapnostreamSimulator,
    signals=(Signal.CO2,),
    allow_list=AllowList(frozenset({ENABLE, START, LINK_ACTIVE})),
    probe=(ENABLE,),
    variants=tuple(
        Variant(
            name=str(baud),
            about=f"a monitor that is set to {baud} baud",
            line=_at(baud),
            make=Capnostream20,
            simulate=CapnostreamSimulator,
        )
        for baud in (9600, 19200, 57600)
    ),
    alarms_decoded=True,
    note="leave the monitor's speed at automatic, and its CO2 unit at mmHg or kPa",
)
