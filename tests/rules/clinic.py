"""A clinic without devices: says events, lets seconds pass, and folds what the alarm rules say."""

from datetime import UTC, datetime, timedelta

from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Link, PumpState, PumpStatus
from ketamon.domain.fold import apply
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.people import Patient, Person, Role
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Place, Profile
from ketamon.domain.readings import Mode, Quality, Reading
from ketamon.domain.session import SessionState
from ketamon.profiles import load
from ketamon.rules import alarms, dose

PROFILE, TEXT, SHA256 = load(None)
BACK = round(PROFILE.alarm.momentary_s) + 1
"""So many seconds within its limits, and an alarm that nobody acknowledged is over."""
NURSE = Person("AB", Role.NURSE)
PHYSICIAN = Person("Dr. C", Role.PHYSICIAN)
PATIENT = Patient(label="J. D.", identifier="1984-03-07", weight_kg=70.0, indication="ptsd", escort="K. D.")
ORDER = dose.order(PATIENT, 0.5, 40.0, 1.0, PROFILE.order)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
P = Parameter
CALM = {P.SPO2: 98.0, P.PR: 70.0, P.RR: 14.0}
PRESSURE = {P.NIBP_SYS: 120.0, P.NIBP_DIA: 75.0, P.NIBP_MAP: 90.0}


def reading(parameter: Parameter, value: float | None, quality: Quality | None = None, **more: object) -> Reading:
    quality = quality or (Quality.MISSING if value is None else Quality.VALID)
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality, **more)


class Clinic:
    """One session. `stream` is what the monitor says each second while its link is live, `pump` what the pump says."""

    def __init__(self, mode: Mode = Mode.REAL, profile: Profile = PROFILE) -> None:
        self.profile, self.mode = profile, mode
        self.state, self.memory = SessionState(), alarms.AlarmMemory()
        self.t, self.wall_offset = 0.0, 0.0
        self.stream: dict[Parameter, float | None] = {}
        self.pump: PumpStatus | None = None
        self.changes: list[e.AlarmChanged] = []
        self.say(
            e.SessionOpened(
                session="s", chair="2", mode=mode, profile="p", profile_sha256=SHA256, profile_toml="", software="t"
            )
        )

    @property
    def at(self) -> Instant:
        return Instant(round(self.t * 1e9), START + timedelta(seconds=self.t + self.wall_offset))

    def say(self, *bodies: e.Body) -> "Clinic":
        for body in bodies:
            apply(self.state, e.Event(self.state.seq + 1, self.at, body))
        return self

    def attach(
        self, device: str = "monitor", kind: DeviceKind = DeviceKind.MONITOR, *, live: bool = True, decoded: bool = True
    ) -> "Clinic":
        self.say(
            e.DeviceAttached(
                device=device, kind=kind, driver="d", port="p", label=device, alarms_decoded=decoded, quiet_after_s=5.0
            )
        )
        return self.link(Link.LIVE, device) if live else self

    def link(self, link: Link, device: str = "monitor", why: str = "") -> "Clinic":
        return self.say(e.LinkChanged(device=device, link=link, why=why))

    def measure(self, *readings: Reading, device: str = "monitor") -> "Clinic":
        return self.say(e.Measured(device=device, offset=0, readings=readings))

    def cuff(self, sys: float, dia: float = 75.0) -> "Clinic":
        return self.measure(*(reading(p, v) for p, v in zip(CUFF, (sys, dia, (sys + 2 * dia) / 3), strict=True)))

    def enter(self, parameter: Parameter, value: float) -> "Clinic":
        return self.say(e.ValueEntered(reading=reading(parameter, value, mode=self.mode), by=NURSE))

    def observe(self, item: str, grade: int, at: Instant | None = None) -> int:
        self.say(e.Observed(item=item, grade=grade, by=NURSE, at=at))
        return self.state.seq

    def confirm(self, item: str, met: bool = True, text: str = "") -> "Clinic":
        return self.say(e.Confirmed(item=item, met=met, by=NURSE, text=text))

    def phase(self, phase: Phase, trigger: Trigger = Trigger.COMPLETE) -> "Clinic":
        return self.say(e.PhaseChanged(trigger=trigger, phase=phase))

    def check_in(self, *, order: bool = True) -> "Clinic":
        self.say(e.PatientCheckedIn(patient=PATIENT, by=NURSE))
        if order:
            self.say(e.OrderEntered(order=ORDER, by=NURSE), e.OrderChecked(by=PHYSICIAN))
        self.say(e.StaffMoved(who=NURSE, where=Place.ROOM, by=NURSE))
        self.say(e.StaffMoved(who=PHYSICIAN, where=Place.SITE, by=NURSE))
        return self.phase(Phase.BASELINE, Trigger.CHECKED_IN)

    def wait(self, seconds: float) -> list[e.AlarmChanged]:
        """Let seconds pass one by one; return what the alarms said meanwhile."""
        said: list[e.AlarmChanged] = []
        for _ in range(round(seconds)):
            self.t += 1
            self.beat()
            said += self.judge()
        return said

    def beat(self) -> None:
        """Let the devices speak once, if their links are live."""
        live = {name for name, device in self.state.devices.items() if device.link is Link.LIVE}
        if self.stream and "monitor" in live:
            self.measure(*(reading(p, v, mode=self.mode) for p, v in self.stream.items()))
        if self.pump and "pump" in live:
            self.say(e.PumpReported(device="pump", offset=0, status=self.pump))

    def judge(self) -> list[e.AlarmChanged]:
        said = alarms.evaluate(self.state, self.profile, self.at, self.memory)
        self.say(*said)
        self.changes += said
        return said

    def acknowledge(self, alarm: str = "") -> list[e.AlarmChanged]:
        said = alarms.acknowledge(self.state, NURSE, alarm)
        self.say(*said)
        self.changes += said
        return said

    def standing(self) -> dict[str, tuple[str, str, str]]:
        """Return what stands: alarm → state, priority, text."""
        return {
            name: (str(a.change.state), str(a.change.priority), a.change.text) for name, a in self.state.alarms.items()
        }


