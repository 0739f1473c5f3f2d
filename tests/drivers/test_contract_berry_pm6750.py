from ketamon.testing import DriverContract
from ketamon_drivers.berry_pm6750 import SPEC, frame


class TestBerry(DriverContract):
    spec = SPEC
    seconds = 15
    forbidden = tuple(
        frame(order, value) for order in (0x02, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x10) for value in (0, 1)
    )
