from ketamon.testing import DriverContract
from ketamon_drivers.capnostream20 import SPEC
from ketamon_drivers.capnostream20.frames import frame


class TestCapnostream(DriverContract):
    spec = SPEC
    forbidden = (
        frame(60, b"\x0a\x5a"),  # the low limit of SpO2
        frame(60, b"\x01\x01"),  # silence
        frame(60, b"\x03\x01"),  # the type of patient
        frame(61, b"SOMEBODY".ljust(20)),
        frame(54),  # a trend download, which stops the numbers
    )
