"""Each format of a Nonin under the contract; the driver must find it."""

from dataclasses import replace
from functools import partial

from ketamon.testing import DriverContract
from ketamon_drivers.nonin import SPEC
from ketamon_drivers.nonin.listener import Nonin
from ketamon_drivers.nonin.simulator import NoninSimulator

SET_FORMAT = tuple(bytes.fromhex(f"02 70 02 02 {form} 03") for form in ("02", "07", "08", "0D"))
SET_TIME = bytes.fromhex("02 72 06 32 0C 1F 0E 1E 0F 03")


def found(name):
    """A device in one format, and a driver that must find out."""
    return replace(SPEC, make=Nonin, simulate=partial(NoninSimulator, name))


class Common(DriverContract):
    __test__ = False
    forbidden = (*SET_FORMAT, SET_TIME)


class TestNonin2(Common):
    __test__ = True
    spec = SPEC


class TestNonin7(TestNonin2):
    spec = found("7")


class TestNonin8(Common):
    __test__ = True
    spec = replace(found("8"), signals=())
    slips = 0.011  # no checksum: a rate that moves by less than 10: see test_nonin


class TestNoninAscii(Common):
    __test__ = True
    spec = replace(found("ascii"), signals=())
    slips = 0.003  # no checksum: digits of the last place


class TestNonin13(Common):
    """One measurement in all, so silence is no fault."""

    __test__ = True
    spec = replace(found("13"), signals=(), quiet_after_s=60.0)
    seconds = 10
