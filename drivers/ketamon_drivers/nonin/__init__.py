r"""Nonin pulse oximeters: Xpod, iPod, OEM III, Onyx II 9560, WristOx2 3150 (data formats), table-top models (ASCII).

The wire
    9600 8N1; the device streams unasked, in the format that it is set to. Which one is found from the bytes.

        #2, #7  75 frames/s of 5 bytes, 25 of them are a packet; the numbers are spread over the packet's float bytes
                #2:  01 | status | pleth | float | checksum        #7:  status | pleth (16 bits) | float | checksum
        #8      a frame a second: status | pulse rate | SpO2 [| status 2]; bit 7 is set in the first byte only
        #13     a spot check: 00 02 00 0D | length | date, status, pulse rate, SpO2 | checksum | 03
        ascii   a line a second: [HH:MM:SS ]SPO2=097 HR=072[ F][*][B] CR LF, --- for "no value"

Which average
    Packets carry six SpO2 and four pulse rates. Given are the display values (SpO2-D, HR-D), averages of 4 beats that
    hold through artefact and that #8 sends too. The recording values (also 4 beats) go out in sustained artefact: where
    one of them is missing, the display values are of before, so questionable. The extended values (8 beats) lag twice
    as long; the fast and the beat-to-beat ones are not averaged for a screen. Lines have what the device's switches
    chose; "fast-responding" is told.

What the status bits say
    A removed finger leaves the last numbers standing for 10 s with the sensor alarm set: no value. The same for a
    disconnected sensor. Out of track, an artefact pulse or a red (weak) pulse make numbers questionable until a pulse
    comes that is not; yellow is enough. A spot check whose algorithm was not completed is questionable, one from the
    device's memory is stored.

What can be garbled
    The checksum, a sum of 8 bits over four bytes, misses swapped bytes and some bits flipped in pairs; #8 and lines
    have none. So a packet is taken as a whole only: 25 sums, SYNC in its first frame and in no other, bit 7 clear in
    all floats that are not reserved. It is certain by itself; a line is from the second one on, #8 (which before is no
    frame at all) from the fourth, with nothing foreign between them. And no number counts that is not confirmed: in a
    packet by another average in it or by the packet before (display values stand for 1.5 s), in #8 and lines by a
    number not more than 3 % or 10/min away in the one before. A spot check comes once: its date, reserved bits, length
    and sum must all fit.
    What slips through: a waveform sample of a packet; in #8 and lines a damage that moves a number by no more than
    that, or that clears a bit which made it questionable.

What is sent
    Nothing. A command selects the format, but the device keeps it, even over a change of batteries, so it is not ours
    to send.

What is not read: the header that table-top models print at power-up, and memory playback.

Source: Nonin, Onyx II Model 9560 OEM Specification and Technical Information 6470-000-01 (formats #2, #7, #8, #13); OEM
III for the bit "sensor disconnected" and the frame of three bytes, from public implementations; operator's manuals of
Models 8500, 8600V, 9600, 9847 and Avant 4000 for the lines. No recording of a real device was at hand.
"""

from functools import partial

from ketamon.domain.devices import DeviceKind
from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import DriverSpec, LineSettings, Variant
from ketamon.wire.scanning import Scanner
from ketamon_drivers.nonin.formats import LONGEST
from ketamon_drivers.nonin.listener import Nonin
from ketamon_drivers.nonin.simulator import NoninSimulator

LINE = LineSettings(baud=9600)
ABOUT = {
    "2": "data format #2: numbers and 8-bit pleth",
    "7": "data format #7: numbers and 16-bit pleth",
    "8": "data format #8: numbers once a second, no checksum",
    "13": "data format #13: spot checks, not for monitoring",
    "ascii": "lines of the table-top models, no checksum",
}

SPEC = DriverSpec(
    id="nonin",
    vendor="Nonin",
    model="Xpod, iPod, OEM III, Onyx II 9560, WristOx2 3150; 7500, 8500, 8600, 9600, 2500, Avant 4000, 9847",
    label="Nonin",
    kind=DeviceKind.MONITOR,
    line=LINE,
    parameters=(Parameter.SPO2, Parameter.PR),
    signals=(Signal.PLETH,),
    quiet_after_s=5.0,
    interval_s=1.0,
    max_buffer=Scanner.held(LONGEST),
    document="Nonin 9560 OEM Specification 6470-000-01; operator's manuals of the table-top models",
    make=Nonin,
    simulate=partial(NoninSimulator, "2"),
    variants=tuple(
        Variant(name=name, about=about, line=LINE, make=partial(Nonin, (name,)), simulate=partial(NoninSimulator, name))
        for name, about in ABOUT.items()
    ),
    note="the format is found from the bytes; prefer #2 or #7, which have checksums and a waveform",
)
