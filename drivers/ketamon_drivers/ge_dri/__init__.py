"""GE / Datex-Ohmeda monitors: S/5, CARESCAPE B450/B650/B850, B20/B30/B40/B105/B125, Cardiocap 5 ("DRI").

The wire
    19200 8E1 with RTS/CTS (CARESCAPE from software 3 on: 115200 as well). The monitor is asked once and then streams
    frames, each with one record: `record` draws it and says what damage can slip through.

What is in the records
    `numerics` the displayed values, every few seconds; `waves` the waveforms; `alarms` the alarms of CARESCAPE
    monitors. Records of other kinds are known by name and passed over.

What is sent
    The fixed bytes of `requests`: numbers every 5 s, waveforms within 600 samples a second, alarms where the monitor
    serves them. Nothing that could change the monitor exists in this protocol.

What can mislead
    Which group holds old numbers, what counts as a new cuff result and which status bit is never used stands in
    `numerics`. Only the interface levels 2 to 11 are read: a monitor of another one is told and gives no value.

Numbers rest on the specification and on recordings of real monitors; waveforms likewise, of which pleth was recorded
and the others follow the same layout; alarms on the specification alone, so that none is reported proves nothing.

Source: GE Healthcare, S/5 Computer Interface Specification M1017617, 12th edition, and Record Specification 8005313,
12th edition.
"""

from functools import partial

from ketamon.domain.devices import DeviceKind
from ketamon.driver import AllowList, DriverSpec, LineSettings, Parity, Variant
from ketamon.wire.framing import Flagged
from ketamon_drivers.ge_dri.driver import GeDri
from ketamon_drivers.ge_dri.numerics import GROUPS
from ketamon_drivers.ge_dri.record import LONGEST_BODY
from ketamon_drivers.ge_dri.requests import (
    ALARM_STATUS,
    FAST_WAVE_SET,
    FAST_WAVES,
    FOLLOW_ALARMS,
    INTERVAL_S,
    REQUEST,
    WAVES,
)
from ketamon_drivers.ge_dri.simulator import GeSimulator
from ketamon_drivers.ge_dri.waves import SHAPES

SPEC = DriverSpec(
    id="ge-dri",
    vendor="GE HealthCare / Datex-Ohmeda",
    model="S/5, CARESCAPE B450/B650/B850, B20/B30/B40/B105/B125, Cardiocap 5 (DRI)",
    label="GE DRI",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=19200, parity=Parity.EVEN, rtscts=True),
    parameters=tuple(dict.fromkeys(field.parameter for group in GROUPS for field in group.fields)),
    signals=tuple(dict.fromkeys(SHAPES[wave].signal for wave in FAST_WAVE_SET)),
    quiet_after_s=12.0,
    interval_s=INTERVAL_S,
    max_buffer=Flagged.held(LONGEST_BODY),
    document="GE Healthcare, S/5 Computer Interface Specification M1017617 and Record Specification 8005313, 12th ed.",
    make=GeDri,
    simulate=GeSimulator,
    allow_list=AllowList(frozenset({REQUEST, WAVES, FAST_WAVES, FOLLOW_ALARMS, ALARM_STATUS})),
    probe=(REQUEST,),
    variants=(
        Variant(
            name="115200",
            about="CARESCAPE from software 3 on, its port set to 115,200 baud: a second ECG and pressure too",
            line=LineSettings(baud=115200, parity=Parity.EVEN, rtscts=True),
            make=partial(GeDri, FAST_WAVES),
            simulate=GeSimulator,
        ),
    ),
    note="asks for values every 5 s, a monitor may send them more often; alarms come from CARESCAPE monitors only, and "
    "how is not confirmed by a recording: no alarm reported proves nothing",
)
