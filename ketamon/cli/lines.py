"""What the console shows, in plain lines: one fact a line, for screen readers, scripts and narrow links. Pure.

The facts are those of `ketamon.console.view.chair`, in its words; here they only become sentences.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from ketamon.console.view.chair import AlarmLine, ChairView
from ketamon.console.view.numbers import Pump
from ketamon.console.widgets.tile import TileData
from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState, device_of
from ketamon.follow import Source
from ketamon.rules import estimate
from ketamon.rules.kinetics import MODELS
from ketamon.words import DASHES, clock, mark, said

CALM_S = 5.0
"""A number that goes up and down is said again after this long at the earliest: speech takes its time."""

_PASSING = re.compile(r"\d+(?::\d\d)+|\d+ (?:s|min)\b")
"""Clocks and lengths of time: they pass, and that alone is no news."""


@dataclass(frozen=True, slots=True)
class Line:
    """One fact: `key` names it, `text` says it, and it is said again at once when `news` is another.

    What changes in `calm` may wait for `CALM_S`. `standing`: said at the first look only, as the log tells its changes.
    """

    key: str
    text: str
    news: str
    calm: str = ""
    standing: bool = False


def lines(view: ChairView, state: SessionState) -> Iterator[Line]:
    """Give all that is known of a chair now, the weightiest first."""
    if view.banner:
        yield _of("banner", view.banner)
    yield from _alarms(view)
    yield _session(view)
    yield from (_number(tile) for tile in view.tiles)
    yield _pump(view.pump)
    yield from _further_pumps(state)
    yield from (_of(f"due {due.item}", f"due {due.when}: {due.label}") for due in view.due)
    yield _of("effects", f"open effects: {', '.join(view.effects) or 'none'}")
    yield from _gate(view)
    yield from _estimate(view, state)


def prefix(view: ChairView) -> str:
    """Say whose line it is; a recording or a simulation says in every line that it is one."""
    return f"{'' if view.source is Source.LIVE else f'{view.source} '}{view.header.chair}: "


def entry(event: e.Event, state: SessionState, profile: Profile) -> str:
    """Write an event of the log: time, what, and who in brackets; an alarm with its mark."""
    what, who = said(event, state, profile)
    sign = f"{mark(event.body)} " if isinstance(event.body, e.AlarmChanged) else ""
    return f"{clock(event.at, None)}  {sign}{what}" + (f"  [{who}]" if who else "")


def since(state: SessionState, seq: int) -> list[e.Event]:
    """Return what the log has after event `seq`, oldest first."""
    return list(takewhile(lambda event: event.seq > seq, reversed(state.log)))[::-1]


class Watch:
    """Says of a chair what is new since the last look: what happened, then what is different now."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[Line, float]] = {}
        self._session = ""
        self._seq = 0

    def look(self, view: ChairView, state: SessionState, now: float) -> Iterator[str]:
        """Give the lines for a view at `now`, in seconds of a clock that only goes forward; at first all of it."""
        session = state.opened.session if state.opened else ""
        first = session != self._session or not self._said
        if first:
            self._said, self._session = {}, session
        else:
            yield from (f"{prefix(view)}{entry(event, state, view.profile)}" for event in self._happened(view, state))
        self._seq = state.seq
        found = list(lines(view, state))
        for line in found:
            before, when = self._said.get(line.key, (None, now))
            changed = before is None or line.news != before.news
            if changed or (before and line.calm != before.calm and now - when >= CALM_S):
                self._said[line.key] = line, now
                if first or not line.standing:
                    yield f"{prefix(view)}{view.header.clock}  {line.text}"
        for key in self._said.keys() - {line.key for line in found}:
            del self._said[key]

    def _happened(self, view: ChairView, state: SessionState) -> Iterator[e.Event]:
        """Give what the log has more; where screens are locked, nothing that names a person."""
        for event in since(state, self._seq):
            if not view.pins or isinstance(event.body, e.AlarmChanged):
                yield event


def _of(key: str, text: str) -> Line:
    return Line(key, text, _PASSING.sub("", text))


