"""Whole sessions at random: readings, silences, people, steps of the clock, crashes; what must hold in all of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from chair.bedside import CALM, NURSE, PHYSICIAN, Bedside, checking_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ketamon.chair.engine import Chair
from ketamon.codec import decode_body, encode_body
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import PumpState
from ketamon.domain.events import AlarmState
from ketamon.domain.fold import fold
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning
from ketamon.domain.phases import TRANSITIONS, Phase, Trigger
from ketamon.domain.readings import Mode
from ketamon.errors import Refused
from ketamon.rules import alarms, gate
from ketamon.rules.current import current

CALLS = ("open", "resume", "attach", "on_link", "on_bytes", "intend", "tick")


class Told(Bedside):
    """A bedside that keeps what went into its chair."""

    def __init__(self, **known: object) -> None:
        super().__init__(**known)
        self.inputs: list[tuple[str, tuple[object, ...]]] = []
        self._listen()

    def _listen(self) -> None:
        for name in CALLS:
            setattr(self.chair, name, self._kept(name, getattr(self.chair, name)))

    def _kept(self, name: str, call: Callable[..., None]) -> Callable[..., None]:
        def kept(*args: object) -> None:
            self.inputs.append((name, args))
            call(*args)

        return kept

    def crash(self, gap: int) -> None:
        """The core dies and comes back with what stands in its record."""
        self.events += self.chair.take()[0]
        self.chair = Chair(self.profile, self.chair.mode, lambda: "head", fold(self.events))
        self._listen()
        self.ns += gap * 1_000_000_000
        self.inputs.append(("crash", ()))
        self.chair.resume(e.SessionResumed(gap_s=gap, software="test"), self.now)
        self.attach()


def people(bed: Told, n: int) -> list[object]:
    """What somebody may ask for; most of it makes no sense at most moments."""
    observed = list(bed.state.observations)
    return [
        *checking_in(bed.profile),
        *(i.Observe(item=item, grade=n % 3, by=NURSE) for item in ("nausea", "dissociation", "mood", "pain")),
        i.Observe(item="sedation", grade=5, by=NURSE),
        *(i.Advance(trigger=trigger, by=NURSE, why="chance") for trigger in Trigger),
        *(i.Sign(meaning=meaning, by=by, why="chance") for meaning in Meaning for by in (NURSE, PHYSICIAN)),
        *(i.Confirm(item=c.item, met=n % 2 == 0, by=NURSE) for c in bed.profile.criterion if c.kind == "confirmed"),
        i.Acknowledge(by=NURSE),
        i.PauseAudio(by=NURSE, on=n % 2 == 0),
        i.SwitchLimits(parameter=Parameter.SPO2, off=n % 2 == 0, by=NURSE, why="chance"),
        i.MarkEmergency(by=NURSE, on=n % 2 == 0),
        i.SkipDue(item="nausea", because="chance", by=NURSE),
        i.Note(text="chance", by=NURSE),
        *(i.Correct(corrects=seq, grade=None, why="chance", by=NURSE) for seq in observed[-1:]),
    ]


def step(bed: Told, what: str, n: int) -> None:  # noqa: C901 (a table of cases)
    """Let one thing happen."""
    match what:
        case "time":
            bed.run(1 + n % 15)
        case "check-in":
            for intent in checking_in(bed.profile):
                ask(bed, intent)
        case "person":
            possible = people(bed, n)
            ask(bed, possible[n % len(possible)])
        case "value":
            parameter = list(CALM)[n % len(CALM)]
            bed.values[parameter] = (None, CALM[parameter], 85.0, 150.0)[n // 11 % 4]
        case "cuff":
            bed.cuff(90.0 + n % 110, 50.0 + n % 60)
        case "silence":
            bed.silent ^= {("monitor", "pump")[n % 2]}
        case "pump":
            state = list(PumpState)[n % 5]
            bed.pump = replace(bed.pump, state=state, rate=54.0 if state is PumpState.INFUSING else 0.0)
        case "clock":
            bed.wall_shift += (-86_400, -3600, -1, 1, 3600, 43_200)[n % 6]
        case "crash":
            bed.crash(n % 90)


def ask(bed: Told, intent: object) -> None:
    before = bed.state.seq
    try:
        bed.ask(intent)
    except Refused:
        assert bed.state.seq == before, "what is refused leaves nothing behind"


WHAT = ("time", "time", "time", "check-in", "person", "person", "person", "value", "cuff", "silence", "pump", "clock")
STEPS = st.lists(st.tuples(st.sampled_from((*WHAT, "crash")), st.integers(0, 10_000)), min_size=5, max_size=30)


BEGIN: dict[str, Callable[[Bedside], Bedside]] = {
    "open": lambda bed: bed.open().run(3),
    "baseline": Bedside.at_baseline,
    "infusing": Bedside.infusing,
}


def play(begin: str, steps: list[tuple[str, int]]) -> Told:
    bed = Told(mode=Mode.REAL)
    BEGIN[begin](bed)
    for what, n in steps:
        step(bed, what, n)
        look(bed)
    return bed


def look(bed: Told) -> None:
    """What must hold at any moment."""
    verdict = gate.evaluate(bed.state, bed.profile, bed.now)
    if verdict.open:
        assert bed.state.phase in gate.OPENS_IN
        assert all(check.met for check in verdict.checks)
        assert not bed.state.limits_off
    for parameter in CALM:
        now = current(bed.state, bed.profile, parameter, bed.now)
        assert not now.usable or now.value is not None
    assert bed.state.phase in Phase


def check(bed: Told) -> None:
    """What must hold of the whole record."""
    events = bed.events
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    again = [e.Event(v.seq, v.at, decode_body(*encode_body(v.body))) for v in events]
    same = again == events
    assert same, "what is written down is read back"
    same = repr(fold(events)) == repr(bed.state)  # a gap in a trend is a NaN, which equals nothing
    assert same, "the record says what the screen said"
    _phases(events)
    _alarms(events, bed)
    _replays(bed)


def _phases(events: list[e.Event]) -> None:
    phase = Phase.CHECK_IN
    for body in (event.body for event in events):
        if isinstance(body, e.PhaseChanged):
            assert TRANSITIONS[phase][body.trigger].to is body.phase
            phase = body.phase


def _alarms(events: list[e.Event], bed: Told) -> None:
    """Every alarm has a beginning, and an end or stands; no change is one that the table does not know."""
    standing: dict[str, AlarmState] = {}
    for body in (event.body for event in events):
        if isinstance(body, e.AlarmChanged):
            before = standing.get(body.alarm, AlarmState.ENDED)
            assert body.state in alarms.TRANSITIONS[before].values()
            standing[body.alarm] = body.state
    left = {name for name, state in standing.items() if state is not AlarmState.ENDED}
    assert left == set(bed.state.alarms)


def _replays(bed: Told) -> None:
    """The same inputs on another day make the same session, crash or not: no duration hangs on the wall clock."""
    said: list[e.Event] = []
    chair = Chair(bed.profile, Mode.REAL, lambda: "head")
    for name, args in bed.inputs:
        if name == "crash":
            said += chair.take()[0]
            chair = Chair(bed.profile, Mode.REAL, lambda: "head", fold(said))
            continue
        try:
            getattr(chair, name)(*(_another_day(arg) for arg in args))
        except Refused:
            continue
    said += chair.take()[0]
    same = [_untimed(v) for v in said] == [_untimed(v) for v in bed.events]
    assert same, "live and replay differ"


def _another_day(arg: object) -> object:
    return Instant(arg.monotonic_ns, arg.wall + timedelta(days=200)) if isinstance(arg, Instant) else arg


def _untimed(event: e.Event) -> tuple[int, int, e.Body]:
    body = event.body
    if isinstance(body, e.Observed) and body.at is not None:
        body = replace(body, at=None)
    return event.seq, event.at.monotonic_ns, body


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(BEGIN)), STEPS)
def test_any_session(begin, steps):
    check(play(begin, steps))


@pytest.mark.long
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(BEGIN)), STEPS)
def test_very_many_sessions(begin, steps):
    check(play(begin, steps))
