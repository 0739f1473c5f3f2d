from ketamon.domain.devices import PumpState
from ketamon.testing import DriverContract
from ketamon_drivers.base_primea import SPEC
from ketamon_drivers.base_primea.line import frame

FORBIDDEN = ("MO", "RZ", "OF", "SI", "EP", "AP", "EN", "PR", "PO", "PB", "PF", "PV", "RV", "PP", "PS")


class TestBasePrimea(DriverContract):
    spec = SPEC
    told_states = frozenset({PumpState.HELD})  # to infuse, the counter must move; the suite's pump stands
    forbidden = tuple(
        frame(address + order + more)
        for order in FORBIDDEN
        for address in ("", "0", "1")
        for more in ("", ";2", ";1F40")
    )
