from ketamon.testing import DriverContract
from ketamon_drivers.capnostat5 import SPEC, frame


class TestCapnostat(DriverContract):
    spec = SPEC
    seconds = 16
    forbidden = (
        frame(0x82),
        frame(0x82, 0),
        frame(0xF8),
        frame(0xC9),
        frame(0x84, 0x07, 1),
        frame(0x84, 0x08, 1),
        frame(0x84, 0x09, 1),
    )
