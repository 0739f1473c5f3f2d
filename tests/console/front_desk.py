"""A start screen under test: a computer in the hand of the test, a clock, and a headless terminal."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from threading import Event

from console.stage import staged

from ketamon.console.front import FrontApp
from ketamon.console.here import TYPED, Glance, Memory, Offers, Plan, Row, Seat
from ketamon.course import PatientCourse
from ketamon.domain.people import Person, Role
from ketamon.domain.phases import Phase
from ketamon.errors import Refused, SourceError, UsageError
from ketamon.profiles import load
from ketamon.rules.course import Visit, course

LEE = Person("Lee", Role.NURSE)
PIN = "407291"
OPEN = Row(
    text="chair 2  J. D.  infusion since 2026-11-21 14:02",
    detail="chair 2 has an open session, J. D.: infusion since 2026-11-21 14:02, last saved 2026-11-21 14:20",
    args=("run", "--chair", "2", "--resume"),
)
BROKEN = Row(text="cannot be read: /x/a.ksession", detail="/x/a.ksession is damaged", wrong=True)
RUNNING = Row(text="chair 3  since 2026-11-21 14:00", args=("attach", "--chair", "3"))
CHAIRS = [
    Seat(name="2", monitors="ge-dri:/dev/ttyUSB0", pumps="alaris-gh:/dev/ttyUSB1", profile="ketamine-60min"),
    Seat(name="3"),
]
ENDED = [
    Row(text=f"2026-11-{day:02} 08:00  chair 2      {label}", args=("review", f"/x/{day}.ksession"), guarded=True)
    for day, label in ((20, "J. D."), (19, "M. K."), (18, "Q. [/bold]"))
]
PROFILE = load(None)[0]


def a_course(identifier="1984-03-07", label="J. D.", days=(0, 3, 40)):
    visits = [
        Visit(
            session=f"s{day}", began=datetime(2026, 3, 2, 8).astimezone() + timedelta(days=day),
            day=date(2026, 3, 2) + timedelta(days=day), label=label, stated="", phase=Phase.DISCHARGED, infused=True,
            stopped_early=False, ordered_mg=36.0, given_mg=36.0, given_whole=True,
            scores={"mood": (3, 3 + n % 5), "pain": (2, 1)}, effects=(),
        )
        for n, day in enumerate(days)
    ]  # fmt: skip
    return PatientCourse(identifier, PROFILE, course(visits, PROFILE.course, date(2026, 4, 30)))


@dataclass
class FakeHere:
    """A computer that has what a test puts there."""

    looked: Glance = field(default_factory=lambda: Glance(who="AB nurse", config="/x/config.toml: chairs: 2, 3."))
    idle_s: float = 300.0
    asked: list = field(default_factory=list)
    doubt: str = ""
    held: Event | None = None
    ports: list = field(default_factory=lambda: [Row(text="/dev/ttyUSB0  FTDI", detail="FTDI", key="/dev/ttyUSB0")])

    def glance(self):
        return self.looked

    def rows(self, section):
        self.asked.append(section)
        lists = {
            "demo": [Row(text=f"{name}  a title", args=("demo", "--scenario", name)) for name in ("calm", "stormy")],
            "replay": [
                Row(text="sample    calm", args=("replay", "/x/calm.kstream")),
                Row(text="recorded  2026-11-20", args=("replay", "/x/r.kstream"), guarded=True),
                Row(text="another file …", key=TYPED),
            ],
            "review": ENDED,
            "ports": [*self.ports, Row(text="another port …", key=TYPED)],
            "drivers": [Row(text="ge-dri  monitor  established  GE", detail="ge-dri monitor GE, 19200 8E1")],
        }
        return lists[section]

    def seats(self):
        return CHAIRS

    def offers(self):
        return Offers(monitors=("ge-dri",), pumps=("alaris-gh",), ports={"/dev/ttyUSB0": "FTDI", "/dev/ttyUSB1": ""})

    def plan(self, typed):
        if typed["chair"] == "?":
            raise UsageError("“?” is no name for a chair")
        return Plan(args=("run", *(f"{k}={v}" for k, v in typed.items())), doubt=self.doubt)

    def stream(self, typed):
        if typed == "gone":
            raise SourceError("there is no file gone")
        return ("replay", typed)

    def sign_in(self, name, pin):
        self.asked.append("sign in")
        if (name, pin) != (LEE.name, PIN):
            raise Refused("wrong PIN; 4 more before it is locked")
        return LEE

    def courses(self, identifier):
        self.asked.append(f"course {identifier}")
        found = [a_course(), a_course("K-17", "M. K.", (1,))]
        return [one for one in found if identifier in (None, one.identifier)], ["/x/b.ksession is damaged"]

    def detect(self, port, stop):
        yield Row(text=f"{port}: listened", detail="0 bytes")
        if self.held is not None:
            while not stop(0.01):
                if self.held.is_set():
                    break
            else:
                yield Row(text=f"{port}: stopped")
                return
        yield Row(text=f"{port}: FOUND ge-dri", detail=f"ge-dri:{port}")


class FrontDesk:
    """The application, its pilot, the computer and the clock."""

    def __init__(self, app, pilot, here, memory, clock):
        self.app, self.pilot, self.here, self.memory, self.clock = app, pilot, here, memory, clock

    async def press(self, *keys):
        for key in keys:
            await self.pilot.press(key)
            while self.app.in_turn.busy:
                await self.pilot.pause()
            await self.settle()

    async def type(self, text):
        self.app.focused.insert_text_at_cursor(text)
        await self.settle()

    async def settle(self):
        for _ in range(3):
            waited = [worker for worker in self.app.workers if worker.group != "detect"]
            if waited:  # none would mean all of them
                await self.app.workers.wait_for_complete(waited)
            await self.pilot.pause()

    async def resize(self, size):
        await self.pilot.resize_terminal(*size)
        await self.settle()

    async def until(self, text):
        """Wait for what a thread has to say."""
        for _ in range(500):
            if text in self.text():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"{text!r} does not come:\n{self.text()}")

    def text(self):
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips[: self.app.size.height])

    def words(self):
        """Return the right part of the screen as running text, whatever lines it is broken into."""
        lines = [line.split("││")[-1].strip("│ ") for line in self.text().splitlines()]
        return " ".join(" ".join(lines).split())

    @property
    def chosen(self):
        return self.app.chosen


class Ticks:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@asynccontextmanager
async def front(here=None, memory=None, size=(120, 36), keys=None, *, paint=False):
    here, memory, clock = here or FakeHere(), memory or Memory(), Ticks()
    app = FrontApp(here, memory, clock=clock, keys=keys)
    async with staged(app, size, paint=paint) as pilot:
        desk = FrontDesk(app, pilot, here, memory, clock)
        await desk.settle()
        yield desk


def looked(here=None, **what):
    """A computer at which a look finds this."""
    here = here or FakeHere()
    here.looked = replace(here.looked, **what)
    return here
