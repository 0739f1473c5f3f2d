r"""Zyno MIVA and Nimbus II ambulatory volumetric pumps, monitoring only.

The wire
    9600 8N1. The host asks, the pump answers within about 25 ms, one question at a time:

        STX  text  checksum  ETX       02 "Q5" "86" 03; the sum of the text, two hex digits, upper case

    The text of an answer is the question's two letters and what was asked: `Q500000136` is 3.10 mL infused, hexadecimal
    in 0.01 mL, `Q6` the volume to be infused, `Q4` the unit of the rate, `Q7` whether a bolus runs. `:INFU:RATE?` and
    `:INFU:RUN?` are answered without the question: `54.0`, `TRUE`. `ERROR` is "no such number". The "Nimbus unified H"
    has the exclusive or instead of the sum (variant "xor").
    The log: `RI` tells where it begins and ends, `RE` and a number asks for a record of sixteen bytes.

What is sent
    The questions above, `RN` (serial number) and `RS` (firmware), byte for byte, and `RE` with any number
    (`allow_list`). Nothing that writes (W…), presses keys (K…), loads a library (L…), or sets (`:… value`).

What can mislead
    Alarms are told by the log only, so that none is reported proves nothing: records from before the last sixteen are
    not seen, no record for air in the line is known, and when an alarm ends is concluded (the infusion runs again, an
    occlusion is cleared, a battery is new or charged, power off or on). Hence alarms count as not decoded; those that
    are found are told all the same. Record numbers that have no place in the tables are high alarms.
    A rate in another unit than mL/h, or while a bolus runs, is told as none. Keep-vein-open cannot be told. Without
    running the rate is 0, whatever is set.

What can slip through
    The checksum misses one damage in 256 and every swap of two characters. So a record is believed when it is told
    twice, and so is a number that is another than before, or a volume that grew faster than its rate (while a bolus
    runs: than any pump): what truly changes comes a round of questions, 2 s, late. What passes is the first answer of
    its kind after connecting, and a swap in a volume's last digits.

Source: pyZynoUnifiedDrivers 0.0.9, written by an engineer of the vendor. No recording of a device was seen:
experimental.
"""

from functools import partial

from ketamon.domain.devices import DeviceKind, Evidence
from ketamon.driver import AllowList, DriverSpec, LineSettings, Variant
from ketamon.wire.checksums import sum8, xor8
from ketamon.wire.framing import Terminated
from ketamon_drivers.zyno import wire
from ketamon_drivers.zyno.driver import HIGHEST, Zyno
from ketamon_drivers.zyno.simulator import ZynoSimulator

_LINE = LineSettings(baud=9600)

SPEC = DriverSpec(
    id="zyno",
    vendor="Zyno",
    model="MIVA, Nimbus II",
    label="Zyno",
    kind=DeviceKind.PUMP,
    line=_LINE,
    parameters=tuple(HIGHEST),
    quiet_after_s=8.0,
    interval_s=2.0,
    max_buffer=Terminated.held(wire.LONGEST),
    document="pyZynoUnifiedDrivers 0.0.9, by the vendor's engineer",
    make=partial(Zyno, sum8),
    simulate=partial(ZynoSimulator, sum8),
    allow_list=AllowList(frozenset({*wire.requests(sum8), *wire.requests(xor8)}), (wire.RECORD_REQUEST,)),
    probe=(wire.frame(wire.SERIAL, sum8),),
    variants=(
        Variant(
            name="xor",
            about="Nimbus unified H, whose checksum is the exclusive or",
            line=_LINE,
            make=partial(Zyno, xor8),
            simulate=partial(ZynoSimulator, xor8),
            probe=(wire.frame(wire.SERIAL, xor8),),
        ),
    ),
    evidence=Evidence.EXPERIMENTAL,
    note="monitoring only; alarms are read from its log: that none is reported proves nothing",
)
