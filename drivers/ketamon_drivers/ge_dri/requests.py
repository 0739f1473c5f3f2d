"""What is sent to the monitor, all of it as fixed bytes: numbers, waveforms and alarms, please.

Displayed values go every 5 s, class BASIC: 5 s is the shortest interval of the specification. A monitor of level 10
was recorded at 1 s, but nothing says what one does that does not know it; and waveforms and alarms need no shorter
one, they come by themselves.

Waveforms share 600 samples (1200 bytes) a second, and the monitor drops what does not fit, in the order asked: pleth,
ECG 1, CO2, impedance respiration and invasive pressure 1 are 550. At 115,200 baud the limit is lifted, then the second
ECG and pressure are asked for as well.

Alarms are served from level 10 on, by CARESCAPE monitors only. In differential mode the monitor tells each change,
2 s apart at the least; what stands is asked for again where it said nothing for a while, so a lost message heals.

Source: GE Healthcare, S/5 Computer Interface Specification M1017617, 12th edition.
"""

from enum import IntEnum
from struct import Struct

from ketamon_drivers.ge_dri.record import ALARM, DISPLAY, PHDB, REQUEST_LEVEL, WAVE, frame, pack
from ketamon_drivers.ge_dri.waves import Wave

INTERVAL_S = 5
MOST_SAMPLES = 600
"""So many samples a second may be asked for at 19,200 baud."""
ALARMS_FROM_LEVEL = 10

_LIST_END = 0xFF
_DISPLAY_REQUEST = Struct("<BhIh")
_WAVE_REQUEST = Struct("<hh8s16s4x")
_ALARM_REQUEST = Struct("<h10x")


class AlarmCommand(IntEnum):
    """What can be asked of the alarms."""

    STATUS = 0
    ENTER_DIFFERENTIAL = 2


def _request(main_type: int, body: bytes) -> bytes:
    return frame(pack(REQUEST_LEVEL, main_type, 0, 0, {0: body}))


def display_request(interval_s: int) -> bytes:
    """Return the frame that asks for displayed values, BASIC class, every so many seconds; 0 stops them."""
    return _request(PHDB, _DISPLAY_REQUEST.pack(DISPLAY, interval_s, 0, 0))


def wave_request(*waves: Wave) -> bytes:
    """Return the frame that asks for these waveforms, at most eight, from now on; none stops them all."""
    kinds = bytes(waves) + bytes([_LIST_END])
    return _request(WAVE, _WAVE_REQUEST.pack(not waves, 0, kinds[:8], b""))


def alarm_request(command: AlarmCommand) -> bytes:
    """Return the frame with that command."""
    return _request(ALARM, _ALARM_REQUEST.pack(command))


REQUEST = display_request(INTERVAL_S)
STOP = display_request(0)
WAVE_SET = (Wave.PLETH, Wave.ECG1, Wave.CO2, Wave.RESP, Wave.INVP1)
FAST_WAVE_SET = (*WAVE_SET, Wave.ECG2, Wave.INVP2)
WAVES = wave_request(*WAVE_SET)
FAST_WAVES = wave_request(*FAST_WAVE_SET)
FOLLOW_ALARMS = alarm_request(AlarmCommand.ENTER_DIFFERENTIAL)
ALARM_STATUS = alarm_request(AlarmCommand.STATUS)
