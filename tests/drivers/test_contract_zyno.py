from functools import partial

from ketamon.domain.devices import PumpState
from ketamon.testing import DriverContract
from ketamon.wire.checksums import sum8, xor8
from ketamon_drivers.zyno import SPEC
from ketamon_drivers.zyno.simulator import ZynoSimulator
from ketamon_drivers.zyno.wire import frame

FORBIDDEN = (
    "WT00", "WT01", "WT02", "WC202611210800", "WN12345678", "W11234", "WM00", "W01", "WA03E8", "KE60", "KE61", "KE70",
    "LW00", "LE", ":PROTOCOL:RATE 20.0", ":INFU:RATE 20.0", ":KEY:LIST:CLEAR", ":POWER", "RE", "RE0000000",
)  # fmt: skip


class TestZyno(DriverContract):
    spec = SPEC
    slips = 0.003  # two characters swapped in the first answer of its kind, which nothing can be compared with
    told_states = frozenset({PumpState.INFUSING, PumpState.HELD, PumpState.ENDED})
    forbidden = tuple(frame(order, checksum) for order in FORBIDDEN for checksum in (sum8, xor8))


def test_no_order_changes_the_simulated_log():
    for order in FORBIDDEN:
        assert partial(ZynoSimulator, sum8)().receive(frame(order, sum8)) == b""
