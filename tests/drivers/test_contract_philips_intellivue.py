"""IntelliVue under the contract, on both wires.

Over UDP a flipped value has nothing that shows it but its range, and UDP's own checksum, which the driver does not see.
"""

from struct import Struct

from ketamon.driver import Mismatch
from ketamon.registry import load
from ketamon.testing import DriverContract, Fault, Faults
from ketamon.testing.checks import spoken, tells_something
from ketamon.testing.conversation import converse, truths
from ketamon.testing.damage import facts
from ketamon_drivers.philips_intellivue import SPEC
from ketamon_drivers.philips_intellivue.pdus import ACTION, CONFIRMED_SET, GET, INVOKE, SET, SINGLE, action, message
from ketamon_drivers.philips_intellivue.wires import frame

_TARGET = Struct(">HHHI").pack(0x21, 0, 0, 0)
_DEMOGRAPHICS = Struct(">HHHH").pack(9, 1, 0x002A, 0x0807)
PDUS = (
    message(INVOKE, 5, CONFIRMED_SET, _TARGET + bytes.fromhex("0001000e0000f23a00080001000400020102")),
    message(INVOKE, 5, SET, _TARGET + bytes(4)),
    message(INVOKE, 5, GET, _TARGET + bytes.fromhex("00010002f23a")),
    message(INVOKE, 5, ACTION, _TARGET + bytes.fromhex("0c170000")),
    action(INVOKE, 9, SINGLE, _DEMOGRAPHICS),
)


def told(said):
    return {fact for outputs in spoken(said.outputs, said.data).values() for o in outputs for fact in facts(o)}


class TestIntellivueOnSerial(DriverContract):
    spec = SPEC
    forbidden = tuple(map(frame, PDUS)) + PDUS

    def test_faults_on_the_wire_make_no_number(self):
        """After a fault there may be another association, which counts its results anew: so no bytes are compared."""
        healthy = told(self.said())
        for seed, fault in enumerate(Fault):
            wire = Faults(seed, [fault], 0.3)
            said = converse(SPEC, truths(40), wire=lambda data, at, w=wire: w(data, at) if at.seconds < 27 else [data])
            assert wire.happened[fault] > 3
            assert told(said) <= healthy, fault
            last = [n for n, output in enumerate(said.outputs) if tells_something(output)][-1]
            assert len(said.outputs) - last < 10, f"nothing is told any more after {fault}"
            assert not any(isinstance(output, Mismatch) for output in said.outputs)


class TestIntellivueOverUdp(DriverContract):
    spec = load("philips-intellivue+udp")
    slips = 0.005
    forbidden = tuple(map(frame, PDUS)) + PDUS
