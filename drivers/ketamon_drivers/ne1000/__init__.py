r"""New Era NE-1000, NE-300 and Aladdin AL-1000 syringe pumps, monitoring only. Laboratory pumps, NOT medical pumps.

The wire
    19200 8N1, up to a hundred pumps on one line, told apart by their address. A question has no argument; the same
    verb with an argument is an order. Basic mode has no checksum, safe mode a CRC-16/XMODEM over the data only:

        basic   RAT \r                     STX 00 I 1.500MH ETX             (STX is 02, ETX is 03)
        safe    STX len RAT CRC ETX        STX len 00 I 1.500MH CRC ETX     len counts itself and all behind it

    An answer is the address, the status (I infuses, W withdraws, X purges, S stopped, P paused, T timed pause, U waits)
    and what was asked: `1.500MH`, `10.00ML`, `I0.000W0.000ML`, `NE1000V3.923`, or an error like `?NA`. In an alarm it
    is `A?` and a letter instead. Every answer tells by its form and unit what it answers.

What is sent
    VER, RAT, DIS and VOL without argument, to the addresses 0 to 3, in the mode that the pump speaks; until one is
    heard, VER in both modes. Pump 0 is the head "", the others are the heads "1" to "3".

Alarms
    A pump takes an alarm as acknowledged, and forgets it, as soon as it has answered a question with it. So the poll
    that reads an alarm clears it, and nobody may have looked. This driver keeps it standing until the pump's status
    shows that a person dealt with it: the pump runs again, or its status is another than right after the alarm (an
    alarm stops the pump, and a stopped pump moves only by a key). It is forgotten with the connection. There is always
    one `A?R` after power-up; it has high priority only where the pump was seen to move before.

What can mislead
    RAT is the rate that is set; it is told as flow while the pump infuses, as 0 while it stands. The end is "stopped",
    with the volume reached, of a pump that was seen to move. Withdrawing and purging are unknown states, with a notice.
    In safe mode a time-out may be set at the pump: then it STOPS when the host falls silent, and the first question
    arms that. There are no alarms for air, battery or a door.
    Without a checksum a changed digit cannot be seen: in basic mode a status counts when two answers in a row tell it,
    and a number that does not follow from the one before counts when it is told again. The same damage twice slips
    through, and so does a volume that is wrong by no more than the pump gives between two answers.

Source: New Era NE-1000 user manual, publication 1200-01 of 08/01/14, chapter 10; public drivers agree with it (nesp-lib
2.0.0, labmcp-new-era 0.1.2).
"""

from functools import partial

from ketamon.domain.devices import DeviceKind
from ketamon.driver import AllowList, DriverSpec, LineSettings, Variant
from ketamon.wire.sized import Sized
from ketamon_drivers.ne1000.driver import PERIOD_NS, Ne1000
from ketamon_drivers.ne1000.simulator import Ne1000Simulator
from ketamon_drivers.ne1000.wire import LIMITS, LONGEST, ONCE, REQUESTS, Form

_LINE = LineSettings(baud=19200)


def _variant(form: Form, about: str) -> Variant:
    make, simulate = partial(Ne1000, form), partial(Ne1000Simulator, form)
    return Variant(name=form.value, about=about, line=_LINE, make=make, simulate=simulate)


SPEC = DriverSpec(
    id="ne1000",
    vendor="New Era / WPI",
    model="NE-1000, NE-300 and Aladdin AL-1000 laboratory syringe pumps (not a medical pump)",
    label="NE-1000 (not a medical pump)",
    kind=DeviceKind.PUMP,
    line=_LINE,
    parameters=tuple(LIMITS),
    quiet_after_s=5.0,
    interval_s=2 * PERIOD_NS / 1e9,
    max_buffer=Sized.held(LONGEST),
    document="New Era NE-1000 user manual, publication 1200-01 (08/01/14)",
    make=Ne1000,
    simulate=partial(Ne1000Simulator, Form.BASIC),
    allow_list=AllowList(frozenset(data for asked in REQUESTS.values() for data in asked.values())),
    probe=tuple(asked[0, ONCE] for asked in REQUESTS.values()),
    variants=(
        _variant(Form.BASIC, "basic mode, no checksum"),
        _variant(Form.SAFE, "safe mode, with a checksum; its time-out stops the pump when the host falls silent"),
    ),
    alarms_decoded=True,
    note="not a medical pump; monitoring only; a poll clears a pump alarm, which then stands here until the pump is "
    "started or its status changes; in safe mode a time-out stops the pump when ketamon falls silent",
)
