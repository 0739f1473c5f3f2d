from ketamon.domain.devices import PumpState
from ketamon.testing import DriverContract
from ketamon_drivers.ap4000 import SPEC
from ketamon_drivers.ap4000.wire import frame

SYSTEM = "066-22-20-003"


class TestAp4000(DriverContract):
    spec = SPEC
    slips = 0.003  # a sum does not see two characters that change places in the first answer
    told_states = frozenset(
        {PumpState.INFUSING, PumpState.HELD, PumpState.ENDED}
    )  # ready: only before anything is given
    forbidden = tuple(
        map(
            frame,
            (
                f"CNTLREQ^{SYSTEM}^case^1^2", "INFPAUS^token^1^1^2^-1", "INFRESM^token^1^1^2^-1", "INFPROG^token^1^5.0",
                f"STATREQ^{SYSTEM}^1", "STATREQ", "CONNREQ^1",
            ),
        )
    )  # fmt: skip
