from ketamon.domain.parameters import Parameter
from ketamon.testing import DriverContract
from ketamon_drivers.alaris_gh import SPEC


class TestAlaris(DriverContract):
    spec = SPEC
    unasked = frozenset({Parameter.VTBI})
