r"""Fresenius Base Primea, Orchestra and Module DPS: a base with syringe pump modules, monitoring only.

The wire
    19200 7E1, some units 7N2 (variant "7n2"). The host asks, base (0) and modules (1 to 9) answer, one question at a
    time:

        STX  address  command [; arguments]  checksum  ETX     characters 20 to 7E; checksum FF − sum, two hex digits

        02 31 "LE;dr" "2C" 03                 asks module 1 for rate (d) and infused volume (r)
        02 31 "C;d1F40;r00C350" "29" 03       answers 800.0 mL/h (hexadecimal, 0.1 mL/h) and 50.000 mL (0.001 mL)

    After the address an answer has C (done), I and two digits (refused, with the reason), E or M (a subscribed
    variable, of its own accord). Each frame is acknowledged with ACK (06), or NAK (15) and a digit; E and M besides
    with a frame of address and letter. ENQ (05) may come at any time, also within a frame: a host that is alive answers
    DC4 (14). A module without a base has no address: it is not read.

What is sent
    DC (open a session), LE (read variables), DE (subscribe to variables), the acknowledgements and DC4: `allow_list`.
    Nothing that sets, starts, stops or silences. Fixed data (LF), drug (LP) and identity (LN) are not asked for: their
    answers would look like those of LE.

What can mislead
    What the bits of the alarm (a) and the mode (m) mean is not public. A set alarm bit is shown raw, with high
    priority; that none is set is never taken for "no alarm". The rate may only be set, so a module infuses only while
    its counter follows (`Flow`); keep-vein-open looks like infusing, and why a module stands it does not tell.

What can slip through
    The checksum misses one damage in 256 and every swap of two characters (parity of the line apart). So a rate, or a
    volume that did not grow as a pump's can, is believed when it is told twice; an alarm at once, its end when told
    twice. A bad frame is not answered: the pump repeats it, or the next question asks again.

Source: Fresenius protocol as one public implementation shows it (infupy 2022.1.11, whose author had the vendor's text);
line settings also in Vital Recorder's list of devices. No recording of a device was seen: experimental.
"""

from ketamon.domain.devices import DeviceKind, Evidence
from ketamon.driver import AllowList, DriverSpec, LineSettings, Parity, Variant
from ketamon.wire.scanning import Scanner
from ketamon_drivers.base_primea.driver import SCALES, BasePrimea
from ketamon_drivers.base_primea.line import ACK, DC4, LONGEST_FRAME
from ketamon_drivers.base_primea.session import EVENTS_TAKEN, PERIOD_S, REQUESTS
from ketamon_drivers.base_primea.simulator import BaseSimulator

_LINE = LineSettings(baud=19200, bits=7, parity=Parity.EVEN)
SPEC = DriverSpec(
    id="base-primea",
    vendor="Fresenius Kabi",
    model="Base Primea, Orchestra, Module DPS",
    label="Base Primea",
    kind=DeviceKind.PUMP,
    line=_LINE,
    parameters=tuple(parameter for parameter, *_ in SCALES.values()),
    quiet_after_s=8.0,
    interval_s=2 * PERIOD_S,
    max_buffer=Scanner.held(LONGEST_FRAME),
    document="Fresenius pump protocol, from one public implementation (infupy 2022.1.11)",
    make=BasePrimea,
    simulate=BaseSimulator,
    allow_list=AllowList(frozenset({*REQUESTS.values(), *EVENTS_TAKEN.values(), ACK, DC4})),
    probe=(REQUESTS["0LE;b"],),
    variants=(
        Variant(
            name="7n2",
            about="7 data bits, no parity, 2 stop bits",
            line=LineSettings(baud=19200, bits=7, stop=2),
            make=BasePrimea,
            simulate=BaseSimulator,
        ),
    ),
    evidence=Evidence.EXPERIMENTAL,
    note="monitoring only; set the base's service menu COMM to IDMS on RS232-3; alarm bits are shown raw",
)
