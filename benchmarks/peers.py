"""Our drivers beside public decoders of the same devices: how fast, and what each tells out of damaged bytes.

python benchmarks/peers.py

Both get what our simulator says in one conversation, in the same run; the shorter of several rounds counts. Then one
frame of a conversation is damaged, many times (`damaged`, seeded), and both read it again. Out of a damage something
wrong was told if what is told is not what the healthy bytes tell, with or without gaps. A decoder that looks less
closely is faster, so read both columns.

What is timed is `feed` of the driver, and of a peer all that it does from bytes to its result, through its own public
calls where it has such. Where it cannot be had otherwise a peer's request is in its time. In doubt the peer is
favoured: its queues are lists, its thread that would have died goes on, its slow bookkeeping is left out. What each
tells is not the same: a driver finds frames in any bytes and confirms numbers, the others mostly do not. Of Nonin's
packets both peers read no number; what the driver gets wrong there are samples of the pleth. infupy gives what an
Alaris says as text, whatever its CRC. What a device calls itself is read, but not held against anybody.

Peers are no dependencies: those that are installed are measured. Measured were nesp-lib 2.0.0, labmcp-new-era 0.1.2,
python-syringe-pump 0.2.1, infupy 2022.1.11, nonin 0.2.4 and systole 0.3.1, with Python 3.11.

Not measured, and why:
    GE          none found in the index: UN-GCPDS/python-pycollect is not in it, its "pycollect" finds files
    Contec      none found in the index that reads its oximeters
    Zyno        pyZynoUnifiedDrivers 0.0.9 decodes only within a class that opens a port and writes files
    Harvard     pumpy 1.1.3 hands text to the port, which Python 3 refuses; pymupump 0.1.6 sleeps before each answer
    Berry       berry-oximeter 0.0.3 reads Bluetooth oximeters, which speak another protocol than our boards
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from itertools import groupby
from random import Random
from time import perf_counter
from types import SimpleNamespace
from typing import Any
from warnings import catch_warnings, simplefilter

from ketamon.domain.instant import Instant
from ketamon.driver import Accepted, DriverSpec, Output, Sampled, Truth
from ketamon.registry import load
from ketamon.testing.conversation import converse, truths
from ketamon.testing.damage import damaged, facts
from ketamon_drivers.ne1000.wire import ONCE, REQUESTS, Form, reply

SECONDS, ROUNDS = 600, 21
DAMAGED_SECONDS, DAMAGES, SEED = 20, 1000, 1

Fact = tuple[object, object]
"""What it is about, and what is told of it."""
Step = tuple[Instant, bytes, bytes]
"""When, what was asked, and what came; nothing came at a tick."""
Exchange = tuple[bytes, bytes]
"""What was asked (nothing of a device that talks unasked), and what came."""
Decoder = Callable[[Sequence[Exchange]], list[Fact]]


@dataclass(frozen=True)
class Peer:
    """A package, the driver for the same device, and how to have the package's decoder made."""

    package: str
    driver: str
    make: Callable[[], Decoder]


def main() -> None:
    print(f"{'peer':<29}{'driver':<16}{'bytes/s':>11}{'peer':>11}{'ratio':>7}", end="")
    print(f"{'damaged':>9}{'wrong: ours only':>18}{'peer only':>11}{'both':>6}")
    for peer in PEERS:
        name = peer.package.partition("==")[0]
        try:
            found = version(name)
        except PackageNotFoundError:
            print(f'{name:<29}{peer.driver:<16}  not installed: python -m pip install "{peer.package}"')
            continue
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), catch_warnings():
            simplefilter("ignore")
            spec, decode = load(peer.driver), peer.make()
            ours, theirs = speeds(spec, decode)
            wrong = wrongs(spec, decode)
        print(f"{name + ' ' + found:<29}{peer.driver:<16}{ours:>11,.0f}{theirs:>11,.0f}{ours / theirs:>7.2f}", end="")
        print(f"{wrong.total():>9}{wrong[True, False]:>18}{wrong[False, True]:>11}{wrong[True, True]:>6}")


