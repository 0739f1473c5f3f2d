"""What may be fed with anything: each target takes bytes, and fails where more than a refusal comes of them.

One target is a function from bytes to nothing, and seeds: inputs that are whole, to be damaged. The suite damages them
under hypothesis (`test_fuzz.py`), a night under atheris (`nightly.py`); both use what stands here.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import msgspec
from chair.bedside import NURSE, PHYSICIAN, START, Bedside, checking_in

from ketamon import decoded
from ketamon.chair.server import MAX_LINE, Server, event_line
from ketamon.codec import decode_intent, encode_intent
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.fold import fold
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Intent
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Trigger
from ketamon.domain.readings import Mode
from ketamon.driver import DriverSpec
from ketamon.errors import KetamonError, ProfileError, Refused, SourceError
from ketamon.follow import Beat, SocketFeed, Source, beat_line
from ketamon.profiles import load, loads
from ketamon.registry import load as load_driver
from ketamon.registry import names
from ketamon.store import database, location
from ketamon.store.reader import Reader
from ketamon.store.verify import verify
from ketamon.store.writer import Store
from ketamon.stream.reader import StreamReader
from ketamon.stream.reader import verify as verify_stream
from ketamon.stream.record import Header, StreamDevice
from ketamon.stream.writer import StreamWriter
from ketamon.testing.checks import accounted, covered
from ketamon.testing.conversation import converse, truths

AT = Instant(0, START)


class Target(NamedTuple):
    """`run` may raise nothing; `seeds` are whole inputs."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