def in_infusion(*, pump: bool = False) -> Clinic:
    """A patient at rest and then under the infusion, with a monitor that says calm values."""
    clinic = Clinic().attach()
    if pump:
        clinic.attach("pump", DeviceKind.PUMP)
    clinic.check_in()
    clinic.stream = dict(CALM)
    clinic.wait(2)
    clinic.say(e.BaselineTaken(values={**CALM, **PRESSURE}))
    return clinic.phase(Phase.INFUSION, Trigger.START)


INFUSING = PumpStatus(state=PumpState.INFUSING, rate=52.5, volume_infused=1.0)


def in_recovery(mode: Mode = Mode.REAL, *, minutes: float = 31.0) -> Clinic:
    """A patient so long after the infusion, who may go: everything the gate asks for was measured and asked.

    The stream comes every 5 s here, to be quick.
    """
    clinic = Clinic(mode).attach().check_in()
    clinic.stream = dict(CALM)
    clinic.say(e.BaselineTaken(values={**CALM, **PRESSURE})).phase(Phase.INFUSION, Trigger.START)
    clinic.t = 2400.0
    clinic.phase(Phase.RECOVERY)
    end = clinic.t + minutes * 60
    cuffs = {end - 900, end - 300, end - 30}
    while clinic.t < end:
        clinic.t += 5
        if end - clinic.t < 1200:
            clinic.beat()
        if clinic.t in cuffs:
            clinic.measure(*(reading(p, v, mode=mode) for p, v in PRESSURE.items()))
        if clinic.t == end - 120:
            answer(clinic)
    return clinic


ANSWERS = {
    "oxygen": 0, "sedation": 5, "dissociation": 0, "gait": 0, "nausea": 0, "headache": 1, "dizziness": 1,
    "aldrete": 10, "self-harm": 0,
}  # fmt: skip
FACTS = ("oriented", "iv-out", "escort", "instructions")


def answer(clinic: Clinic) -> None:
    for item, grade in ANSWERS.items():
        clinic.observe(item, grade)
    for item in FACTS:
        clinic.confirm(item)
