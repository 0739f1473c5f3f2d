from ketamon.testing import DriverContract
from ketamon_drivers.masimo_ascii1 import SPEC


class TestMasimo(DriverContract):
    spec = SPEC
    slips = 0.003  # no checksum: digits of PI behind the point, and of the last place, that became others
