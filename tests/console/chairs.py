"""Hand-folded sessions at a chair, and a feed that a test holds in its hand."""

import asyncio
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime

from ketamon.console.view.chair import Contact, build
from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Link, Priority, PumpState, PumpStatus
from ketamon.domain.fold import apply
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.people import Order, Patient, Person, Role
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Mode, Quality, Reading
from ketamon.domain.session import SessionState
from ketamon.follow import Beat, Source
from ketamon.profiles import load
from ketamon.rules import alarms, gate

NURSE = Person("AB", Role.NURSE)
PHYSICIAN = Person("Chen", Role.PHYSICIAN)
PROFILE, _, _ = load(None)
OPENED = datetime(2026, 11, 21, 14, 0, 0, tzinfo=UTC)
PATIENT = Patient(
    label="J. D.", identifier="1984-82", weight_kg=72.0, weight_method="scale", course="3 of 6", indication="ptsd"
)
ORDER = Order(
    dose_mg_per_kg=0.5, minutes=40.0, concentration_mg_per_ml=1.0, total_mg=36.0, volume_ml=36.0, rate_ml_h=54.0
)
REACHED = Contact(reached=True)


class Chair:
    """A session that grows by hand: a body at a time, in seconds of session time."""

    def __init__(self, mode=Mode.REAL, *, pins=False):
        self.state, self.t, self.mode = SessionState(), 0.0, mode
        self._memory = alarms.AlarmMemory()
        self.say(
            e.SessionOpened(
                session="s1", chair="chair 2", mode=mode, profile=PROFILE.name, profile_sha256="", profile_toml="",
                software="test", pins=pins,
            )
        )  # fmt: skip

    @property
    def at(self):
        return Instant(round(self.t * 1e9), OPENED).plus(0) if self.t == 0 else Instant(0, OPENED).plus(self.t)

    def say(self, *bodies):
        for body in bodies:
            apply(self.state, e.Event(self.state.seq + 1, self.at, body))
        return self

    def devices(self, *, alarms_decoded=False):
        for name, kind, label in (("monitor", DeviceKind.MONITOR, "GE B40"), ("pump", DeviceKind.PUMP, "Alaris GH")):
            self.say(
                e.DeviceAttached(
                    device=name, kind=kind, driver="x", port="/dev/ttyUSB0", label=label, quiet_after_s=10.0,
                    alarms_decoded=alarms_decoded,
                ),
                e.LinkChanged(device=name, link=Link.LIVE),
            )  # fmt: skip
        return self

    def check_in(self):
        return self.say(
            e.PatientCheckedIn(patient=PATIENT, by=NURSE),
            e.OrderEntered(order=ORDER, by=NURSE),
            e.OrderChecked(by=PHYSICIAN),
            e.PhaseChanged(trigger=Trigger.CHECKED_IN, phase=Phase.BASELINE, by=NURSE),
        )

    def measure(self, **values):
        readings = tuple(
            Reading(
                parameter=Parameter(name), value=value, unit=PARAMETERS[Parameter(name)].unit, mode=self.mode,
                quality=Quality.MISSING if value is None else Quality.VALID,
            )
            for name, value in values.items()
        )  # fmt: skip
        return self.say(e.Measured(device="monitor", offset=0, readings=readings))

    def vitals(self, spo2=97.0, hr=84.0, rr=14.0, etco2=36.0):
        return self.measure(spo2=spo2, hr=hr, rr=rr, etco2=etco2)

    def cuff(self, sys=124.0, dia=78.0):
        return self.measure(nibp_sys=sys, nibp_dia=dia, nibp_map=round((sys + 2 * dia) / 3))

    def pump(self, rate=54.0, infused=0.0, state=PumpState.INFUSING):
        return self.say(
            e.PumpReported(
                device="pump", offset=0, status=PumpStatus(state=state, rate=rate, volume_infused=infused, vtbi=36.0)
            )
        )

    def start(self):
        values = {Parameter.NIBP_SYS: 124.0, Parameter.NIBP_DIA: 78.0, Parameter.SPO2: 97.0, Parameter.HR: 76.0}
        return self.say(
            e.BaselineTaken(values=values, by=NURSE),
            e.PhaseChanged(trigger=Trigger.START, phase=Phase.INFUSION, by=NURSE),
            e.Confirmed(item="infusion-start", met=True, by=NURSE),
        )

    def observe(self, item, grade, text=""):
        return self.say(e.Observed(item=item, grade=grade, by=NURSE, text=text))

    def judge(self):
        for change in alarms.evaluate(self.state, PROFILE, self.at, self._memory):
            self.say(change)
        return self

    def gate(self):
        return self.say(gate.evaluate(self.state, PROFILE, self.at))

    def gate_opens(self):
        checks = tuple(replace(check, met=True) for check in gate.evaluate(self.state, PROFILE, self.at).checks)
        return self.say(e.GateChanged(open=True, checks=checks))

    def alarm(self, text, priority=Priority.MEDIUM, *, parameter=None, technical=False, state=e.AlarmState.ACTIVE):
        return self.say(
            e.AlarmChanged(
                alarm=text, state=state, priority=priority, technical=technical, text=text, parameter=parameter
            )
        )

    def view(self, *, contact=REACHED, source=Source.LIVE, speed=1.0):
        return build(self.state, PROFILE, self.beat(source=source, speed=speed), contact, self.at, UTC)

    def beat(self, source=Source.LIVE, speed=1.0, ended=False):
        return Beat(at=self.at, source=source, speed=speed, saved_s=0.2, chair="chair 2", ended=ended)


