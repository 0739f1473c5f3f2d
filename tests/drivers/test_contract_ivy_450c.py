from ketamon.testing import DriverContract
from ketamon_drivers.ivy_450c import SPEC


class TestIvy(DriverContract):
    spec = SPEC
    slips = 0.55  # there is no checksum, and seven bytes of ten are samples
