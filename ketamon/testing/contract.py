"""The contract of `ketamon.driver` as tests that any driver inherits.

    from ketamon.testing import DriverContract
    from ketamon_acme.oximeter import SPEC

    class TestOximeter(DriverContract):
        spec = SPEC

The suite lets the driver and its simulator talk, takes what was said as healthy, and then spoils it. Everything is
seeded: a failure comes again. What a protocol cannot promise is written as an attribute of the subclass, where it can
be seen; the defaults are what a good protocol can.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from random import Random
from time import process_time
from typing import ClassVar

from ketamon.domain.devices import Action, DeviceKind, PumpAlarm, PumpState
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.driver import (
    Accepted,
    DeviceAlarms,
    DriverSpec,
    Garbage,
    Measured,
    Output,
    PumpTelemetry,
    Sampled,
    Send,
    Truth,
)
from ketamon.testing import faults
from ketamon.testing.checks import accounted, covered, tells_something
from ketamon.testing.conversation import (
    PUMP,
    START,
    Conversation,
    alarming_truths,
    converse,
    pieces,
    recut,
    replay,
    silent_truths,
    truths,
)
from ketamon.testing.damage import Slips, damage, inputs

_FRESH_EVERY = 200
"""After so many inputs a driver's memory is cleared, as when a cable is put in again."""
_BLOCK = 4_000
"""Bytes of the worst inputs for which time is measured."""
_Steps = Sequence[tuple[Instant, bytes | None]]
_SAID: dict[type, Conversation] = {}
"""What each contract's driver and simulator said, made once."""


