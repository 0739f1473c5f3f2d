"""A simulated rack that answers the questions that only read, part by part, and nothing else."""

from collections.abc import Iterator

from ketamon.domain.devices import PumpAlarm, PumpState, PumpStatus
from ketamon.driver import Truth
from ketamon.wire.framing import Terminated
from ketamon_drivers.bbraun_space import frames as f

BED = "ComSystem"
_HEADS = "1357"
_FLAGS = {
    PumpState.INFUSING: ("INM3",),
    PumpState.KVO: ("INM3", "INM10"),
    PumpState.READY: ("INM1",),
    PumpState.HELD: ("INM1",),
}
_CODES = {
    PumpAlarm.NEAR_END: "INA12",
    PumpAlarm.ENDED: "INA7",
    PumpAlarm.KVO: "INM10",
    PumpAlarm.OCCLUSION: "INA3",
    PumpAlarm.BATTERY_LOW: "INA11",
}
_ALWAYS_NONE = ("INM4", "INM9", "INA6", "INA10", "INA13")


class BBraunSpaceSimulator:
    """A rack with the pump of the truth, and `others` above it; `stuffed` is how its web page sets it."""

    def __init__(self, others: tuple[PumpStatus, ...] = (), *, stuffed: bool = False) -> None:
        self._others = others
        self._stuffed = stuffed
        self._heard = Terminated(f.EOT + f.ACK, f.LONGEST_FRAME)
        self._truth: Truth | None = None
        self._seconds = 200
        self._parts: list[bytes] = []

    def advance(self, truth: Truth) -> bytes:
        """Take note of what is true now; a rack says nothing of its own accord."""
        self._truth = truth
        self._seconds += 1
        return b""

    def receive(self, data: bytes) -> bytes:
        """Answer a question with the first part, and an acknowledgement with the next one."""
        said = b"".join(self._hear(segment.raw) for segment in self._heard.feed(data))
        return f.stuffed(said) if self._stuffed else said

    def _hear(self, raw: bytes) -> bytes:
        if raw == f.ACK:
            return self._parts.pop(0) if self._parts else b""
        self._parts = []
        message = f.parse(raw)
        if isinstance(message, str) or (message.stuffed is not None and message.stuffed is not self._stuffed):
            return self._rack("GNERR,68")
        if message.body == f.ALIVE:
            return self._rack("GNACK,0")
        if message.bed != BED or self._truth is None or self._truth.pump is None:
            return self._rack("GNERR,68")
        if message.body == f.VERSION:
            return self._rack("V3.30")
        if message.body != f.GET:
            return self._rack("GNERR,68")
        self._parts = list(self._reply(self._truth.pump))
        return self._parts.pop(0)

    def _rack(self, said: str) -> bytes:
        return f.frame(BED, f"{self._seconds},50100,{said}".encode())

    def _reply(self, own: PumpStatus) -> Iterator[bytes]:
        """One part a pump; the rack's own records go before the first."""
        rack = ["00,FMNOR,1", "00,FMSTAT,00051", "00,FMDONGLE,T", "00,FMBANY,_NV", "00,FMRT,FMS1NSNS"]
        pumps = (own, *self._others)
        raised = {_CODES[alarm] for alarm in self._truth.pump_alarms} if self._truth else set()
        for place, (slot, pump) in enumerate(zip(_HEADS, pumps, strict=False)):
            facts = _facts(pump, raised if not place else set())
            said = ([] if place else rack) + [f"1{slot},{name},{value}" for name, value in facts.items()]
            body = "\x1e".join(f"{self._seconds},501{record}" for record in said)
            yield f.frame(BED, body.encode(), last=place == len(pumps) - 1)


def _facts(pump: PumpStatus, raised: set[str]) -> dict[str, str]:
    """Write a pump as the recorded reply does."""
    rate, infused, left = pump.rate or 0.0, pump.volume_infused, pump.time_remaining
    facts = {
        "GNMODEL": "688F030006",
        "INRT": f"{rate:.2f}",
        "INVTB": _written(pump.vtbi),
        "INSOL": pump.drug or "_NV",
        "INSOLSN": pump.drug[:8] or "_NV",
        "INVOLACT": f"{max(0.0, 50 - (infused or 0)):.2f}",
        "INRMT": "65535" if left is None else f"{min(left, 65535):.0f}",
        "INDOCAL": "0",
        "INVI": _written(infused),
        "INTIME": f"{60 * (infused or 0) / rate:.0f}" if rate else "0",
        "INBORT": "800.00",
        "INP1": "4",
        "INP2": "35",
        "INSYR": "50",
        "INSERNUM": pump.serial or "40864",
        "DSSTATUS": "00051",
        "INBOVAL": "0.0",
        "INBOCNT": "0",
    }
    on = {*_FLAGS.get(pump.state, ()), *raised, "INM8"}
    on |= {"INA7"} if pump.state is PumpState.ENDED else set()
    flags = [*(f"INM{n}" for n in range(1, 13)), *(f"INA{n}" for n in range(1, 16))]
    return facts | {name: "_NV" if name in _ALWAYS_NONE else str(int(name in on)) for name in flags}


def _written(value: float | None) -> str:
    return "_NV" if value is None else f"{value:.1f}"