@cache
def folder() -> Path:
    """A folder of this process, in memory where there is such a place."""
    memory = Path("/dev/shm")  # noqa: S108 (only the folder that is made in it is used)
    made = tempfile.TemporaryDirectory(prefix="ketamon-fuzz-", dir=memory if memory.is_dir() else None)
    _kept.append(made)
    return Path(made.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


@cache
def session() -> list[e.Event]:
    """A session with something of everything."""
    bed = Bedside(mode=Mode.REAL).infusing()
    bed.values[Parameter.SPO2] = 80.0
    bed.run(20).cuff(150, 90).observe(nausea=1).ask(i.Acknowledge(by=NURSE))
    bed.wall_shift += 3600
    bed.silent.add("monitor")
    return bed.run(20).events


# recorded streams


def stream(data: bytes) -> None:
    """A file is verified, read, and gone on with, whatever stands in it."""
    path = folder() / "fuzz.kstream"
    path.write_bytes(data)
    with suppress(SourceError):
        report = verify_stream(path)
        assert len("".join(report.sentences())) < 1 << 16
        with StreamReader(path) as reader:
            times = [record.t for record in reader]
        assert report.problems or all(a <= b for a, b in pairwise(times))
        header = reader.header
        with StreamWriter(path, header, AT) as writer:
            writer.note("", AT, "on")
        with StreamReader(path) as reader:
            assert any(record.data == "on" for record in reader), "what is written on is read back"


def _stream_seeds() -> list[bytes]:
    path = folder() / "seed.kstream"
    path.unlink(missing_ok=True)
    with StreamWriter(path, Header(START, {"m": StreamDevice("nonin", "/dev/m")}, Mode.DEMO), AT) as writer:
        writer.rx("m", AT.plus(1), b"\x00\xff\r")
        writer.tx("m", AT.plus(2), b"SPO2\r\n")
        writer.intent(AT.plus(61), '{"type":"note"}')
    return [path.read_bytes(), path.read_bytes()[:200]]


# session files


def store(data: bytes) -> None:
    """A file is verified, read, listed and opened for writing, whatever stands in it."""
    path = folder() / "fuzz.ksession"
    for side in ("", "-wal", "-shm", ".lock"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    path.write_bytes(data)
    with suppress(KetamonError):
        verify(path)
    with suppress(KetamonError), Reader(path) as reader:
        fold(reader.events())
    with patch.object(location, "session_files", lambda: [path]):
        location.open_sessions()
    with suppress(KetamonError):
        Store(path, clock=int, on_degraded=lambda _degraded, _why: None).close()


def _store_seeds() -> list[bytes]:
    path = folder() / "seed.ksession"
    path.unlink(missing_ok=True)
    database.create(path, "s", START)
    with Store(path, clock=int, on_degraded=lambda _degraded, _why: None) as writer:
        writer.append(session()[:60], urgent=True).result(10)
        writer.close(ended=True)
    return [path.read_bytes()]


# profiles


def profile(data: bytes) -> None:
    """A profile is read, or every problem of it is told in a sentence."""
    problems = ["none"]
    try:
        loads(data.decode(errors="replace"), "fuzz.toml")
    except ProfileError as error:
        problems = error.problems
    assert problems
    assert all(problem.strip() for problem in problems)


def _profile_seeds() -> list[bytes]:
    return [load(None)[1].encode()]


# the socket, from the core's side


_load = cache(load)


@cache
def _bedsides() -> list[list[e.Event]]:
    return [Bedside(mode=Mode.REAL).open().run(3).events, Bedside(mode=Mode.REAL).at_baseline().events, session()]


def asking(data: bytes) -> None:
    """Requests reach a chair; it answers or refuses, and what it says can be written down and read back."""
    which, _, lines = data.partition(b"\n")
    with patch("chair.bedside.load", _load):
        bed = Bedside(mode=Mode.REAL, state=fold(_bedsides()[len(which) % 3]), at=2000.0)
    bed.attach()

    async def ask(intent: Intent, _pin: str) -> str:
        bed.ask(intent)
        return ""

    answers = asyncio.run(_served(lines, ask))
    assert all(msgspec.json.decode(line)["kind"] in ("beat", "answer") for line in answers.splitlines())
    for event in bed.run(2).events:
        line = msgspec.json.decode(event_line(event))
        assert line["seq"] == event.seq
    assert fold([*_bedsides()[len(which) % 3], *bed.events]).seq == bed.state.seq


class _Pipe:
    """A connection in memory."""

    def __init__(self) -> None:
        self.said = b""
        self.transport = self

    def get_extra_info(self, _name: str) -> None:
        return None

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.said += data

    def writelines(self, lines: Iterator[bytes]) -> None:
        self.said += b"".join(lines)

    def close(self) -> None:
        pass


async def _served(lines: bytes, ask: Callable[..., object]) -> bytes:
    server = Server(lambda _after: [], ask, lambda: _BEAT, lambda _console: None)  # type: ignore[arg-type]
    reader, pipe = asyncio.StreamReader(limit=MAX_LINE), _Pipe()
    reader.feed_data(lines)
    reader.feed_eof()
    with patch("ketamon.chair.server.peer_uid", lambda _sock: 0):
        await server._follow(reader, pipe)  # type: ignore[arg-type]
    assert not server.followers
    return pipe.said


_BEAT = beat_line(Beat(at=AT, source=Source.LIVE, speed=1.0, saved_s=0.0, chair="2"))


def _asking_seeds() -> list[bytes]:
    intents = [
        *checking_in(load(None)[0]),
        *(i.Observe(item="nausea", grade=1, by=NURSE, minutes_ago=m, why_then="late") for m in (0.0, 5.0)),
        *(i.Sign(meaning=meaning, by=PHYSICIAN, why="x") for meaning in Meaning),
        *(i.Advance(trigger=trigger, by=NURSE, why="x") for trigger in Trigger),
        i.Note(text="x", by=NURSE),
        i.PauseAudio(by=NURSE, on=True),
        i.SwitchLimits(parameter=Parameter.SPO2, off=True, by=NURSE, why="x"),
        i.Correct(corrects=1, grade=None, why="x", by=NURSE),
    ]
    lines = [b'{"id":%d,"pin":"1","intent":%b}\n' % (n, encode_intent(intent)) for n, intent in enumerate(intents)]
    return [b"x" * n + b"\n" + b"".join(lines[n:]) for n in range(3)] + [b"\n" + line for line in lines]


def intent(data: bytes) -> None:
    """An intent is read or refused."""
    with suppress(Refused):
        found, proof = decode_intent(data)
        assert decode_intent(encode_intent(found, proof)) == (found, proof)


def _intent_seeds() -> list[bytes]:
    return [
        bytes(msgspec.json.encode(msgspec.json.decode(s.partition(b"\n")[2])["intent"])) for s in _asking_seeds()[3:]
    ]


# the socket, from a console's side


def follower(data: bytes) -> None:
    """Whatever a core says, a console folds it or parts from it with a sentence."""
    feed = SocketFeed(Path("core"), _load(None)[0])

    async def connect(*_: object, limit: int) -> tuple[asyncio.StreamReader, _Pipe]:
        reader = asyncio.StreamReader(limit=limit)
        reader.feed_data(data)
        reader.feed_eof()
        return reader, _Pipe()

    async def follow() -> None:
        with suppress(SourceError):
            async for _ in feed.updates():
                repr(feed.state)

    with patch("ketamon.follow.asyncio.open_unix_connection", connect):
        asyncio.run(follow())


def _follower_seeds() -> list[bytes]:
    lines = [event_line(event) for event in session()]
    kinds = {type(event.body): event_line(event) for event in session()}
    return [b"".join([*lines[:40], _BEAT]), b"".join([lines[0], *kinds.values(), _BEAT]), _BEAT]


# drivers


@cache
def specs() -> dict[str, DriverSpec]:
    """Every driver that may be used, with its variants."""
    found: dict[str, DriverSpec] = {}
    for name in names():
        with suppress(KetamonError):
            spec = load_driver(name)
            found[name] = spec
            found |= {f"{name}+{v.name}": load_driver(f"{name}+{v.name}") for v in spec.variants}
    return found


def driver_of(name: str) -> Target:
    """The target of one driver: the bytes come in two cuts, and are told as `ketamon decode` tells them."""

    def run(data: bytes) -> None:
        spec = specs()[name]
        driver, at, outputs, given = spec.make(), AT, [], 0
        size = 1 + data[0] % 64 if data else 1
        for begin in range(0, len(data), size):
            at = at.plus(0.1)
            new = [*driver.tick(at), *driver.feed(data[begin : begin + size], at)]
            given += sum(map(covered, new))
            outputs += new
            assert min(begin + size, len(data)) - given <= spec.max_buffer, "more is held back than declared"
        outputs += driver.flush(at)
        accounted(outputs, data)
        for output in outputs:
            for row in decoded.fields(output):
                assert decoded.words(row).isprintable()

    return Target(run, lambda: _frames(name))


def _frames(name: str) -> list[bytes]:
    said = converse(specs()[name], truths(12))
    return [said.data[:4000], *sorted(set(said.frames), key=len)[-8:]]


TARGETS: dict[str, Target] = {
    "stream": Target(stream, _stream_seeds),
    "store": Target(store, _store_seeds),
    "profile": Target(profile, _profile_seeds),
    "asking": Target(asking, _asking_seeds),
    "intent": Target(intent, _intent_seeds),
    "follower": Target(follower, _follower_seeds),
} | {f"driver:{name}": driver_of(name) for name in specs()}
