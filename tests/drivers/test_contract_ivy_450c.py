from ketamon.testing import DriverContract
from ketamon_drivers.ivy_450c import SPEC


class TestIvy(DriverContract):
    spec = SPEC
    slips = 0.002  # no checksum: digits of the last place that became others
