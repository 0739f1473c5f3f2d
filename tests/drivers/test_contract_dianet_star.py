from dataclasses import replace

from ketamon.domain.devices import PumpState
from ketamon.testing import DriverContract
from ketamon_drivers.dianet_star import SPEC
from ketamon_drivers.dianet_star.driver import DianetStar
from ketamon_drivers.dianet_star.frames import NO_ADDRESS, frame

WRITES = (10, 11, 12, 13, 14, 15, *range(0x10, 0x16))


def acquainted():
    """The contract judges single frames; one that comes before IDENT tells no serial number, which is no damage."""
    driver = DianetStar()
    driver._known(NO_ADDRESS).serial = "36248"
    return driver


class TestDianetStar(DriverContract):
    spec = replace(SPEC, make=acquainted)
    # a pump that stands is "ready" before the first drop and "held" after it; this one has given 3.1 mL
    told_states = frozenset(PumpState) - {PumpState.UNKNOWN, PumpState.READY}
    forbidden = tuple(
        frame(bytes([address, segment]) + data)
        for address in (0, 0x41)
        for segment in WRITES
        for data in (b"", b"\x9f\xff\x72\x67", bytes(8))
    )
