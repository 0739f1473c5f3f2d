from ketamon.testing import DriverContract
from ketamon_drivers.suntech_nibp import SPEC, command


class TestSunTech(DriverContract):
    spec = SPEC
    forbidden = (
        command(0x87),
        command(0x28),
        command(0x17, 0xA0, 0x00),
        command(0x0C, 0x00, 0x01, 0x01),
        command(0x8A),
        command(0x81),
        command(0x56),
    )
