r"""NeuroWave AP-4000, an infusion pump with two heads for total intravenous anaesthesia, monitoring only.

The wire
    115200 8N1. The host asks, the pump answers, one question at a time; both directions look the same:

        ! name ^ field ^ … | SUM \r\n         the plain sum of all characters with ! and |, four upper-case hex digits

        !CONNREQ|02B3
        !CONNREQ^0.1^032-19-50-014^2022-11-04^11:10:36.067|0B8B
        !STATREQ^032-19-50-014|059F

    It looks like the Alaris protocol and is another: there the check is a CRC without the start. The answer to CONNREQ
    tells the version of the protocol (0.1 or v0.2, any other is a mismatch) and the system's number, which the next
    questions must repeat. The status is a list of about a hundred fields, found by their index: device's clock,
    alarm count and up to four alarms of four fields, and a block of 33 fields for each head.

What is sent
    CONNREQ until it is answered, then STATREQ every 3 s; nothing else. To control the pump would need a token
    (CNTLREQ), which does not fit the template.

What can mislead
    All of it rests on one public program. There is no field that says what a head does: it infuses when its actual rate
    is above 0; at rate 0 it has ended (end-of-infusion alarm, or nothing remains of its volume), is held if it gave
    something, else ready. Keep-vein-open cannot be told. Rates are taken as mL/h and volumes as mL; the fields name no
    unit. A head without a serial number is not there, unless it infuses. The time field is not understood, so not told.
    Alarms without priority (SN) are notices. A code that is not in the table is shown raw, with high priority.
    A sum does not see two characters that change places. So the clock must have its form, and these count only when the
    next answer, 3 s later, tells them again: a rate more than a twentieth off, a volume that falls or grows faster than
    any pump, a target, a serial number or a drug that is another, an alarm without a code. Until then they are left
    out; a known alarm, and whether it infuses, never wait. What slips through is the first answer after connecting,
    and digits that make less than that.

Source: OpenICE fork MDDT, classes AP4000 and AP4000TranslationApp with their alarm table, said to follow NeuroWave's
specification; two recorded CONNREQ answers. No recorded STATREQ answer is public.
"""

from ketamon.domain.devices import DeviceKind, Evidence
from ketamon.driver import AllowList, DriverSpec, LineSettings
from ketamon.wire.framing import Terminated
from ketamon_drivers.ap4000.driver import PERIOD_NS, Ap4000
from ketamon_drivers.ap4000.simulator import Ap4000Simulator
from ketamon_drivers.ap4000.wire import CONNECT, LONGEST_FRAME, NUMBERS, STATUS_TEMPLATE

SPEC = DriverSpec(
    id="ap4000",
    vendor="NeuroWave",
    model="AP-4000 dual-head infusion pump",
    label="AP-4000",
    kind=DeviceKind.PUMP,
    line=LineSettings(baud=115200),
    parameters=tuple(NUMBERS),
    quiet_after_s=10.0,
    interval_s=PERIOD_NS / 1e9,
    max_buffer=Terminated.held(LONGEST_FRAME),
    document="OpenICE fork MDDT (AP4000 classes, alarm table), after NeuroWave's specification",
    make=Ap4000,
    simulate=Ap4000Simulator,
    allow_list=AllowList(frozenset({CONNECT}), (STATUS_TEMPLATE,)),
    probe=(CONNECT,),
    alarms_decoded=True,
    evidence=Evidence.EXPERIMENTAL,
    note="monitoring only; the status layout rests on one public program, compare with the pump's screen before trust",
)
