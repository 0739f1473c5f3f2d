from ketamon.domain.devices import PumpState
from ketamon.domain.parameters import Parameter
from ketamon.driver import Measured
from ketamon.registry import load
from ketamon.testing import DriverContract

ORDERS = (
    "", "run", "irun", "wrun", "rrun", "stp", "stop", "rev", "irate 5 ml/min", "irate max", "wrate 1 ul/min",
    "ivolume 0", "cvolume",
    "civolume", "tvolume 1 ml", "ctvolume", "cttime", "diameter 7.2", "svolume 5 ml", "force 50",
    "poll on", "nvram off", "address 3", "baud 9600", "load qs iw", "boot", "version 1",
)  # fmt: skip
OLD = ("RUN", "STP", "REV", "RAT5.000MH", "TGT1.000", "DIA10.0", "MODVOL", "DIRREF", "CLD", "CLT", "VOL1", "PGR")


class _Harvard(DriverContract):
    slips = 0.003  # no checksum: last digits of a volume that look like growth
    told_states = frozenset(
        {PumpState.INFUSING, PumpState.HELD, PumpState.ENDED}
    )  # ready: only before anything is given
    forbidden = (
        b"\r", b"\n", b"\r\n", b"00\r",
        *(f"{at}{order}\r\n".encode() for order in ORDERS for at in ("", "@", "0", "00")),
        *(f"{address}{order}\r".encode() for order in OLD for address in ("", "00", "01")),
    )  # fmt: skip


class TestUltra(_Harvard):
    spec = load("harvard")


class TestLegato(_Harvard):
    spec = load("harvard+legato")


class TestPhd2000(_Harvard):
    spec = load("harvard+phd2000")
    told_states = frozenset({PumpState.INFUSING, PumpState.HELD, PumpState.READY})

    def test_numbers_come_through_unchanged(self) -> None:
        """The pump writes no unit beside the volume, so only the rate has a value."""
        told = {}
        for output in self.said().outputs:
            if isinstance(output, Measured):
                told[output.reading.parameter] = output.reading.value
        assert told == {Parameter.RATE: 54.0, Parameter.VOLUME_INFUSED: None}
