from ketamon.domain.devices import PumpAlarm, PumpState
from ketamon.registry import load
from ketamon.testing import DriverContract
from ketamon_drivers.ne1000.wire import Form, written

ORDERS = (
    "RUN", "00RUN", "STP", "PUR", "CLDINF", "CLDWDR", "SAF0", "SAF50", "ADR01", "*ADR1B19200", "*RESET", "RAT100MH",
    "RATC10", "VOL5.0", "VOLUL", "DIA14.43", "DIRWDR", "PHN01", "FUNRAT", "0RAT100*1RAT250*",
)  # fmt: skip


class _Ne1000(DriverContract):
    told_states = frozenset(
        {PumpState.INFUSING, PumpState.HELD, PumpState.READY}
    )  # the end follows from what was before
    told_alarms = frozenset({PumpAlarm.OCCLUSION})
    forbidden = tuple(written(form, order) for form in Form for order in ORDERS)


class TestBasic(_Ne1000):
    spec = load("ne1000+basic")
    slips = 0.003  # no checksum: last digits of a volume that look like growth


class TestSafe(_Ne1000):
    spec = load("ne1000+safe")


class TestFoundFromTheBytes(_Ne1000):
    spec = load("ne1000")
    slips = TestBasic.slips