def speeds(spec: DriverSpec, decode: Decoder) -> tuple[float, float]:
    """Return the bytes a second of the driver and of the peer, and make sure that both tell something."""
    said = recorded(spec, SECONDS)
    heard = exchanges(said)
    size = sum(len(came) for _, came in heard)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        outputs, took = fed(spec, said)
        ours.append(took)
        begin = perf_counter()
        told = decode(heard)
        theirs.append(perf_counter() - begin)
        if not told or not list(facts_of(outputs)):
            raise SystemExit(f"one of the two reads nothing of what {spec.id} says; mend its entry in PEERS")
    return size / min(ours), size / min(theirs)


def wrongs(spec: DriverSpec, decode: Decoder) -> Counter[tuple[bool, bool]]:
    """Damage a frame of a conversation again and again: how often the driver, and the peer, told something wrong."""
    said = recorded(spec, DAMAGED_SECONDS)
    outputs = fed(spec, said)[0]
    ours, theirs = list(facts_of(outputs)), decode(exchanges(said))
    frames, random = list(located(said, outputs)), Random(SEED)
    found: Counter[tuple[bool, bool]] = Counter()
    while found.total() < DAMAGES:
        index, begin, end = random.choice(frames)
        at, asked, whole = said[index]
        broken = damaged(random, whole[begin:end])
        if broken == whole[begin:end]:
            continue
        steps = [*said[:index], (at, asked, whole[:begin] + broken + whole[end:]), *said[index + 1 :]]
        told = list(facts_of(fed(spec, steps)[0]))
        found[is_wrong(ours, told), is_wrong(theirs, decode(exchanges(steps)))] += 1
    return found


def is_wrong(healthy: list[Fact], told: list[Fact]) -> bool:
    """Whether of anything is told what the healthy bytes do not tell of it, in this order; a gap is no lie."""
    for key in dict(told):
        left = iter(runs(healthy, key))
        if not all(value in left for value in runs(told, key)):  # each `in` goes on behind what the last one found
            return True
    return False


def runs(told: list[Fact], key: object) -> list[object]:
    """Return what is told of one thing; told again and again counts once."""
    return [value for value, _ in groupby(value for about, value in told if about == key)]


def recorded(spec: DriverSpec, seconds: int) -> list[Step]:
    """Let driver and device talk, and note what was asked."""
    questions: list[bytes] = []

    class Overheard:
        def __init__(self) -> None:
            self._device = spec.simulate()

        def advance(self, truth: Truth) -> bytes:
            return self._note(b"", self._device.advance(truth))

        def receive(self, data: bytes) -> bytes:
            return self._note(data, self._device.receive(data))

        def _note(self, asked: bytes, said: bytes) -> bytes:
            questions.extend([asked] if said else [])
            return said

    said = converse(replace(spec, simulate=Overheard), truths(seconds))
    asked = iter(questions)
    return [(at, next(asked), data) if data else (at, b"", b"") for at, data in said.steps]


def located(steps: Iterable[Step], outputs: Iterable[Output]) -> Iterator[tuple[int, int, int]]:
    """Give the step, begin and end within it, of each frame that came in one piece."""
    frames = [(o.offset, o.offset + o.length) for o in outputs if isinstance(o, Accepted)]
    position = 0
    for index, (_, _, came) in enumerate(steps):
        end = position + len(came)
        yield from ((index, a - position, b - position) for a, b in frames if position <= a and b <= end)
        position = end


def exchanges(steps: Iterable[Step]) -> list[Exchange]:
    return [(asked, came) for _, asked, came in steps if came]