class DriverContract:
    """Inherit, and set `spec`.

    `seconds` is how long driver and simulator talk. `slips` is the share of damaged frames that may pass the device's
    own checks and yours with a wrong value. `lost_after_damage` is how many whole frames behind damage may be lost with
    it. `tolerance` is the resolution of a parameter where it is coarser than half of its last digit on the screen.
    `unasked` are parameters that the driver reads but does not ask for. `told_states` and `told_alarms` are what the
    pump can tell apart. `forbidden` holds byte strings that must never be sent and must change nothing at the
    simulator.
    """

    spec: ClassVar[DriverSpec]
    seconds: ClassVar[int] = 40
    slips: ClassVar[float] = 0.001
    lost_after_damage: ClassVar[int] = 0
    tolerance: ClassVar[Mapping[Parameter, float]] = {}
    unasked: ClassVar[frozenset[Parameter]] = frozenset()
    told_states: ClassVar[frozenset[PumpState]] = frozenset(PumpState) - {PumpState.UNKNOWN}
    told_alarms: ClassVar[frozenset[PumpAlarm]] = frozenset(PumpAlarm)
    forbidden: ClassVar[tuple[bytes, ...]] = ()

    @classmethod
    def said(cls) -> Conversation:
        """What driver and simulator say to each other when all is well."""
        if cls not in _SAID:
            _SAID[cls] = converse(cls.spec, truths(cls.seconds), actions=_actions(cls.spec))
        return _SAID[cls]

    # what is healthy

    def test_a_healthy_stream_has_no_garbage(self) -> None:
        """Every byte of the simulated device belongs to a frame."""
        said = self.said()
        assert [o for o in said.outputs if isinstance(o, Garbage)] == []
        assert said.frames, "the simulator and the driver said nothing to each other"
        accounted(said.outputs, said.data)

    def test_it_says_what_it_declares(self) -> None:
        """All parameters and signals of the spec come up, and no other."""
        said = self.said()
        told = {o.reading.parameter for o in said.outputs if isinstance(o, Measured)}
        assert told == set(self.spec.parameters) - self.unasked
        assert {o.block.signal for o in said.outputs if isinstance(o, Sampled)} == set(self.spec.signals)

    def test_numbers_come_through_unchanged(self) -> None:
        """The last value of each parameter is what the simulator was told, in its unit."""
        *_, last = truths(self.seconds)
        told = self._told_last(self.said())
        for parameter in set(self.spec.parameters) - self.unasked:
            true = _true(parameter, last)
            value = told[parameter]
            assert value is not None, f"no value of {parameter}"
            assert true is not None
            near = self.tolerance.get(parameter, 0.5 * 10 ** -PARAMETERS[parameter].decimals)
            assert abs(value - true) <= near + 1e-9, f"{parameter}: the device has {true}, the driver says {value}"

    def test_units_are_the_parameters_own(self) -> None:
        """Every reading is in the unit of its parameter."""
        for output in self.said().outputs:
            if isinstance(output, Measured):
                assert output.reading.unit is PARAMETERS[output.reading.parameter].unit

    def test_no_sensor_no_value(self) -> None:
        """Where the device has nothing, the driver says nothing, and a cuff pressure of before is no new one."""
        said = converse(self.spec, silent_truths(12))
        vital = set(self.spec.parameters) - set(_PUMP_NUMBERS)
        for output in said.outputs:
            if isinstance(output, Measured) and output.reading.parameter in vital:
                assert output.reading.value is None, output
            assert not isinstance(output, Garbage), output

    def test_a_cuff_result_is_new_once(self) -> None:
        """A result that the device repeats is told as repeated."""
        told = [o.reading for o in converse(self.spec, _one_cuff(30), actions=_actions(self.spec)).outputs
                if isinstance(o, Measured) and o.reading.parameter in CUFF and o.reading.value is not None]  # fmt: skip
        assert sum(not reading.repeated for reading in told) <= len(CUFF)

    def test_the_pump_says_what_it_does(self) -> None:
        """Each state and alarm of the simulated pump that the device can tell reaches the driver."""
        if self.spec.kind is not DeviceKind.PUMP:
            return
        for state in self.told_states:
            given = (replace(t, pump=replace(PUMP, state=state, rate=_RATES.get(state, 0.0)), pump_alarms=_alarm(state))
                     for t in truths(12))  # fmt: skip
            statuses = [o.status for o in converse(self.spec, given).outputs if isinstance(o, PumpTelemetry)]
            assert statuses, f"nothing is said of a pump that is {state}"
            assert statuses[-1].state is state
        for alarm in self.told_alarms if self.spec.alarms_decoded else ():
            said = converse(self.spec, alarming_truths(alarm, _STATES.get(alarm, PumpState.HELD), 12))
            alarms = [o.alarms for o in said.outputs if isinstance(o, DeviceAlarms)]
            assert any(alarms), f"no alarm is told where the pump has {alarm}"

    # bytes in any shape

    def test_chunks_change_nothing(self) -> None:
        """However what arrives is cut, the outputs are the same."""
        said, random = self.said(), Random(1)
        whole = replay(self.spec.make(), said.steps)
        accounted(whole, said.data)
        for sizes in ([1], [2, 3], *([random.randint(1, 300) for _ in range(5)] for _ in range(6))):
            same = replay(self.spec.make(), recut(said.steps, sizes)) == whole
            assert same, f"cut into pieces of {sizes} the outputs differ"

    def test_a_copy_goes_on_alike(self) -> None:
        """A driver can be copied in the middle (who walks through a recording goes back to one), and goes on alike."""
        said, driver = self.said(), self.spec.make()
        half = len(said.steps) // 2
        for at, data in said.steps[:half]:
            list(driver.tick(at) if data is None else driver.feed(data, at))
        copy = deepcopy(driver)
        assert replay(driver, said.steps[half:]) == replay(copy, said.steps[half:])

    def test_damaged_chunks_change_nothing(self) -> None:
        """The same holds for damaged bytes and noise."""
        random = Random(2)
        for data in _gathered(inputs(2, self.said(), 240), 6):
            steps: _Steps = [(START, data)]
            whole = replay(self.spec.make(), steps)
            accounted(whole, data)
            for sizes in ([1], [random.randint(1, 40) for _ in range(4)]):
                same = replay(self.spec.make(), recut(steps, sizes)) == whole
                assert same, f"cut into pieces of {sizes} the outputs differ: {data.hex()}"

    def test_random_and_mutated_inputs(self, driver_inputs: int) -> None:
        """No exception, every byte accounted for, and next to nothing damaged taken for whole."""
        said = self.said()
        slips, slipped, at = Slips(said.outputs), 0, START
        for batch in _batches(inputs(3, said, driver_inputs), _FRESH_EVERY):
            driver, fed = self.spec.make(), b"".join(batch)
            outputs: list[Output] = []
            for data in batch:
                at = at.plus(0.05)
                outputs += driver.tick(at)
                outputs += driver.feed(data, at)
            outputs += driver.flush(at)
            accounted(outputs, fed)
            slipped += len(slips.found(outputs, fed))
        assert slipped <= max(1, driver_inputs * self.slips), f"{slipped} of {driver_inputs} damaged inputs gave values"

    def test_no_value_from_a_damaged_frame(self) -> None:
        """One damaged arrival in a healthy stream tells no number, state or alarm that the whole one does not tell."""
        done = damage(self.spec, self.said(), 4, 400)
        assert done.hit > 0
        assert done.numbers <= max(1, done.hit * self.slips), f"{done.numbers} of {done.hit} gave a wrong value"

    def test_whole_frames_behind_noise_are_found(self) -> None:
        """Noise of any length and kind before the device's bytes costs at most `lost_after_damage` frames."""
        said, random = self.said(), Random(5)
        healthy = _frames(replay(self.spec.make(), said.steps), 0)
        lengths = (1, 2, 7, 63, 64, 255, 256, 257, 511, 512, 1023, 1024, 2048, 4097)
        for noise in (*(random.randbytes(n) for n in lengths), *_gathered(inputs(6, said, 90), 3)):
            found = _frames(replay(self.spec.make(), [(START, noise), *said.steps]), len(noise))
            lost = healthy - found
            early = sorted(healthy)[: self.lost_after_damage + 1]
            assert lost <= set(early[:-1] if self.lost_after_damage else ()), (
                f"{len(lost)} frames lost behind {noise.hex()}"
            )

    def test_a_truncated_frame_gives_nothing(self) -> None:
        """Bytes that end within a frame tell nothing of it."""
        said = self.said()
        frame = max(said.frames[:40], key=len)
        for end in range(0, len(frame), max(1, len(frame) // 300)):
            outputs = replay(self.spec.make(), [(START, frame[:end])])
            accounted(outputs, frame[:end])
            assert not any(tells_something(o) for o in outputs) or any(f == frame[: len(f)] for f in said.frames)

    def test_no_more_is_held_back_than_declared(self) -> None:
        """The bytes inside a driver never exceed `max_buffer`."""
        said, random = self.said(), Random(7)
        for data in (*_gathered(inputs(7, said, 200), 40), *(worst[:9000] for worst in self._worst())):
            driver, fed, given = self.spec.make(), 0, 0
            for chunk in pieces(data, [random.randint(1, 200) for _ in range(4)]):
                fed += len(chunk)
                given += sum(map(covered, driver.feed(chunk, START)))
                assert fed - given <= self.spec.max_buffer, f"{fed - given} bytes are held back"
            assert given + sum(map(covered, driver.flush(START))) == fed

    def test_time_is_linear(self) -> None:
        """Four times the input takes four times as long, not sixteen, also for the worst input."""
        for worst in self._worst():
            for size in (7, 100_000):
                assert any(
                    self._seconds(worst * 4, size) < 10 * self._seconds(worst, size) + 0.004 for _ in range(3)
                ), f"time grows faster than the input: {worst[:40]!r}"

    # what goes out

    def test_nothing_but_the_allow_list_is_ever_sent(self) -> None:
        """By bytes, ticks, clocks that jump and any order of calls."""
        said, random = self.said(), Random(8)
        for batch in _batches(inputs(8, said, 1500), 50):
            driver, at = self.spec.make(), START
            for data in batch:
                at = at.plus(random.choice((-1.0, 0.0, 0.25, 1.0, 30.0)))
                call = random.choice(
                    (driver.tick, driver.tick, lambda at, d=data, f=driver.feed: f(d, at), driver.flush)
                )
                for output in call(at):
                    if isinstance(output, Send):
                        assert output.data in self.spec.allow_list, f"sent {output.data!r}"

    def test_bytes_alone_send_nothing(self) -> None:
        """What goes out goes out with a tick, or because a person asked."""
        driver = self.spec.make()
        for data in inputs(9, self.said(), 500):
            assert not any(isinstance(output, Send) for output in driver.feed(data, START))

    def test_nothing_forbidden_is_allowed(self) -> None:
        """No forbidden order is in the allow-list, and the simulated device obeys none."""
        for order in self.forbidden:
            assert order not in self.spec.allow_list, f"{order!r} may be sent"
            device, twin = self.spec.simulate(), self.spec.simulate()
            answers = []
            for second, truth in enumerate(truths(6)):
                if second == 3:  # noqa: PLR2004 (in the middle)
                    device.receive(order)
                answers.append((device.advance(truth), twin.advance(truth)))
            assert all(one == other for one, other in answers), f"{order!r} changed what the device says"

    def test_what_a_person_must_ask_for_is_not_sent_otherwise(self) -> None:
        """A start is in no allow-list; what asks a device who it is, is."""
        start = self.spec.actions.get(Action.CUFF_START)
        if start is not None:
            assert not any(data in self.spec.allow_list for data in start.exact)
        assert all(request in self.spec.allow_list for request in self.spec.probe)

    # time

    def test_a_healthy_device_is_never_quiet(self) -> None:
        """Between two frames that tell something there is less time than `quiet_after_s`."""
        driver, last, quiet = self.spec.make(), 0.0, 0.0
        for at, data in self.said().steps:
            made = driver.tick(at) if data is None else driver.feed(data, at)
            if any(isinstance(o, Measured | PumpTelemetry | DeviceAlarms) for o in list(made)):
                quiet, last = max(quiet, at.seconds - last), at.seconds
        assert quiet < self.spec.quiet_after_s, f"quiet for {quiet:.1f} s"
        assert self.spec.interval_s <= self.spec.quiet_after_s

    def test_the_wall_clock_changes_nothing(self) -> None:
        """Deadlines use the monotonic clock: the same steps on another day, with the clock set in between."""
        said = self.said()
        other = [(Instant(at.monotonic_ns, START.wall.replace(year=1970 + n % 3)), data)
                 for n, (at, data) in enumerate(said.steps)]  # fmt: skip
        same = replay(self.spec.make(), other) == replay(self.spec.make(), said.steps)
        assert same

    def test_faults_on_the_wire_make_no_number(self) -> None:
        """Under every fault no value comes up that the patient never had; afterwards the driver finds its way back."""
        slips, wrong, frames = Slips(self.said().outputs), 0, 0
        for seed, fault in enumerate(faults.Fault):
            wire = faults.Faults(seed, [fault], 0.3)
            quiet_from = self.seconds - 8 - self.spec.quiet_after_s
            said = converse(
                self.spec,
                truths(self.seconds),
                wire=partial(_until, quiet_from, wire),
            )
            accounted([*said.outputs, *_unread(said)], said.data)
            wrong += len(slips.found(said.outputs, said.data))
            frames += len(said.frames)
            late = [o for o in said.outputs if tells_something(o) or isinstance(o, Measured)][-1:]
            assert late, f"nothing is told any more after {fault}"
        assert wrong <= max(1, frames * self.slips), f"{wrong} wrong frames of {frames}"

    # helpers

    def _told_last(self, said: Conversation) -> dict[Parameter, float | None]:
        told: dict[Parameter, float | None] = dict.fromkeys(self.spec.parameters)
        for output in said.outputs:
            if isinstance(output, Measured) and output.reading.value is not None:
                told[output.reading.parameter] = output.reading.value
        return told

    def _worst(self) -> Iterator[bytes]:
        """Inputs that make a careless driver search again and again: starts without ends, ends without starts."""
        frames = sorted(set(self.said().frames[:60]), key=len)
        edges = {f[:n] for f in (frames[0], frames[-1]) for n in (1, 2, 4)} | {f[-1:] for f in frames[-2:]}
        for piece in (*sorted(edges), frames[-1][:-1], b"\0", b"\xff", b"0"):
            yield (piece * (_BLOCK // len(piece) + 1))[:_BLOCK]

    def _seconds(self, data: bytes, size: int) -> float:
        driver, begin = self.spec.make(), process_time()
        for chunk in pieces(data, [size]):
            for _ in driver.feed(chunk, START):
                pass
        return process_time() - begin


_PUMP_NUMBERS: dict[Parameter, str] = {
    Parameter.RATE: "rate",
    Parameter.VOLUME_INFUSED: "volume_infused",
    Parameter.VTBI: "vtbi",
    Parameter.TIME_REMAINING: "time_remaining",
    Parameter.PRESSURE: "pressure",
}
_RATES = {PumpState.INFUSING: 54.0, PumpState.KVO: 1.0}
_STATES = {
    PumpAlarm.NEAR_END: PumpState.INFUSING,
    PumpAlarm.BATTERY_LOW: PumpState.INFUSING,
    PumpAlarm.KVO: PumpState.KVO,
    PumpAlarm.ENDED: PumpState.ENDED,
}


def _alarm(state: PumpState) -> tuple[PumpAlarm, ...]:
    return {PumpState.KVO: (PumpAlarm.KVO,), PumpState.ENDED: (PumpAlarm.ENDED,)}.get(state, ())


def _true(parameter: Parameter, truth: Truth) -> float | None:
    if parameter in _PUMP_NUMBERS:
        value: float | None = getattr(truth.pump, _PUMP_NUMBERS[parameter])
        return value
    return truth.values[parameter]


def _one_cuff(seconds: int) -> Iterator[Truth]:
    """One cuff result, and nothing else moves."""
    for truth in truths(seconds):
        yield replace(truth, values=next(truths(1)).values, cuff_measuring=False)


def _actions(spec: DriverSpec) -> dict[int, Action]:
    return {3: Action.CUFF_START} if Action.CUFF_START in spec.actions else {}


def _until(end_s: float, wire: faults.Faults, data: bytes, at: Instant) -> list[bytes]:
    return wire(data, at) if at.seconds < end_s else [data]


def _batches(given: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for data in given:
        batch.append(data)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _gathered(given: Iterator[bytes], size: int) -> Iterator[bytes]:
    return (b"".join(batch) for batch in _batches(given, size))


def _frames(outputs: Sequence[Output], base: int) -> set[tuple[int, str]]:
    """Where accepted frames end, from `base` on; they may begin a byte later where a flag is shared."""
    ends = ((o.offset + o.length - base, o.name) for o in outputs if isinstance(o, Accepted))
    return {(end, name) for end, name in ends if end > 0}


def _unread(said: Conversation) -> list[Garbage]:
    """The bytes at the end that the driver still holds."""
    done = sum(map(covered, said.outputs))
    rest = said.data[done:]
    return [Garbage(done, rest, "still held")] if rest else []
