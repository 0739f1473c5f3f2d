"""B. Braun Space pumps (Perfusor, Infusomat) in a rack with SpaceCom: BCC 3.3x over RS-232 or TCP, monitoring only.

The wire
    9600 8N1 (the web page of the SpaceCom can set another speed), or TCP port 4001, where the SpaceCom is the server.
    The host asks; the reply comes in parts, one for each pump, and each part waits for the ACK (06) of the one before.

        SOH | length | STX | bed /1/1> body | ETX or ETB | check | EOT        01 02 03 or 17 04

        01 00031 02 1/1/1>ADMIN:ALIVE 03 00061 04
        01 01152 02 ComSystem/1/1>214,50111,INRT,0 RS 214,50111,INVI,0 RS … 17 00002 04        more parts follow

    length and check are five decimal digits: the bytes of the whole frame, and their sum from SOH to ETX or ETB modulo
    256. Both are of the plain frame; where the web page says so, D, E, d, e travel as EX, EE, ex, ee ("stuffing").
    Which form it is shows by the length, so it is found out, and the host writes as the device does.
    A body is records with RS (1E) between them: second, address, name, value. Address 50100 is the rack, 501xy the pump
    at place y (1 to 9, A to O, from the bottom) of pillar x: "xy" is the head that this driver tells. A value may hold
    commas, `_NV` is none, and `_NA` none just now.

What is sent
    ADMIN:ALIVE to bed 1 at the beginning and after a time-out, ADMIN:VERSION once, MEM:GET every 5 s or as soon as the
    last reply is whole (1.1 kB for each pump, which is 1.2 s at 9600 Bd), and an ACK 0.1 s after each part. Before a
    question there are 0.5 s of silence. All of these only read. While bytes come, no time-out runs.

What can mislead
    The parameters that are sent are chosen on the web page. A pump whose alarms are not all among them has an alarm of
    its own that says so. Where ALARM1, ALARM2, PREALARM and STATUS1 are switched on, the device sends no INA and INM;
    how their 32 bits are written is not documented, so a bit of STATUS1 is believed only where decimal and
    hexadecimal digits say the same, and an alarm word is told with its raw digits beside.
    During a bolus or while the line is primed, INRT is not what flows: there is no rate then. Priming is no infusion:
    the state is unknown. INRMT 65535 is no time. The pressure is a share of a limit, not mmHg: told in words.
    INSOL can be the drug's name or its number in a library; it is text only. Patient and staff ids are never told.
    A pump that leaves the rack is said once (GNERR 39); one that two whole replies do not hold is gone as well.

What can slip through
    A sum does not see bytes that change places, and one in 256 of other damages of the same length. So all records must
    be of one second, no fact may come twice, known names must not be in disorder nor their commas in another place,
    numbers have their range. And these count only when the next reply, 5 s later, tells them again: a rate more than a
    twentieth off, a volume that did not grow as its rate says, a time that did not run out as time does, a volume to be
    infused, a drug or a serial number that is another. Until then they are left out; alarms and what the pump does
    never wait. What still passes is neighbours within a value of the first reply, and digits that make less than that.

Sources: B. Braun, Technical Interface Specification BCC, I0022_000030, version 4.0 (2019), which also prints the two
replies that the tests read; two public clients of other authors agree with it. Bits of PREALARM beyond it: one of them.
"""

from ketamon.domain.devices import DeviceKind
from ketamon.driver import DriverSpec, LineSettings
from ketamon.wire.framing import Terminated
from ketamon_drivers.bbraun_space.driver import POLL_S, BBraunSpace
from ketamon_drivers.bbraun_space.frames import ALIVE, ALLOWED, FIRST_BED, LONGEST_FRAME, frame, stuffed
from ketamon_drivers.bbraun_space.simulator import BBraunSpaceSimulator
from ketamon_drivers.bbraun_space.tables import NUMBERS

__all__ = ["SPEC"]

SPEC = DriverSpec(
    id="bbraun-space",
    vendor="B. Braun",
    model="Perfusor Space, Infusomat Space (SpaceCom, BCC 3.3x)",
    label="B. Braun",
    kind=DeviceKind.PUMP,
    line=LineSettings(baud=9600),
    parameters=tuple(NUMBERS),
    quiet_after_s=3 * POLL_S,
    interval_s=POLL_S,
    max_buffer=Terminated.held(LONGEST_FRAME),
    document="B. Braun Technical Interface Specification BCC, I0022_000030, version 4.0",
    make=BBraunSpace,
    simulate=BBraunSpaceSimulator,
    allow_list=ALLOWED,
    probe=(frame(FIRST_BED, ALIVE), stuffed(frame(FIRST_BED, ALIVE))),
    alarms_decoded=True,
    note="monitoring only; on the SpaceCom's web page choose BCC 3.30 in request mode, with all INM and INA parameters",
)
