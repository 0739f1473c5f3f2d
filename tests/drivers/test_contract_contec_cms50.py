"""Both protocols of a CMS50 under the contract."""

from dataclasses import replace

from ketamon.domain.parameters import Parameter
from ketamon.testing import DriverContract
from ketamon_drivers.contec_cms50 import SPEC, ContecCms50, OldSimulator, command

DELETE, SET_TIME, SET_DATE, DOWNLOAD = map(command, (0xAE, 0xB1, 0xB2, 0xA6))


class TestContecV7(DriverContract):
    spec = SPEC
    seconds = 20
    forbidden = (DELETE, SET_TIME, SET_DATE, DOWNLOAD)


class TestContecOld(DriverContract):
    """The driver must find the old protocol by itself."""

    spec = replace(SPEC, make=ContecCms50, simulate=OldSimulator, parameters=(Parameter.SPO2, Parameter.PR))
    seconds = 20
    forbidden = (b"\xf5\xf5", b"\xf6\xf6\xf6")
