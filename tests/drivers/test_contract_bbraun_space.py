from ketamon.domain.devices import PumpState
from ketamon.testing import DriverContract, Fault, Faults
from ketamon.testing.conversation import converse, truths
from ketamon.testing.damage import facts
from ketamon_drivers.bbraun_space import SPEC
from ketamon_drivers.bbraun_space.frames import frame

FORBIDDEN = (
    b"MEM:SET", b"MEM:PUT", b"MEM:GETALL", b"ADMIN:RESET", b"ADMIN:START", b"ADMIN:STOP", b"AUTOPROG:START",
    b"PUMP:START", b"INRT,100", b"",
)  # fmt: skip


class TestBBraunSpace(DriverContract):
    spec = SPEC
    slips = 0.002  # a sum does not see bytes that changed places in a first reply
    # a pump that stands is "ready" before the first drop and "held" after it; this one has given 3.1 mL
    told_states = frozenset(PumpState) - {PumpState.UNKNOWN, PumpState.READY}
    forbidden = (*(frame(bed, verb) for verb in FORBIDDEN for bed in ("1", "ComSystem")), b"\x15", b"\x05")

    def test_faults_on_the_wire_make_no_number(self) -> None:
        """A reply bears its second, so a poll that shifts has another frame: the facts are judged, not the bytes."""
        healthy = {fact for second in range(4) for output in _asked_at(second) for fact in facts(output)}
        for seed, fault in enumerate(Fault):
            wire = Faults(seed, [fault], 0.3)
            said = converse(SPEC, truths(60), wire=lambda data, at, w=wire: w(data, at) if at.seconds < 30 else [data])
            told = [fact for output in said.outputs for fact in facts(output)]
            assert told[-20:] == [fact for output in _asked_at(0) for fact in facts(output)][-20:], f"not back: {fault}"
            assert set(told) <= healthy, fault


def _asked_at(second):
    """What is told where the first question goes out a few seconds later."""
    return converse(SPEC, truths(60), wire=lambda data, at: [data] if at.seconds >= second else []).outputs
