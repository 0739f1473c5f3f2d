"""A bedside without cables: a chair with the real drivers, fed by their simulators on a clock that the test moves."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ketamon.chair.engine import Chair
from ketamon.domain import events as e
from ketamon.domain.devices import PumpAlarm, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Advance, AnswerScreening, CheckIn, CheckOrder, Intent, MoveStaff, Observe
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Patient, Person, Role
from ketamon.domain.phases import Trigger
from ketamon.domain.profile import Place, Profile, Reply
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState
from ketamon.driver import Truth
from ketamon.profiles import load
from ketamon.registry import load as load_driver

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NURSE = Person("AB", Role.NURSE)
PHYSICIAN = Person("Dr. C", Role.PHYSICIAN)
PATIENT = Patient(
    label="J. D.", identifier="1982-03-04", weight_kg=72.0, weight_method="measured", indication="ptsd", escort="M. D."
)
CHECK_IN = CheckIn(patient=PATIENT, dose_mg_per_kg=0.5, minutes=40.0, concentration_mg_per_ml=1.0, by=NURSE)
CALM: Mapping[Parameter, float | None] = {
    Parameter.SPO2: 98.0, Parameter.PR: 70.0, Parameter.HR: 70.0, Parameter.RR: 14.0, Parameter.ETCO2: 36.0,
    Parameter.FICO2: 0.0, Parameter.TEMP: 36.6,
    Parameter.NIBP_SYS: 120.0, Parameter.NIBP_DIA: 75.0, Parameter.NIBP_MAP: 90.0,
}  # fmt: skip


def checking_in(profile: Profile) -> Iterator[Intent]:
    """All that people ask until the baseline begins."""
    yield MoveStaff(who=NURSE, where=Place.ROOM, by=NURSE)
    yield MoveStaff(who=PHYSICIAN, where=Place.SITE, by=NURSE)
    for item in profile.screening:
        clear = Reply.NO if item.flagged_by is Reply.YES else Reply.YES
        yield AnswerScreening(item=item.id, reply=clear, by=NURSE)
    yield CHECK_IN
    yield CheckOrder(by=PHYSICIAN)


class Bedside:
    """Moves in steps of a quarter second, as the core does."""

    def __init__(self, mode: Mode = Mode.REAL, state: SessionState | None = None, at: float = 0.0) -> None:
        self.profile, self.toml, self.sha = load(None)
        self.chair = Chair(self.profile, mode, lambda: "head", state)
        self.ns = round(at * 1e9)
        self.wall_shift = 0.0
        self.events: list[e.Event] = []
        self.sends: list[tuple[str, bytes]] = []
        self.specs = {"monitor": load_driver("ge-dri"), "pump": load_driver("alaris-gh")}
        self.devices = {name: spec.simulate() for name, spec in self.specs.items()}
        self.values = dict(CALM)
        self.pump = PumpStatus(state=PumpState.READY, rate=0.0, volume_infused=0.0, pressure=0.0)
        self.pump_alarms: tuple[PumpAlarm, ...] = ()
        self.silent: set[str] = set()
        self.cuff_age: float | None = None

    @property
    def now(self) -> Instant:
        instant = Instant(0, START).plus(self.ns / 1e9)
        return Instant(self.ns, instant.plus(self.wall_shift).wall)

    @property
    def state(self) -> SessionState:
        return self.chair.state

    def open(self) -> "Bedside":
        opened = e.SessionOpened(
            session="s", chair="2", mode=self.chair.mode, profile=self.profile.name, profile_sha256=self.sha,
            profile_toml=self.toml, software="test",
        )  # fmt: skip
        self.chair.open(opened, self.now)
        return self.attach()

    def check_in(self) -> "Bedside":
        """Nurse and physician are there; the patient's screening is clear, the order entered and checked."""
        for intent in checking_in(self.profile):
            self.ask(intent)
        return self

    def attach(self) -> "Bedside":
        for name, spec in self.specs.items():
            self.chair.attach(name, spec, f"/dev/{name}", self.now)
            self.chair.on_link(name, "opened", "", self.now)
        self._collect()
        return self

    def run(self, seconds: float) -> "Bedside":
        """Let time pass."""
        for _ in range(round(seconds * 4)):
            self.ns += 250_000_000
            if self.ns % 1_000_000_000 == 0:
                self._second()
            self.chair.tick(self.now)
            self._collect()
        return self

    def _second(self) -> None:
        if self.cuff_age is not None:
            self.cuff_age += 1
        if self.pump.state is PumpState.INFUSING and self.pump.rate:
            volume = (self.pump.volume_infused or 0.0) + self.pump.rate / 3600
            self.pump = replace(self.pump, volume_infused=round(volume, 3))
        truth = Truth(
            wall=self.now.wall, values=self.values, cuff_age_s=self.cuff_age, pump=self.pump,
            pump_alarms=self.pump_alarms,
        )  # fmt: skip
        for name, device in self.devices.items():
            said = device.advance(truth)
            if said and name not in self.silent:
                self.chair.on_bytes(name, said, self.now)

    def _collect(self) -> None:
        events, sends = self.chair.take()
        self.events += events
        self.sends += sends
        for name, (data, _) in sends:
            reply = self.devices[name].receive(data)
            if reply and name not in self.silent:
                self.chair.on_bytes(name, reply, self.now)
        if sends:
            self._collect()

    def cuff(self, sys: float, dia: float) -> "Bedside":
        """A cuff measurement has just ended with these numbers."""
        self.values |= {
            Parameter.NIBP_SYS: sys, Parameter.NIBP_DIA: dia, Parameter.NIBP_MAP: round(dia + (sys - dia) / 3),
        }  # fmt: skip
        self.cuff_age = 0.0
        return self

    def ask(self, intent: object) -> "Bedside":
        self.chair.intend(intent, self.now)  # type: ignore[arg-type]
        self._collect()
        return self

    def observe(self, **grades: int) -> "Bedside":
        for item, grade in grades.items():
            self.ask(Observe(item=item.replace("_", "-"), grade=grade, by=NURSE))
        return self

    def at_baseline(self) -> "Bedside":
        """Check in, with vital signs and observations at rest."""
        self.open().run(8).check_in().cuff(120, 75).run(5)
        return self.observe(sedation=5, dissociation=0, nausea=0, pain=2, mood=4)

    def infusing(self) -> "Bedside":
        """Baseline is done; the pump has started with the ordered rate, and somebody saw it."""
        self.at_baseline()
        self.pump = replace(self.pump, state=PumpState.INFUSING, rate=54.0)
        return self.run(3).ask(Advance(trigger=Trigger.START, by=NURSE))

    def bodies(self, kind: type) -> list[object]:
        return [v.body for v in self.events if isinstance(v.body, kind)]
