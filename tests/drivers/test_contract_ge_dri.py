from ketamon.testing import DriverContract
from ketamon_drivers.ge_dri import SPEC


class TestGe(DriverContract):
    spec = SPEC
    slips = 0.03  # a sum of 8 bits sees no two bytes that changed places
