"""Philips IntelliVue monitors (MP and MX series), "Data Export": over the MIB/RS232 port, or UDP port 24105.

The wire
    RS-232 at 115200 8N1 with frames and a CRC, or bare messages (PDUs) as UDP datagrams; `wires` draws both, `pdus`
    the messages. The host asks for an association, the monitor presents itself and wants that confirmed, then polls
    are answered each second (waves each 256 ms):

        host     release, associate            confirm   poll numerics, alerts, waves     keep-alive …
        monitor              accept, mds create          result, result, result …

    One result comes in several messages (parts), and an empty one at their end. Each part is used as it comes; where
    the last does not come, that is told, and what came stands.

What is sent
    `requests`: the association and its end, three polls that only read, a keep-alive, and the confirmation, which holds
    the monitor's own numbers. Nothing sets anything, and nothing asks for the patient's name.

What can mislead
    A number with a state is not a number: NaN and "invalid" stand where others print 0. The cuff's last result is sent
    for ever with the date of its measurement, which may be a month ago. The pulse rate of the cuff is not read: it is
    as old as the cuff's result. In demo and service mode, and where a number itself says demo or test, numbers are
    marked so. What the monitor sends beyond `numerics.TABLE` is told once, as it came. Over UDP damage would be seen by
    UDP's checksum only; on RS-232 one damaged frame in 65536 passes the CRC, and fewer of those fit in all lengths.

Source: Philips, IntelliVue Patient Monitor Data Export Interface Programming Guide, as public implementations show it
(VSCaptureMP, OpenICE's device driver) and a recording of a monitor's RS-232 port confirms. Alarms and UDP are
confirmed by implementations only.
"""

from ketamon.domain.devices import DeviceKind
from ketamon.domain.waveforms import Signal
from ketamon.driver import Driver, DriverSpec, LineSettings, Variant
from ketamon.wire.framing import Terminated
from ketamon_drivers.philips_intellivue.driver import PhilipsIntellivue
from ketamon_drivers.philips_intellivue.numerics import TABLE
from ketamon_drivers.philips_intellivue.requests import ALLOW_LIST, ASSOCIATE
from ketamon_drivers.philips_intellivue.simulator import IntellivueSimulator
from ketamon_drivers.philips_intellivue.wires import LONGEST_FRAME, BareWire, FoundWire, SerialWire, frame

LINE = LineSettings(baud=115200)


def _found() -> Driver:
    return PhilipsIntellivue(FoundWire())


def _serial() -> Driver:
    return PhilipsIntellivue(SerialWire())


def _udp() -> Driver:
    return PhilipsIntellivue(BareWire())


def _serial_monitor() -> IntellivueSimulator:
    return IntellivueSimulator(SerialWire())


def _udp_monitor() -> IntellivueSimulator:
    return IntellivueSimulator(BareWire())


SPEC = DriverSpec(
    id="philips-intellivue",
    vendor="Philips",
    model="IntelliVue MP and MX series (Data Export)",
    label="IntelliVue",
    kind=DeviceKind.MONITOR,
    line=LINE,
    parameters=tuple(dict.fromkeys(numeric.parameter for numeric in TABLE.values())),
    signals=(Signal.ECG, Signal.PLETH, Signal.RESP, Signal.CO2),
    quiet_after_s=5.0,
    interval_s=1.024,
    max_buffer=Terminated.held(LONGEST_FRAME),
    document="Philips, IntelliVue Patient Monitor Data Export Interface Programming Guide, from public implementations",
    make=_found,
    simulate=_serial_monitor,
    allow_list=ALLOW_LIST,
    probe=(frame(ASSOCIATE),),
    variants=(
        Variant(name="serial", about="MIB/RS232 port", line=LINE, make=_serial, simulate=_serial_monitor),
        Variant(
            name="udp", about="network, UDP port 24105", line=LINE, make=_udp, simulate=_udp_monitor, probe=(ASSOCIATE,)
        ),
    ),
    alarms_decoded=True,
    note="data export must be on at the monitor; one program at a time gets its waves",
)
