"""One attached device inside the engine: its driver, its link, and what of its output is worth an event."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, cast

from ketamon import driver as d
from ketamon.chair.health import Health
from ketamon.domain import events as e
from ketamon.domain.devices import LINK_TRANSITIONS, Action, DeviceAlarm, Link
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PUMP_PARAMETERS, Parameter
from ketamon.domain.readings import Mode, Reading
from ketamon.domain.session import SessionState

REJECTED_EVERY_S = 5.0
"""Rejected bytes are counted and told this often, so that line noise cannot fill the record."""

_IN_STATUS = PUMP_PARAMETERS - {Parameter.VTBI}
"""Pump numbers that stand in the pump's status already."""


class Outgoing(NamedTuple):
    """Bytes to be written, and the action that a person asked for if they are for that."""

    data: bytes
    action: Action | None = None


class AttachedDevice:
    """The engine's memory of one device. Gives event bodies; the engine numbers them and folds them."""

    def __init__(self, name: str, spec: d.DriverSpec, mode: Mode) -> None:
        self.name = name
        self.spec = spec
        self.mode = mode
        self.link = Link.CLOSED
        self.sends: list[Outgoing] = []
        self.health = Health()
        self._action: Action | None = None
        self._mismatch = ""
        self._driver = spec.make()
        self._base = 0
        self._fed = 0
        self._alive: Instant | None = None
        self._alarms: tuple[DeviceAlarm, ...] | None = None
        self._rejected = [0, 0]
        self._reason = ""
        self._told: Instant | None = None

    def on_link(self, what: str, why: str, at: Instant) -> Iterator[e.Body]:
        """Take a step in the link's state table; a reopened port gets a driver without memory."""
        target = LINK_TRANSITIONS[self.link].get(what)
        if target is None:
            return
        if what == "opened":
            self._base += self._fed
            self._fed = 0
            self._driver = self.spec.make()
            self._alive, self._alarms, self._mismatch = at, None, ""
            self.health.opened()
        elif what == "lost":
            yield from self._outputs(self._driver.flush(at), None)
        self.link = target
        yield e.LinkChanged(device=self.name, link=target, why=why)

    def on_bytes(self, data: bytes, at: Instant, state: SessionState) -> Iterator[e.Body]:
        """Feed the driver; give one event for each frame that says something new."""
        self._fed += len(data)
        self.health.heard(data, at)
        yield from self._outputs(self._driver.feed(data, at), state, at)

    def act(self, action: Action, at: Instant, state: SessionState) -> Iterator[e.Body]:
        """A person wants the device to do this; what is sent carries the action, so that the port lets it out."""
        self._action = action
        try:
            yield from self._outputs(cast("d.ActingDriver", self._driver).act(action, at), state)
        finally:
            self._action = None

    def tick(self, at: Instant, state: SessionState) -> Iterator[e.Body]:
        """Let the driver poll, notice silence, and tell of rejected bytes now and then."""
        if self.link in (Link.NEGOTIATING, Link.LIVE, Link.SILENT):
            yield from self._outputs(self._driver.tick(at), state)
            if self._alive is not None and at.since(self._alive) > self.spec.quiet_after_s:
                yield from self.on_link("quiet", self._why_quiet(at.since(self._alive)), at)
        if self._rejected[1] and (self._told is None or at.since(self._told) >= REJECTED_EVERY_S):
            frames, length = self._rejected
            self._rejected, self._told = [0, 0], at
            yield e.BytesRejected(device=self.name, frames=frames, length=length, reason=self._reason)

    def _why_quiet(self, seconds: float) -> str:
        """Say why nothing comes: another device, bytes of which none is a frame, or no bytes."""
        if self._mismatch:
            return self._mismatch
        if self.link is Link.NEGOTIATING and self._fed:
            spec = self.spec
            return f"bytes come, but nothing of {spec.id}: another device, or another baud rate than {spec.line}?"
        return f"no data for {seconds:.1f} s"

    def _outputs(
        self, outputs: Iterable[d.Output], state: SessionState | None, at: Instant | None = None
    ) -> Iterator[e.Body]:
        readings: list[Reading] = []
        offset = 0
        for out in outputs:
            self.health.made(out)
            if isinstance(out, d.Measured):
                if readings and out.offset != offset:
                    yield from self._measured(offset, readings, state, at)
                    readings = []
                offset = out.offset
                readings.append(out.reading)
                continue
            if readings:
                yield from self._measured(offset, readings, state, at)
                readings = []
            yield from self._other(out, at)
        if readings:
            yield from self._measured(offset, readings, state, at)

    def _measured(
        self, offset: int, readings: list[Reading], state: SessionState | None, at: Instant | None
    ) -> Iterator[e.Body]:
        if self._mismatch:
            return
        yield from self._lives(at)
        new = tuple(self._stamped(r) for r in readings if state is not None and self._says_something(r, state))
        if new:
            yield e.Measured(device=self.name, offset=self._base + offset, readings=new)

    def _says_something(self, reading: Reading, state: SessionState) -> bool:
        """A stored or repeated value says nothing of now; "still no value" is said once, and never of a cuff result."""
        if reading.stored or reading.repeated or reading.parameter in _IN_STATUS:
            return False
        if reading.value is not None:
            return True
        last = state.samples.get((reading.parameter, self.name, reading.site))
        if last is None or reading.parameter in CUFF:
            return False
        return last.reading.value is not None or last.reading.quality is not reading.quality

    def _stamped(self, reading: Reading) -> Reading:
        return reading if self.mode is Mode.REAL else replace(reading, mode=self.mode)

    def _other(self, out: d.Output, at: Instant | None) -> Iterator[e.Body]:
        match out:
            case d.PumpTelemetry() | d.DeviceAlarms() if self._mismatch:
                pass  # nothing of a device that is another one is a fact
            case d.PumpTelemetry():
                yield from self._lives(at)
                yield e.PumpReported(device=self.name, offset=self._base + out.offset, status=out.status)
            case d.DeviceAlarms():
                yield from self._lives(at)
                if out.alarms != self._alarms:
                    self._alarms = out.alarms
                    yield e.DeviceAlarmsReported(device=self.name, alarms=out.alarms)
            case d.Mismatch():
                yield e.DeviceNoticed(device=self.name, text=out.text)
                self._mismatch = out.text
                if at is not None:
                    yield from self.on_link("quiet", out.text, at)
            case d.DeviceNotice():
                yield e.DeviceNoticed(device=self.name, text=out.text)
            case d.Send():
                self.sends.append(Outgoing(out.data, self._action))
            case d.Garbage():
                self._rejected[0] += 1
                self._rejected[1] += len(out.raw)
                self._reason = out.reason
            case _:
                pass

    def _lives(self, at: Instant | None) -> Iterator[e.Body]:
        """A value, a pump status or an alarm report is what makes a link live; an echo or a greeting does not."""
        if at is None or self._mismatch:
            return
        self._alive = at
        if self.link is not Link.LIVE:
            yield from self.on_link("data", "", at)