def fed(spec: DriverSpec, steps: Iterable[Step]) -> tuple[list[Output], float]:
    """Give a new driver all steps; what it told, and the seconds that `feed` took."""
    driver, took = spec.make(), 0.0
    outputs: list[Output] = []
    for at, _, came in steps:
        if not came:
            outputs += driver.tick(at)
            continue
        begin = perf_counter()
        outputs += driver.feed(came, at)
        took += perf_counter() - begin
    return outputs, took


def facts_of(outputs: Iterable[Output]) -> Iterator[Fact]:
    for output in outputs:
        if isinstance(output, Sampled):
            yield from ((output.block.signal, sample) for sample in output.block.samples if sample is not None)
        for fact in facts(output):
            about, value = (fact[:-1], fact[-1]) if isinstance(fact, tuple) else ("alarms", fact)
            if value is not None:
                yield about, value


class Wire:
    """Bytes to read: what a peer takes for its serial port, and for the queues behind it."""

    def __init__(self, data: bytes = b"") -> None:
        self.recvq, self.eventq, self.cmdq = Kept(), Kept(), Kept()
        self.answers: list[bytes] = []
        self.load(data)

    def load(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, size: int) -> bytes:
        if size > self.in_waiting:
            raise EOFError
        self._at += size
        return self._data[self._at - size : self._at]

    def read_until(self, end: bytes) -> bytes:
        found = self._data.find(end, self._at)
        if found < 0:
            raise EOFError
        return self.read(found + len(end) - self._at)

    @property
    def in_waiting(self) -> int:
        return len(self._data) - self._at

    def inWaiting(self) -> int:  # noqa: N802 (as systole calls it)
        return self.in_waiting

    def reset_input_buffer(self) -> None:
        self._at += 1  # on a live port, where it waits for the next frame, little more than that is lost

    def write(self, _: bytes) -> None:
        """Nobody hears it, but what `answers` holds comes now."""
        if self.answers:
            self.load(self.answers.pop(0))

    def allowNewCmd(self) -> None:  # noqa: N802 (as infupy calls it)
        """Nothing waits."""


class Kept(list[Any]):
    """A queue that nobody waits for."""

    put = list.append


def by_answer(ask: Callable[[bytes, bytes], Iterable[Fact]], *refusals: type[Exception]) -> Decoder:
    """Read answer by answer; these exceptions say that one is refused."""

    def decode(heard: Sequence[Exchange]) -> list[Fact]:
        told: list[Fact] = []
        for asked, came in heard:
            with suppress(*refusals):
                told += ask(asked, came)
        return told

    return decode


def stream(heard: Sequence[Exchange]) -> Wire:
    return Wire(b"".join(came for _, came in heard))


def nesp_lib(form: Form) -> Decoder:
    lib = import_module("nesp_lib")
    wire, port = Wire(), object.__new__(lib.Port)
    port._Port__serial = wire
    wire.answers = [reply(form, "00S"), reply(form, "00SNE1000V3.923")]
    pump = lib.Pump(port, safe_mode_timeout_s=lib.Pump.SAFE_MODE_TIMEOUT_LIMIT_S if form is Form.SAFE else 0)
    names = {"RAT": "pumping_rate_ml_per_min", "DIS": "volume_infused_ml", "VOL": "pumping_volume_ml"}
    verbs = {asked: names.get(verb, "status") for (_, verb), asked in REQUESTS[form].items()}

    def ask(asked: bytes, came: bytes) -> Iterable[Fact]:
        wire.answers = [came]
        return [(verbs[asked], getattr(pump, verbs[asked]))]

    refusals = lib.exceptions.Exception, lib.exceptions.ChecksumReplyException, ValueError, IndexError, EOFError
    return by_answer(ask, *refusals)


