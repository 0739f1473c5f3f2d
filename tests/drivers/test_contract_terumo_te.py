from ketamon.domain.devices import PumpState
from ketamon.testing import DriverContract
from ketamon_drivers.terumo_te import SPEC, frame

PUMP = "000100700000001201000001"


class TestTerumo(DriverContract):
    spec = SPEC
    told_states = frozenset(
        {PumpState.INFUSING, PumpState.HELD, PumpState.ENDED}
    )  # ready: only before anything is given
    forbidden = tuple(
        frame("REQ", PUMP, bytes(command))
        for command in (
            [1, 2, 0, 0],
            [1, 1, 0, 1],
            [1, 1, 1, 0],
            [1, 1, 0, 0, 1],
            [1, 0, 0, 0],
            [0x7F, 1, 0, 0],
            [0xFF, 1, 0, 0],
            [1, 1],
            [1, 0x10, 0, 0],
        )
    )
