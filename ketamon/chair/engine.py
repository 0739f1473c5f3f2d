"""The chair: the only place that decides when something becomes an event. No clock, no ports, no files.

Bytes, link changes, what people ask, and ticks of time go in, each with its `Instant`; numbered events and bytes to
send come out of `take`. Live sessions, simulations and replays run this same engine, so they cannot disagree.
"""

from collections.abc import Callable, Iterable
from typing import assert_never

from ketamon.chair import asked
from ketamon.chair.device import AttachedDevice, Outgoing
from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, PumpState, PumpStatus
from ketamon.domain.fold import apply
from ketamon.domain.health import DeviceHealth
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Intent, Operate
from ketamon.domain.people import Proof
from ketamon.domain.phases import ENDED, TRANSITIONS, Phase, Trigger
from ketamon.domain.profile import Profile
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState
from ketamon.domain.waveforms import Wave
from ketamon.driver import DriverSpec
from ketamon.rules import alarms, baseline, gate

RULES_EVERY_S = 1.0
"""How often alarms and the gate are judged when nothing else asks for it; clinical dwell times are whole seconds."""


class Chair:
    """One session at one chair.

    For signatures `head` gives the head hash of the record, `stream` the recorded stream as it stands. The state may be
    one that was folded from a record before (`resume`).
    """

    def __init__(
        self,
        profile: Profile,
        mode: Mode,
        head: Callable[[], str],
        state: SessionState | None = None,
        stream: Callable[[], e.StreamMark | None] = lambda: None,
    ) -> None:
        self.profile = profile
        self.mode = mode
        self.state = state or SessionState()
        self.devices: dict[str, AttachedDevice] = {}
        self._head = head
        self._stream = stream
        self._memory = alarms.AlarmMemory()
        self._events: list[e.Event] = []
        self._judged: float | None = None
        self._offset_s = _offset_s(self.state.at) if self.state.at else None  # a clock may be moved while all is down

    @property
    def ended(self) -> bool:
        """Whether nothing can follow any more."""
        return self.state.phase in ENDED

    def open(self, opened: e.SessionOpened, at: Instant) -> None:
        """Begin the session."""
        self._say([opened], at)

    def resume(self, resumed: e.SessionResumed, at: Instant) -> None:
        """Go on with a session whose core was down. Across an unknown time no step of the wall clock can be told."""
        if resumed.gap_s is None:
            self._offset_s = None
        self._say([resumed], at)

    def stood_still(self, still: e.StoodStill, at: Instant) -> None:
        """Nothing was seen for a while, though the core ran."""
        self._say([still], at)
        self._judge(at)

    def assume_checked_in(self, why: str, at: Instant) -> None:
        """Begin at the baseline without a patient: for recordings in which nobody checks in."""
        self._say([e.PhaseChanged(trigger=Trigger.CHECKED_IN, phase=Phase.BASELINE, why=why)], at)

    def attach(self, name: str, spec: DriverSpec, port: str, at: Instant) -> None:
        """Add a device; its bytes count from now on. Behind a "#" in `port` stands the head of a pump to follow."""
        port, _, head = port.partition("#")
        device = AttachedDevice(name, spec, self.mode)
        self.devices[name] = device
        attached = e.DeviceAttached(
            device=name,
            kind=spec.kind,
            driver=spec.id,
            port=port,
            label=spec.label,
            alarms_decoded=spec.alarms_decoded,
            quiet_after_s=spec.quiet_after_s,
            note=spec.note,
            head=head,
            evidence=spec.evidence,
            actions=tuple(spec.actions),
        )
        self._say([attached], at)
        self._say(device.on_link("open", "", at), at)

    def on_link(self, name: str, what: str, why: str, at: Instant) -> None:
        """The port of a device was `opened`, has `failed` to open, or is `lost`."""
        device = self.devices[name]
        if what in ("opened", "failed"):
            self._say(device.on_link("open", why, at), at)
        self._say(device.on_link(what, why, at), at)

    def on_bytes(self, name: str, data: bytes, at: Instant) -> None:
        """Bytes came from a device."""
        self._say(self.devices[name].on_bytes(data, at, self.state), at)
        self._follow_pump(at)

    def intend(self, intent: Intent, at: Instant, proof: Proof = Proof.NAME) -> None:
        """Do what somebody asks, or raise `Refused` with the reason; then nothing has changed."""
        self._say(asked.answer(intent, self.state, self.profile, at, proof, self._head, self._stream), at)
        if isinstance(intent, Operate):
            self._say(self.devices[intent.device].act(intent.action, at, self.state), at)
        self._judge(at)

    def tick(self, at: Instant) -> None:
        """Time has passed."""
        self._watch_clock(at)
        for device in self.devices.values():
            self._say(device.tick(at, self.state), at)
        if self._judged is None or at.seconds - self._judged >= RULES_EVERY_S:
            self._judge(at)

    def refused_pin(self, name: str, *, locked: bool, at: Instant) -> None:
        """Somebody typed a wrong PIN; that is part of the session too."""
        self._say([e.PinRefused(name=name, locked=locked)], at)

    def course(self, found: e.CourseFound, at: Instant) -> None:
        """The patient's course was looked up."""
        self._say([found], at)

    def recording(self, change: e.RecordingChanged, at: Instant) -> None:
        """The record can (not) be written: that is part of the session too."""
        self._say([change], at)
        self._judge(at)

    def stream_closed(self, mark: e.StreamMark, at: Instant) -> None:
        """The recorded stream was closed in good order."""
        self._say([e.StreamClosed(stream=mark)], at)

    def take(self) -> tuple[list[e.Event], list[tuple[str, Outgoing]]]:
        """Hand out the events since the last call, and what is to be sent, by device."""
        events, self._events = self._events, []
        sends = [(name, data) for name, device in self.devices.items() for data in device.sends]
        for device in self.devices.values():
            device.sends.clear()
        return events, sends

    def health(self, at: Instant) -> tuple[DeviceHealth, ...]:
        """Say how the line of each device is."""
        return tuple(device.health.told(name, at) for name, device in self.devices.items())

    def waves(self) -> tuple[Wave, ...]:
        """Hand out the waveforms that came since the last call."""
        return tuple(wave for name, device in self.devices.items() for wave in device.health.waves.take(name))

    def _say(self, bodies: Iterable[e.Body], at: Instant) -> None:
        """Number, fold and keep bodies one by one: each sees the state that those before it made."""
        for body in bodies:
            event = e.Event(self.state.seq + 1, at, body)
            apply(self.state, event)
            self._events.append(event)

    def _judge(self, at: Instant) -> None:
        self._judged = at.seconds
        self._say(alarms.evaluate(self.state, self.profile, at, self._memory), at)
        if self.state.phase is Phase.RECOVERY:
            verdict = gate.evaluate(self.state, self.profile, at)
            if _differs(verdict, self.state.gate):
                self._say([verdict], at)

    def _watch_clock(self, at: Instant) -> None:
        """Deadlines use the monotonic clock, so a step of the wall clock changes nothing; but it is told."""
        offset = _offset_s(at)
        if self._offset_s is not None and abs(offset - self._offset_s) >= self.profile.alarm.clock_step_s:
            self._say([e.ClockStepped(seconds=round(offset - self._offset_s, 3))], at)
        self._offset_s = offset

    def _follow_pump(self, at: Instant) -> None:
        """Let the pump move the session on, where the phase table says that it may."""
        for device in self.state.devices.values():
            if device.attached.kind is DeviceKind.PUMP and device.pump is not None and device.pump_at == at:
                trigger = _pump_trigger(self.state, device.pump)
                way = TRANSITIONS[self.state.phase].get(trigger) if trigger else None
                if trigger and way and way.pump:
                    if trigger is Trigger.START:
                        self._say([e.BaselineTaken(values=baseline.values(self.state, self.profile, at))], at)
                    why = f"pump reports {device.pump.state}"
                    self._say([e.PhaseChanged(trigger=trigger, phase=way.to, why=why)], at)


