"""`ketamon status`: what the chairs on this machine do now, in lines: for scripts, narrow links and screen readers."""

import asyncio
from contextlib import aclosing
from typing import Any

from ketamon.cli import options
from ketamon.cli.lines import Watch, lines, prefix
from ketamon.codec import encode_json
from ketamon.console.pulse import Pulse
from ketamon.console.view import desk
from ketamon.console.view.chair import Contact, build
from ketamon.console.view.numbers import limits
from ketamon.domain.devices import DeviceKind
from ketamon.domain.parameters import PARAMETERS, PUMP_PARAMETERS, Parameter
from ketamon.domain.session import device_of
from ketamon.errors import SourceError
from ketamon.follow import Beat, SocketFeed
from ketamon.local import running_chairs, socket_path
from ketamon.profiles import load
from ketamon.rules import estimate, schedule
from ketamon.rules.current import current
from ketamon.rules.kinetics import MODELS
from ketamon.words import mark

EVERY_S = 5.0
"""How often a watched chair is written as JSON."""
LOOK_EVERY_S = 0.25


def main(argv: list[str]) -> int:
    """Print the status of one chair or all."""
    parser = options.parser(
        "status",
        "Say what the chairs on this machine do now: alarms, phase and clocks, each number with its unit, age and\n"
        "limits, the pump against the order, what is due, open effects, and the gate with what it lacks. With --watch\n"
        "then a line for whatever changes, as it changes: nothing is drawn anew, and a screen reader can read it.",
        "  ketamon status\n  ketamon status --chair 2 --watch\n  ketamon status --json",
    )
    parser.add_argument("--chair", default=None, help="only this chair")
    parser.add_argument("--json", action="store_true", help=f"one JSON object a line, with --watch every {EVERY_S:g} s")
    parser.add_argument("--watch", action="store_true", help="go on until ctrl+c, or until the session ends")
    args = parser.parse_args(argv)
    chairs = [args.chair] if args.chair else running_chairs()
    if not chairs:
        raise SourceError("no core runs on this machine; start one with “ketamon run”")
    return asyncio.run(_all(chairs, json=args.json, watch=args.watch))


async def _all(chairs: list[str], *, json: bool, watch: bool) -> int:
    await asyncio.gather(*(_chair(chair, json=json, watch=watch) for chair in chairs))
    return 0


async def _chair(chair: str, *, json: bool, watch: bool) -> None:
    feed = SocketFeed(socket_path(chair), load(None)[0])
    due = 0.0
    async with aclosing(feed.updates()) as updates:
        async for _ in updates:
            now, beat = asyncio.get_running_loop().time(), feed.beat
            if beat is None or now < due:
                continue
            if watch and not json:
                break
            due = now + EVERY_S
            print(encode_json(fields(feed, beat)).decode() if json else "\n".join(words(feed, beat)), flush=True)
            if beat.ended or not watch:
                return
    await _watch(feed)


async def _watch(feed: SocketFeed) -> None:
    """Print what changes until the session ends. A core that is lost is an alarm, and looked for until it is back."""
    pulse, watch = Pulse(), Watch()
    following = asyncio.create_task(feed.run())
    while True:
        now, beat = asyncio.get_running_loop().time(), feed.beat
        pulse.take(beat, now)
        contact = pulse.contact(now, "" if feed.connected else feed.why)
        view = build(feed.state, feed.profile, beat, contact, pulse.moment(feed.state.at, now))
        for text in watch.look(view, feed.state, now):
            print(text, flush=True)
        if beat is not None and beat.ended:
            following.cancel()
            return
        if following.done():
            following.result()
        await asyncio.sleep(LOOK_EVERY_S)


def words(feed: SocketFeed, beat: Beat) -> list[str]:
    """Return the status in lines of words."""
    view = build(feed.state, feed.profile, beat, Contact(reached=True), beat.at)
    return [f"{prefix(view)}{line.text}" for line in lines(view, feed.state)]


def fields(feed: SocketFeed, beat: Beat) -> dict[str, Any]:
    """Return the status as plain values. A value that is not current is null, with the reason beside it."""
    state, profile = feed.state, feed.profile
    pumps = {name: d.pump for name, d in state.devices.items() if d.attached.kind is DeviceKind.PUMP}
    pump = device_of(state, DeviceKind.PUMP)
    gate = desk.gate(state, profile, beat.at, None)
    return {
        "type": "status",
        "chair": beat.chair,
        "source": beat.source,
        "speed": beat.speed,
        "phase": state.phase,
        "session_s": round(beat.at.seconds, 1),
        "infusion_s": round(state.infusion.seconds(beat.at), 1),
        "infusion_unseen_s": state.infusion.unseen_s,
        "values": {p: _value(feed, beat, p) for p in PARAMETERS if p not in PUMP_PARAMETERS},
        "pump": pump.pump if pump else None,
        "pumps": pumps,
        "order": state.order.order if state.order else None,
        "alarms": [
            {"priority": a.change.priority, "text": a.change.text, "state": a.change.state, "mark": mark(a.change)}
            for a in sorted(state.alarms.values(), key=lambda a: -a.change.priority.rank)
        ],
        "due": [
            {"item": d.item, "in_s": round(d.due_s), "overdue": d.overdue}
            for d in schedule.due(state, profile, beat.at)
        ],
        "effects": desk.effects(state, profile, beat.at),
        "estimate": _estimate(feed, beat),
        "gate_open": gate.open,
        "gate": gate.lines,
        "saved_s": beat.saved_s,
        "recording": {"degraded": state.recording_degraded, "unsaved": beat.unsaved},
    }


def _value(feed: SocketFeed, beat: Beat, parameter: Parameter) -> dict[str, Any]:
    now = current(feed.state, feed.profile, parameter, beat.at)
    low, high = limits(feed.state, feed.profile, parameter)
    return {
        "value": now.value if now.usable else None,
        "unit": PARAMETERS[parameter].unit,
        "why": now.why,
        "device": now.sample.device if now.usable and now.sample else "",
        "quality": now.sample.reading.quality if now.sample else None,
        "age_s": None if now.age_s is None else round(now.age_s, 1),
        "low": low,
        "high": high,
    }


def _estimate(feed: SocketFeed, beat: Beat) -> dict[str, Any] | None:
    """Return the estimate of ketamine in blood as plain values, or None where the profile does not show it."""
    if not feed.profile.estimate.shown:
        return None
    now, why = estimate.level(feed.state, feed.profile, beat.at)
    low, high = (round(now.low, 1), round(now.high, 1)) if now else (None, None)
    return {"low": low, "high": high, "unit": "ng/mL", "models": [model.name for model in MODELS], "why": why}
