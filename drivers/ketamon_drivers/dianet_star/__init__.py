r"""B. Braun Perfusor fm, Perfusor compact, Infusomat fm ("DIANET STAR"), monitoring only; unproven, off by default.

The wire
    9600 8N1, half duplex: the host asks, the pump answers. Both directions look the same:

        7E | address | segment | data | CRC hi lo | 7E        7E, 7D, 80 inside are sent as 7D and the byte ^ 20

        7E 00 01 1D 0E 7E                                              IDENT of the pump without an address
        7E 41 02 06 00 00000000 00000092 000004E2 000001E7 00EA 5686 7E  STATUS of pump "A", which infuses 12.50 mL/h

    An answer has 06 behind the segment, or 15 and an error. All numbers are big-endian; one of FF only is no number.
    The CRC adds its last two bytes without dividing them: the same bits wrong there and in the CRC go unseen. So each
    segment must have its length, and numbers their range.

What is sent
    IDENT until it is answered, then STATUS with ACTUAL (ISTWERT) or TARGET (SOLLWERT) values between, one question a
    second, all to address 0 and all of them only reading. No segment that writes (CC_MODE and those behind it) is ever
    sent. As soon as another address is heard there is another host on the line, and this one only listens.

Why it is off by default
    A pump gets an address from a host by a write, with which the host can also take control. Only IDENT is known to be
    answered at address 0; that the others are is a hope. Nobody has recorded a pump. `dianet-star+unproven` tries.

What can mislead
    STATUS has the volume since the target was set; the volume infused is in ACTUAL, and counts for 15 s. During a bolus
    and while the drive is moved fast, the rate is not told. The pressure is a share of a limit, not mmHg.

Source: B. Braun, header and CRC source of the DIANET STAR communication library, revision 1.44, as a public program
contains them; the check value of the CRC was confirmed with that source. That the serial number is the lower 18 bits of
the identity follows from a newer pump's reply, which holds the whole and both parts.
"""

from ketamon.domain.devices import DeviceKind, Evidence
from ketamon.domain.parameters import Parameter
from ketamon.driver import AllowList, DriverSpec, LineSettings, Variant
from ketamon.wire.framing import Flagged
from ketamon_drivers.dianet_star.driver import PERIOD_NS, DianetStar
from ketamon_drivers.dianet_star.frames import IDENT, LONGEST_BODY, REQUESTS
from ketamon_drivers.dianet_star.simulator import DianetSimulator

__all__ = ["SPEC"]

_LINE = LineSettings(baud=9600)

SPEC = DriverSpec(
    id="dianet-star",
    vendor="B. Braun",
    model="Perfusor fm, Perfusor compact, Infusomat fm (DIANET STAR)",
    label="B. Braun fm",
    kind=DeviceKind.PUMP,
    line=_LINE,
    parameters=(Parameter.RATE, Parameter.VOLUME_INFUSED, Parameter.VTBI),
    quiet_after_s=6.0,
    interval_s=2 * PERIOD_NS / 1e9,
    max_buffer=Flagged.held(LONGEST_BODY),
    document="B. Braun DIANET STAR library header, revision 1.44",
    make=DianetStar,
    simulate=DianetSimulator,
    allow_list=AllowList(frozenset(REQUESTS.values())),
    probe=(REQUESTS[IDENT],),
    variants=(
        Variant(
            name="unproven",
            about="asks at address 0, which a pump may refuse, or listens to another host",
            line=_LINE,
            make=DianetStar,
            simulate=DianetSimulator,
        ),
    ),
    alarms_decoded=True,
    evidence=Evidence.EXPERIMENTAL,
    note="monitoring only, never tried on a pump; look at the pump",
    off_because="a pump answers in full only after a write that could also control it, so reading alone is unproven",
)
