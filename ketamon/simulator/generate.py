"""Makes the sample streams: a whole simulated session on the wire, written byte for byte the same each time.

    python -m ketamon.simulator.generate      writes all of them to where `ketamon.samples` looks

Device, driver, engine and staff are those of a live session; only the clock is stepped and no port is in between.
Every time is another, so a replay takes ticks, bytes and what people asked in exactly the order of the recording.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ketamon import profiles, registry, samples
from ketamon.chair.engine import Chair
from ketamon.codec import encode_recorded
from ketamon.domain import events as e
from ketamon.domain.instant import Instant
from ketamon.domain.people import Proof
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState
from ketamon.driver import DriverSpec
from ketamon.errors import UsageError
from ketamon.simulator.nurse import Nurse
from ketamon.simulator.rig import Rig
from ketamon.simulator.scenario import MONITOR, PUMP, SCENARIOS, Scenario, stage
from ketamon.stream.record import Header, StreamDevice
from ketamon.stream.writer import StreamWriter

CREATED = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
"""When all of them begin; it is written into the bytes that devices say."""

TICKS = 4
"""Ticks a second, as in a live session."""
ANSWER_S, SAYS_S, ASKS_S = 0.04, 0.1, 0.15
"""After a tick: when devices answer, when they say what they say of their own accord, and when the staff acts."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sample stream shows: a scenario, the driver of each device, and whether the patient is let go.

    `seconds` ends it early, where what it is to show is over (0: the whole scenario). Only with `waves` do its devices
    send waveforms: they would make most of its bytes.
    """

    scenario: Scenario
    drivers: dict[str, str]
    sign: bool = False
    seconds: int = 0
    waves: bool = False


_MONITOR = {MONITOR: "ge-dri", PUMP: "alaris-gh"}
_OXIMETER = {MONITOR: "masimo-ascii1", PUMP: "alaris-gh"}

SAMPLES: dict[str, Sample] = {
    "uneventful": Sample(SCENARIOS["uneventful"], _MONITOR),
    "oximeter": Sample(SCENARIOS["uneventful"], _OXIMETER),
    "hypertension": Sample(SCENARIOS["hypertension"], _MONITOR, seconds=55 * 60),
    "desaturation": Sample(SCENARIOS["desaturation"], _OXIMETER, seconds=40 * 60),
    "nausea-vomiting": Sample(SCENARIOS["nausea-vomiting"], _OXIMETER, seconds=55 * 60),
    "occlusion": Sample(SCENARIOS["occlusion"], _OXIMETER, seconds=30 * 60),
    "sensor-off": Sample(SCENARIOS["sensor-off"], _OXIMETER, seconds=40 * 60),
    "cable-pulled": Sample(SCENARIOS["cable-pulled"], _OXIMETER, seconds=40 * 60),
    "nibp-failing": Sample(SCENARIOS["nibp-failing"], _MONITOR, seconds=36 * 60),
    "vasovagal": Sample(SCENARIOS["vasovagal"], _MONITOR, seconds=25 * 60, waves=True),
    "early-stop": Sample(SCENARIOS["early-stop"], _OXIMETER),
}


def generate(name: str, path: Path) -> SessionState:
    """Write a sample stream to `path`, in place of what is there, and return the session's last state."""
    if name not in SAMPLES:
        raise UsageError(f"no sample stream {name} can be made; there are: {', '.join(SAMPLES)}")
    path.unlink(missing_ok=True)
    state = play(SAMPLES[name], path)
    path.chmod(0o644)  # the writer keeps recordings private; there is no patient in this one
    return state


def play(sample: Sample, path: Path) -> SessionState:
    """Play a session to its end and write its stream to `path`, a new file. Raises `Refused` where the staff errs."""
    specs = {device: registry.load(driver) for device, driver in sample.drivers.items()}
    header = Header(
        created=CREATED,
        devices={
            device: StreamDevice(driver=spec.id, port="simulator", kind=spec.kind) for device, spec in specs.items()
        },
        mode=Mode.DEMO,
    )
    at = Instant(0, CREATED)
    rig = stage(sample.scenario, specs, CREATED, waves=sample.waves)
    with StreamWriter(path, header, at) as writer:
        session = _Session(specs, rig, writer, at)
        scenario = sample.scenario
        nurse = Nurse(
            sign=sample.sign, course=scenario.course, patience_s=scenario.patience_s, by_hand=lambda: rig.values
        )
        return session.run(sample.seconds or scenario.seconds, nurse)


class _Session:
    """A rig, an engine and a recording around one stepped clock."""

    def __init__(self, specs: dict[str, DriverSpec], rig: Rig, writer: StreamWriter, at: Instant) -> None:
        self._rig = rig
        self._writer = writer
        self._chair = open_chair(specs, at)
        for device in specs:
            writer.link(device, at, "opened")
            self._chair.on_link(device, "opened", "", at)

    def run(self, seconds: int, nurse: Nurse) -> SessionState:
        begin = Instant(0, CREATED)
        for tick in range(1, seconds * TICKS + 1):
            at = begin.plus(tick / TICKS)
            self._chair.tick(at)
            self._carry(at)
            if tick % TICKS == 0:
                self._hear(self._rig.advance(1.0), at.plus(SAYS_S))
                self._ask(nurse, at.plus(ASKS_S))
            if self._chair.ended:
                break
        return self._chair.state

    def _hear(self, said: dict[str, bytes], at: Instant) -> None:
        for device, data in said.items():
            if data:
                self._writer.rx(device, at, data)
                self._chair.on_bytes(device, data, at)
        self._carry(at)

    def _carry(self, at: Instant) -> None:
        """Bring to the devices what the drivers want to send, and back what they answer."""
        _, sends = self._chair.take()
        answers: dict[str, bytes] = {}
        for device, (data, _) in sends:
            self._writer.tx(device, at, data)
            answers[device] = answers.get(device, b"") + self._rig.receive(device, data)
        if answers:
            self._hear(answers, at.plus(ANSWER_S))

    def _ask(self, nurse: Nurse, at: Instant) -> None:
        for intent in nurse.due_intents(self._chair.state, self._chair.profile, at):
            first = self._chair.state.seq + 1
            self._writer.intent(at, encode_recorded(intent, Proof.NAME, first).decode())
            self._chair.intend(intent, at)


def open_chair(specs: dict[str, DriverSpec], at: Instant) -> Chair:
    """Open a session that nobody is treated in, with these devices."""
    profile, toml, digest = profiles.load(None)
    chair = Chair(profile, Mode.DEMO, lambda: "")
    opened = e.SessionOpened(
        session="sample",
        chair="demo",
        mode=Mode.DEMO,
        profile=profile.name,
        profile_sha256=digest,
        profile_toml=toml,
        software="ketamon",
    )
    chair.open(opened, at)
    for device, spec in specs.items():
        chair.attach(device, spec, "simulator", at)
    return chair


if __name__ == "__main__":
    for sample_name in SAMPLES:
        generate(sample_name, samples.folder() / f"{sample_name}{samples.SUFFIX}")