def labmcp_new_era() -> Decoder:
    lib = import_module("labmcp_new_era.driver")
    said: list[bytes] = []
    transport = SimpleNamespace(lock=nullcontext(), query=lambda *_: said[-1].decode().removesuffix("\x03"))
    pump = lib.NewEraPump(transport)
    calls = {"RAT": pump.rate, "DIS": pump.dispensed, "VOL": pump.volume, "VER": pump.identify}
    verbs = {asked: calls[verb] for (_, verb), asked in REQUESTS[Form.BASIC].items()}
    versions = {asked for (_, verb), asked in REQUESTS[Form.BASIC].items() if verb == ONCE}

    def ask(asked: bytes, came: bytes) -> Iterable[Fact]:
        said[:] = [came]
        value = verbs[asked]()
        return [] if asked in versions else [(asked, value)]

    return by_answer(ask, lib.InstrumentError, ValueError)


def python_syringe_pump() -> Decoder:
    lib = import_module("syringe_pump.response_parser")

    def ask(asked: bytes, came: bytes) -> Iterable[Fact]:
        said = lib.PumpResponse.from_output(came, asked.decode())
        if b"version" in asked:
            return [("prompt", said.prompt)]
        amount, _ = lib.extract_quantity(said.message[0])
        return [("prompt", said.prompt), (asked, (float(amount), amount.units))]

    return by_answer(ask, lib.PumpError, ValueError, IndexError)


def infupy_replies(lib: Any, heard: Sequence[Exchange]) -> Wire:
    """Run the package's receiving thread over all of it."""
    wire = stream(heard)
    while wire.in_waiting:
        with suppress(ValueError, EOFError):  # of a ValueError the thread would die; here it starts anew
            lib.RecvThread(wire).run()
    return wire


def infupy_alaris() -> Decoder:
    lib = import_module("infupy.backends.alaris")
    return lambda heard: [("reply", reply.value) for reply in infupy_replies(lib, heard).recvq]


def infupy_fresenius() -> Decoder:
    lib = import_module("infupy.backends.fresenius")
    read = {lib.VarId.rate: lib.extractRate, lib.VarId.volume: lib.extractVolume}

    def decode(heard: Sequence[Exchange]) -> list[Fact]:
        wire = infupy_replies(lib, heard)
        told: list[Fact] = []
        said = [(reply.origin, reply.value) for reply in wire.recvq if not reply.error]
        for origin, text in said + [(origin, text) for _, origin, text in wire.eventq]:
            for name, raw in lib.parseVars(text).items():
                with suppress(ValueError):
                    told.append(((origin, name), read[name](text) if name in read else raw))
        return told

    return decode


def nonin() -> Decoder:
    lib = import_module("nonin.device")

    def decode(heard: Sequence[Exchange]) -> list[Fact]:
        device = object.__new__(lib.Nonin)
        device.serial, device.packet_count, device.frame_count = stream(heard), 0, 0
        told: list[Fact] = []
        with suppress(EOFError):
            while True:
                told += device.read().items()
        return told

    return decode


def systole() -> Decoder:
    lib = import_module("systole.recording")

    def decode(heard: Sequence[Exchange]) -> list[Fact]:
        told: list[Fact] = []
        meter = lib.Oximeter(stream(heard))
        meter.add_paquet = lambda value: told.append(("pleth", value))  # its own finds peaks, ever slower
        with suppress(EOFError):
            meter.readInWaiting()
        return told

    return decode


PEERS = (
    Peer("nesp-lib==2.0.0", "ne1000+basic", partial(nesp_lib, Form.BASIC)),
    Peer("nesp-lib==2.0.0", "ne1000+safe", partial(nesp_lib, Form.SAFE)),
    Peer("labmcp-new-era==0.1.2", "ne1000+basic", labmcp_new_era),
    Peer("python-syringe-pump==0.2.1", "harvard+legato", python_syringe_pump),
    Peer("infupy==2022.1.11", "alaris-gh", infupy_alaris),
    Peer("infupy==2022.1.11", "base-primea", infupy_fresenius),
    Peer("nonin==0.2.4", "nonin+2", nonin),
    Peer("systole==0.3.1", "nonin+2", systole),
)

if __name__ == "__main__":
    main()
