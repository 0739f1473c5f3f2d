"""What only a person may have a device do, several heads of a pump, and a device that is another one."""

from dataclasses import replace

import pytest

from ketamon.chair.device import AttachedDevice
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Action, DeviceKind, Link, PumpState, PumpStatus
from ketamon.domain.fold import apply
from ketamon.domain.instant import Instant
from ketamon.domain.people import Person, Role
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState
from ketamon.driver import Accepted, AllowList, Mismatch, PumpTelemetry, Send
from ketamon.errors import Refused
from ketamon.testing.conversation import START
from ketamon_drivers.masimo_ascii1 import SPEC

NURSE = Person("N", Role.NURSE)
INFUSING = PumpStatus(state=PumpState.INFUSING, rate=54.0, volume_infused=1.0)


class Scripted:
    """Gives what it is told for each call of feed, and a start for an action."""

    script: tuple = ()

    def feed(self, data, at):
        yield Accepted(0, len(data), "frame")
        yield from self.script

    def tick(self, at):
        yield Send(b"poll")

    def flush(self, at):
        return iter(())

    def act(self, action, at):
        yield Send(b"start")


def device(*script):
    spec = replace(
        SPEC, make=type("Now", (Scripted,), {"script": script}), kind=DeviceKind.PUMP,
        allow_list=AllowList(frozenset({b"poll"})), actions={Action.CUFF_START: AllowList(frozenset({b"start"}))},
    )  # fmt: skip
    made, state = AttachedDevice("d", spec, Mode.REAL), SessionState()
    events = [attached()]
    events += [*made.on_link("open", "", START), *made.on_link("opened", "", START)]
    fold(state, events)
    return made, state


def attached(head=""):
    return e.DeviceAttached(
        device="d",
        kind=DeviceKind.PUMP,
        driver="x",
        port="p",
        label="Rack",
        alarms_decoded=True,
        quiet_after_s=3,
        head=head,
    )


def fold(state, bodies):
    for body in bodies:
        apply(state, e.Event(state.seq + 1, START, body))


def test_what_is_sent_for_an_action_carries_it_and_a_poll_does_not():
    made, state = device()
    list(made.tick(START, state))
    list(made.act(Action.CUFF_START, START, state))
    list(made.tick(START, state))
    assert made.sends == [(b"poll", None), (b"start", Action.CUFF_START), (b"poll", None)]


def test_a_device_that_is_another_one_is_named_and_gives_no_fact():
    made, state = device(Mismatch(0, "this is a Rad-97"), PumpTelemetry(0, INFUSING))
    bodies = list(made.on_bytes(b"x", START, state))
    assert e.DeviceNoticed(device="d", text="this is a Rad-97") in bodies
    assert bodies[-1] == e.LinkChanged(device="d", link=Link.SILENT, why="this is a Rad-97")
    assert not any(isinstance(body, e.PumpReported) for body in bodies)
    later = list(made.on_bytes(b"x", Instant(10**9, START.wall), state))
    assert not any(isinstance(body, e.PumpReported | e.LinkChanged) for body in later)


@pytest.mark.parametrize(
    ("head", "state_known"), [("", PumpState.UNKNOWN), ("B", PumpState.INFUSING), ("A", PumpState.HELD)]
)
def test_of_several_heads_only_the_named_one_is_the_pump(head, state_known):
    state = SessionState()
    fold(state, [
        attached(head),
        e.PumpReported(device="d", offset=0, status=PumpStatus(state=PumpState.HELD, head="A")),
        e.PumpReported(device="d", offset=0, status=replace(INFUSING, head="B")),
    ])  # fmt: skip
    pump = state.devices["d"].pump
    assert pump.state is state_known
    assert (pump.rate == 54.0) is (head == "B")
    assert set(state.devices["d"].heads) == {"A", "B"}


def test_nobody_operates_what_is_not_there():
    from chair.bedside import Bedside

    bed = Bedside()
    with pytest.raises(Refused, match="can do cuff-start"):
        bed.ask(i.Operate(device="monitor", action=Action.CUFF_START, by=NURSE))
