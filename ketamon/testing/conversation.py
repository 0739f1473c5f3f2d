"""A driver and its simulated device talking to each other: where the contract suite gets whole, healthy frames from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import sin, tau
from typing import cast

from ketamon.domain.devices import Action, PumpAlarm, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, ActingDriver, Driver, DriverSpec, Output, Send, Truth

START = Instant(0, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
TICKS = 4
"""Ticks a second, as in a live session."""
_WAVE_HZ = 600

VALUES: dict[Parameter, float] = {
    Parameter.HR: 71, Parameter.RR: 14, Parameter.NIBP_SYS: 126, Parameter.NIBP_DIA: 72, Parameter.NIBP_MAP: 90,
    Parameter.TEMP: 36.6, Parameter.SPO2: 93, Parameter.PR: 71, Parameter.ETCO2: 37.0, Parameter.FICO2: 1.0,
    Parameter.PI: 3.25,
}  # fmt: skip
PUMP = PumpStatus(
    state=PumpState.INFUSING,
    rate=54.0,
    volume_infused=3.1,
    vtbi=36.0,
    pressure=45.0,
    time_remaining=2160.0,
    serial="8002-51740",
)

Wire = Callable[[bytes, Instant], Iterable[bytes]]
"""What happens to the device's bytes on their way: the pieces that arrive."""


def truths(seconds: int) -> Iterator[Truth]:
    """A patient and a pump whose numbers walk, so that bytes which need escaping come up too."""
    waves = {signal: tuple(_wave(signal)) for signal in Signal}
    for second in range(seconds):
        values = {p: v + second % 7 if v > 20 else v for p, v in VALUES.items()}  # noqa: PLR2004 (small ones stand)
        yield Truth(
            wall=START.wall + timedelta(seconds=second),
            values=values,
            cuff_age_s=float(second),
            cuff_measuring=seconds - 8 <= second < seconds - 4,
            waves=waves,
            pump=replace(PUMP, volume_infused=round(3.1 + second // 10 / 10, 1)),
        )


def silent_truths(seconds: int) -> Iterator[Truth]:
    """No sensor gives anything; the pump stands still."""
    for truth in truths(seconds):
        pump = replace(PUMP, state=PumpState.HELD, rate=0.0)
        yield replace(truth, values=dict.fromkeys(truth.values), cuff_age_s=None, waves={}, pump=pump)


def alarming_truths(alarm: PumpAlarm, state: PumpState, seconds: int) -> Iterator[Truth]:
    """The pump stands in an alarm."""
    for truth in truths(seconds):
        yield replace(truth, pump=replace(PUMP, state=state, rate=0.0, alarm=True), pump_alarms=(alarm,))


def _wave(signal: Signal) -> Iterator[float]:
    turns = {Signal.RESP: 1, Signal.CO2: 1}.get(signal, 2)
    return (0.5 + 0.4 * sin(tau * turns * i / _WAVE_HZ) for i in range(_WAVE_HZ))


@dataclass(frozen=True)
class Conversation:
    """What was said: `steps` are ticks (no bytes) and arrivals in their order, `outputs` what came of it."""

    steps: tuple[tuple[Instant, bytes | None], ...]
    outputs: tuple[Output, ...]

    @property
    def data(self) -> bytes:
        """All that the device said."""
        return b"".join(data for _, data in self.steps if data)

    @property
    def frames(self) -> tuple[bytes, ...]:
        """The device's frames, as the driver accepted them."""
        data = self.data
        return tuple(data[o.offset : o.offset + o.length] for o in self.outputs if isinstance(o, Accepted))


def converse(
    spec: DriverSpec,
    given: Iterable[Truth],
    *,
    wire: Wire = lambda data, _: (data,),
    actions: Mapping[int, Action] | None = None,
) -> Conversation:
    """Let a new driver and its simulated device talk, second by second, with a person who asks for `actions`."""
    driver, device = spec.make(), spec.simulate()
    steps: list[tuple[Instant, bytes | None]] = []
    outputs: list[Output] = []

    def hear(said: bytes, at: Instant) -> None:
        for piece in wire(said, at):
            if piece:
                steps.append((at, piece))
                outputs.extend(driver.feed(piece, at))

    def carry(made: Iterable[Output], at: Instant) -> None:
        made = list(made)
        outputs.extend(made)
        for output in made:
            if isinstance(output, Send):
                hear(device.receive(output.data), at.plus(0.02))

    for second, truth in enumerate(given):
        hear(device.advance(truth), START.plus(second + 0.01))
        if actions and second in actions:
            carry(
                cast("ActingDriver", driver).act(actions[second], START.plus(second + 0.05)), START.plus(second + 0.05)
            )
        for tick in range(TICKS):
            at = START.plus(second + 0.1 + tick / TICKS)
            steps.append((at, None))
            carry(driver.tick(at), at)
    return Conversation(tuple(steps), tuple(outputs))


def replay(driver: Driver, steps: Sequence[tuple[Instant, bytes | None]]) -> list[Output]:
    """Give a driver the same ticks and bytes again, and end the input."""
    outputs: list[Output] = []
    for at, data in steps:
        outputs += driver.tick(at) if data is None else driver.feed(data, at)
    return outputs + list(driver.flush(steps[-1][0] if steps else START))


def recut(steps: Iterable[tuple[Instant, bytes | None]], sizes: Sequence[int]) -> list[tuple[Instant, bytes | None]]:
    """Cut what arrived into pieces of these sizes, again and again."""
    cut: list[tuple[Instant, bytes | None]] = []
    for at, data in steps:
        if data is None:
            cut.append((at, None))
        else:
            cut += [(at, piece) for piece in pieces(data, sizes)]
    return cut


def pieces(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Cut into pieces of these sizes, again and again."""
    start = 0
    while start < len(data):
        for size in sizes:
            if start < len(data):
                yield data[start : start + size]
            start += size