def _offset_s(at: Instant) -> float:
    return at.wall.timestamp() - at.seconds


def _pump_trigger(state: SessionState, status: PumpStatus) -> Trigger | None:
    """What a pump's status means for the phase. A stop before the ordered volume is a pause; after it, the end.

    A pump that stands changes nothing while another one infuses.
    """
    if status.state is not PumpState.INFUSING and asked.pump_infuses(state):
        return None
    match status.state:
        case PumpState.INFUSING:
            return Trigger.RESUME if state.phase is Phase.PAUSED else Trigger.START
        case PumpState.KVO | PumpState.ENDED:
            return Trigger.COMPLETE
        case PumpState.HELD | PumpState.READY:
            return Trigger.COMPLETE if _order_given(state) else Trigger.PAUSE
        case PumpState.UNKNOWN:
            return None
        case _:
            assert_never(status.state)


def _order_given(state: SessionState) -> bool:
    return state.order is not None and state.infusion.given_ml >= state.order.order.volume_ml


def _differs(verdict: e.GateChanged, last: e.GateChanged | None) -> bool:
    """Whether people must be told: the answer or the set of unmet criteria changed, not merely a number."""
    if last is None or verdict.open != last.open:
        return True
    return {c.id for c in verdict.checks if c.met} != {c.id for c in last.checks if c.met}