def _alarms(view: ChairView) -> Iterator[Line]:
    for alarm in view.alarms.lines:
        lost = not alarm.since
        text = f"{alarm.mark} {alarm.priority} priority: {alarm.text}{_since(alarm)}"
        yield Line("contact" if lost else f"alarm {alarm.text}", text, alarm.text, standing=not lost)
    if view.reached:
        yield Line("contact", "the core is heard", "")
    if not view.alarms.standing:
        yield Line("no alarm", "no alarm stands", "")
    if view.alarms.audio:
        yield Line("audio", view.alarms.audio, "", standing=True)


def _since(alarm: AlarmLine) -> str:
    return f", since {alarm.since}" if alarm.since else ""


def _session(view: ChairView) -> Line:
    head = view.header
    record = f"RECORD {head.degraded}" if head.degraded else ""
    news = ", ".join(part for part in (f"session {view.phase}, {view.course}", head.emergency, record) if part)
    text = news + (f": {head.unsaved}" if head.unsaved else "" if record else f", {head.saved}")
    return Line("session", text, _PASSING.sub("", news))


def _number(tile: TileData) -> Line:
    """Say a number with its unit and age, or the reason why there is none, and when it would alarm."""
    known = tile.value_ok and bool(tile.text)
    value = f"{tile.text} {tile.unit}" if known else DASHES
    doubt = " (not to be relied on)" if known and tile.questionable else ""
    edges = [f"below {tile.low}"] * bool(tile.low) + [f"above {tile.high}"] * bool(tile.high)
    limits = tile.off or (f"alarm {' or '.join(edges)}" if edges else "")
    alarm = f"in {tile.alarm} priority alarm" if tile.alarm else ""
    parts = [f"{value}{doubt}", tile.status, limits, alarm, *tile.detail, tile.source]
    status = "" if known and not tile.questionable else tile.status
    news = " ".join((str(known), doubt, limits, alarm, _PASSING.sub("", status)))
    text = f"{tile.label} {', '.join(part for part in parts if part)}"
    return Line(tile.label, text, news, calm=f"{value} {tile.source}")


def _pump(pump: Pump) -> Line:
    title = " ".join(pump.title.split())
    alarms = f"in {pump.alarm} priority alarm" if pump.alarm else ""
    compared = [pump.state, pump.rate, pump.order, pump.alarms, alarms, *pump.notes]
    passing = [pump.given, pump.dose, pump.volume]
    text = ", ".join(part for part in (*compared[:3], *passing, *compared[3:]) if part)
    return Line("pump", f"{title}: {text}", _PASSING.sub("", " ".join((title, *compared))))


def _further_pumps(state: SessionState) -> Iterator[Line]:
    """Say what pumps do that do not give the ordered drug."""
    first = device_of(state, DeviceKind.PUMP)
    for name, device in state.devices.items():
        if device.attached.kind is DeviceKind.PUMP and device is not first:
            status = device.pump
            head = f" {device.attached.head}" if device.attached.head else ""
            rate = f" {status.rate:g} mL/h" if status is not None and status.rate is not None else ""
            text = f"{name} {device.attached.label}{head}: {status.state if status is not None else 'not known'}{rate}"
            yield _of(name, text)


def _gate(view: ChairView) -> Iterator[Line]:
    """Say the verdict, and of each criterion that is not met what is seen and what helps."""
    gate = view.gate
    if not gate.judged:
        yield Line("gate", "gate not judged yet, so closed", "not judged")
        return
    unmet = [line for line in gate.lines if not line.met]
    verdict = "open" if gate.open else f"CLOSED, {len(unmet)} of {len(gate.lines)} criteria not met"
    yield Line("gate", f"gate {verdict}", verdict)
    for line in unmet:
        seen = f"{line.observed or DASHES}, required {line.required}"
        yield Line(f"gate {line.label}", f"gate, not met: {line.label}: {seen}; {line.remedy}", "not met")


def _estimate(view: ChairView, state: SessionState) -> Iterator[Line]:
    """Say the estimate where the profile shows it: always as one, as a range, and by whose models."""
    if not view.profile.estimate.shown or view.at is None:
        return
    now, why = estimate.level(state, view.profile, view.at)
    if now is None or why:
        yield _of("estimate", f"estimate of ketamine in blood not known: {why}")
        return
    models = " and ".join(model.name for model in MODELS)
    text = f"estimate of ketamine in blood {now.low:.0f} to {now.high:.0f} ng/mL (models {models})"
    yield Line("estimate", text, "known")
