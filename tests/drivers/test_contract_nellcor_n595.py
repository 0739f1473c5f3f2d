from ketamon.testing import DriverContract
from ketamon_drivers.nellcor_n595 import SPEC


class TestNellcor(DriverContract):
    spec = SPEC
    seconds = 41  # a line every other second, so also in the last one
    slips = 0.002  # no checksum: digits of the last place that became others
    forbidden = (b"\x03\x03", b"1\r\n", b"3\r\n")
