"""A small session as a core writes it: a record and its recorded stream, which tell of each other."""

from dataclasses import dataclass
from pathlib import Path

from store.samples import QUICK, START, at, measured, noted

from ketamon.domain.events import Event, SessionOpened, Signed, StreamClosed
from ketamon.domain.people import Meaning, Person, Proof, Role
from ketamon.domain.readings import Mode
from ketamon.profiles import load
from ketamon.store import database
from ketamon.store.ring import SessionKey
from ketamon.store.writer import Store
from ketamon.stream.record import Header
from ketamon.stream.writer import StreamWriter

NURSE, PHYSICIAN = Person("A. N.", Role.NURSE), Person("Dr. B", Role.PHYSICIAN)
COUNT = 200
FIRST, SECOND = 120, 150
"""Where the two signatures stand."""


@dataclass
class Making:
    """What a session can have that is not as usual."""

    first: Person = NURSE
    second: Person = PHYSICIAN
    proof: Proof = Proof.NAME
    pins: bool = False
    ended: bool = True
    profile_sha256: str = ""


def session(folder: Path, making: Making | None = None, name: str = "one", key: SessionKey | None = None) -> Path:
    """Write a session of 200 events at a second each, and its stream; return the record."""
    making = making or Making()
    path = folder / f"{name}.ksession"
    database.create(path, f"session-{name}", START, key)
    with Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK) as store:
        stream = StreamWriter(folder / f"{name}.kstream", Header(START, {}), at(0), lambda: store.durable, key)
        rules, toml, digest = load(None)
        opened = SessionOpened(
            session=f"session-{name}", chair="1", mode=Mode.DEMO, profile=rules.name, profile_toml=toml, software="",
            profile_sha256=making.profile_sha256 or digest, stream=f"{name}.kstream", pins=making.pins,
        )  # fmt: skip

        def say(event):
            store.append([event], urgent=True).result(5)

        say(Event(1, at(1), opened))
        for seq in range(2, COUNT + 1):
            stream.rx("monitor", at(seq), b"SPO2=095%\r\n")
            if seq in (FIRST, SECOND):
                meaning, by = (Meaning.ASSESSMENT, making.first) if seq == FIRST else (Meaning.DISCHARGE, making.second)
                covers, mark = store.head_hash, stream.mark
                signed = Signed(meaning=meaning, by=by, covers=covers, proof=making.proof, stream=mark)
                say(Event(seq, at(seq), signed))
                stream.witness(at(seq))
            else:
                say(noted(seq) if seq % 5 == 0 else measured(seq))
        if making.ended:
            stream.close()
            say(Event(COUNT + 1, at(COUNT + 1), StreamClosed(stream=stream.mark)))
            store.close(ended=True)
        else:
            stream.close(end=False)
    return path
