from ketamon.testing import DriverContract
from ketamon_drivers.masimo_ascii1 import SPEC


class TestMasimo(DriverContract):
    spec = SPEC
    slips = 1.0  # lines without a checksum: a digit that became another one cannot be seen
