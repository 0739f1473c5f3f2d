from ketamon.registry import load
from ketamon.testing import DriverContract
from ketamon_drivers.ge_dri import SPEC
from ketamon_drivers.ge_dri.requests import FOLLOW_ALARMS, STOP, display_request, wave_request


class TestGe(DriverContract):
    spec = SPEC
    slips = 0.008  # a sum of 8 bits sees no two bytes that changed places; 0.002 of many more
    forbidden = (STOP, wave_request(), display_request(1), FOLLOW_ALARMS[:-1])


class TestGeFast(TestGe):
    spec = load("ge-dri+115200")
