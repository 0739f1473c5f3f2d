from ketamon.testing import DriverContract
from ketamon_drivers.medibus import SPEC
from ketamon_drivers.medibus.wire import command


class TestMedibus(DriverContract):
    spec = SPEC
    forbidden = (command(0x55), command(0x4A, b"$EB"), command(0x6A), command(0x54, b"0001"))