def empty():
    """Nothing but an open session."""
    return Chair()


def infusing(minutes=24.0, mode=Mode.REAL, *, pins=False):
    """A patient in the middle of the infusion, with the trends that belong to it."""
    chair = Chair(mode, pins=pins).devices().check_in()
    begin = 8 * 60.0
    end = begin + minutes * 60
    chair.vitals().cuff()
    for item, grade in (("sedation", 5), ("dissociation", 0), ("nausea", 0)):
        chair.observe(item, grade)
    while chair.t < end:
        chair.t += 5.0
        gone = max(0.0, chair.t - begin)
        wave = (chair.t / 5 % 7) - 3
        if 900 < chair.t < 960:
            chair.measure(spo2=None)
        else:
            chair.measure(spo2=round(97 - gone / 1800 + wave / 3), hr=round(76 + gone / 150 + wave))
        chair.measure(rr=round(14 + wave / 2), etco2=round(36 + wave / 3))
        if chair.t == begin:
            chair.start()
        if chair.t >= begin:
            chair.pump(infused=54.0 * gone / 3600)
        if chair.t % 300 == 0:
            chair.cuff(round(124 + gone / 110), round(78 + gone / 120))
        if chair.t == begin + 600:
            chair.observe("dissociation", 4)
        if chair.t == begin + 900:
            chair.observe("nausea", 1).observe("sedation", 4)
            chair.say(e.Noted(text="talks about the sea [/bold] quietly", by=NURSE))
    return chair


def recovering():
    """Forty minutes of infusion, ten of recovery, the gate judged."""
    chair = infusing(40.0)
    chair.say(e.PhaseChanged(trigger=Trigger.COMPLETE, phase=Phase.RECOVERY, by=NURSE))
    for _ in range(120):
        chair.t += 5.0
        chair.vitals().pump(rate=0.0, infused=36.0, state=PumpState.ENDED)
    chair.cuff(132, 84)
    return chair.gate()


class FakeFeed:
    """A core in the hand of a test: it answers what it is told to, and beats when it is told to."""

    def __init__(self, chair, source=Source.LIVE, speed=1.0):
        self.chair, self.profile = chair, PROFILE
        self.state = chair.state
        self.source, self.speed = source, speed
        self.connected, self.why = True, ""
        self.changes = 0
        self.asked, self.pins, self.answers = [], [], deque()
        self.held = None
        self.beat = None
        self.tick()

    def tick(self):
        self.beat = self.chair.beat(source=self.source, speed=self.speed)
        self.changes += 1

    async def run(self):
        await asyncio.Event().wait()

    async def ask(self, intent, pin=""):
        self.asked.append(intent)
        self.pins.append(pin)
        if self.held is not None:
            await self.held.wait()
        return self.answers.popleft() if self.answers else ""


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now
