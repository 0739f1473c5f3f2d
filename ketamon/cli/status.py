"""`ketamon status`: what the chairs on this machine do now, in lines: for scripts, narrow links and screen readers."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from ketamon.cli import options
from ketamon.cli.summary import progress
from ketamon.codec import encode_json
from ketamon.domain.devices import DeviceKind, PumpStatus
from ketamon.domain.parameters import PARAMETERS, PUMP_PARAMETERS
from ketamon.domain.session import ENTERED, Device, SessionState, device_of
from ketamon.errors import SourceError
from ketamon.follow import Beat, SocketFeed, Source
from ketamon.local import running_chairs, socket_path
from ketamon.profiles import load
from ketamon.rules import estimate, schedule
from ketamon.rules.current import current
from ketamon.rules.kinetics import MODELS
from ketamon.words import mark, span, unsaved

EVERY_S = 5.0


def main(argv: list[str]) -> int:
    """Print the status of one chair or all."""
    parser = options.parser(
        "status",
        "Say what the chairs on this machine do now. With --watch: what happens, as it happens, and the numbers now\n"
        "and then; plain lines that a screen reader can read.",
        "  ketamon status\n  ketamon status --chair 2 --watch\n  ketamon status --json",
    )
    parser.add_argument("--chair", default=None, help="only this chair")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--watch", action="store_true", help="go on until ctrl+c")
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
    told, due = 0, 0.0
    async with aclosing(feed.updates()) as updates:
        async for _ in updates:
            beat = feed.beat
            if beat is None:
                continue
            if watch and not json:
                told = _tell_new(feed, chair, told)
            now = asyncio.get_running_loop().time()
            if now >= due:
                due = now + EVERY_S
                _say(fields(feed, beat) if json else line(feed, beat))
            if not watch or beat.ended:
                return


def _say(what: dict[str, Any] | str) -> None:
    print(what if isinstance(what, str) else encode_json(what).decode(), flush=True)


def _tell_new(feed: SocketFeed, chair: str, told: int) -> int:
    """Print what happened since the last time; at the first look only what stands, not the whole past."""
    for event in feed.state.log if told else []:
        if event.seq > told:
            text = progress(event, feed.state, feed.profile)
            if text:
                print(f"chair {chair}  {text}", flush=True)
    return feed.state.seq


def fields(feed: SocketFeed, beat: Beat) -> dict[str, Any]:
    """Return the status as plain values. A value that is not current is null, with the reason beside it."""
    state = feed.state
    values = {}
    for parameter, info in PARAMETERS.items():
        if parameter not in PUMP_PARAMETERS:
            now = current(state, feed.profile, parameter, beat.at)
            device = now.sample.device if now.usable and now.sample else ""
            value = now.value if now.usable else None
            values[parameter] = {"value": value, "unit": info.unit, "why": now.why, "device": device}
    pump = device_of(state, DeviceKind.PUMP)
    return {
        "type": "status",
        "chair": beat.chair,
        "source": beat.source,
        "speed": beat.speed,
        "phase": state.phase,
        "session_s": round(beat.at.seconds, 1),
        "infusion_s": round(state.infusion.seconds(beat.at), 1),
        "infusion_unseen_s": state.infusion.unseen_s,
        "values": values,
        "pump": pump.pump if pump else None,
        "pumps": {name: device.pump for name, device in _attached(state, DeviceKind.PUMP).items()},
        "alarms": [
            {"priority": a.change.priority, "text": a.change.text, "state": a.change.state} for a in _worst(state)
        ],
        "due": [{"item": d.item, "in_s": round(d.due_s), "overdue": d.overdue} for d in _due(feed, beat)],
        "estimate": _estimate(feed, beat),
        "gate_open": bool(state.gate and state.gate.open),
        "saved_s": beat.saved_s,
        "recording": {"degraded": state.recording_degraded, "unsaved": beat.unsaved},
    }


def line(feed: SocketFeed, beat: Beat) -> str:
    """Return the status as one line of words."""
    state = feed.state
    found = fields(feed, beat)
    several = len(_attached(state, DeviceKind.MONITOR)) > 1
    numbers = ", ".join(
        f"{PARAMETERS[p].label} {v['value']:.{PARAMETERS[p].decimals}f}"
        + (f" ({_label(state, v['device'])})" if several else "")
        for p, v in found["values"].items()
        if v["value"] is not None
    )
    alarms = "; ".join(f"{mark(a.change)} {a.change.text}" for a in _worst(state)) or "no alarm"
    banner = "" if beat.source is Source.LIVE else f"{beat.source} (not a live patient) "
    doing = ", ".join(_does(device, found["pumps"]) for device in _attached(state, DeviceKind.PUMP).values())
    overdue = [d.label for d in _due(feed, beat) if d.overdue]
    where = f"{banner}chair {beat.chair}: {state.phase}, {span(beat.at.seconds)}"
    return (
        f"{where}; {numbers or 'no values'}; {doing or 'no pump'}; {alarms}{_estimated(found['estimate'])}"
        + (f"; overdue: {', '.join(overdue)}" if overdue else "")
        + ("; gate open" if found["gate_open"] else "")
        + (f"; RECORD {state.recording_degraded}{_unsaved(beat)}" if state.recording_degraded else "")
    )


def _unsaved(beat: Beat) -> str:
    return f": {unsaved(beat.unsaved, None)}" if beat.unsaved else ""


def _attached(state: SessionState, kind: DeviceKind) -> dict[str, Device]:
    return {name: device for name, device in state.devices.items() if device.attached.kind is kind}


def _label(state: SessionState, device: str) -> str:
    return "by hand" if device == ENTERED else state.devices[device].attached.label


def _does(device: Device, pumps: Mapping[str, PumpStatus | None]) -> str:
    """Say what a pump does: by its name and head where there are several."""
    pump = device.pump
    name = device.attached.label if len(pumps) > 1 else "pump"
    head = f" {device.attached.head}" if device.attached.head else ""
    rate = f" {pump.rate:g} mL/h" if pump is not None and pump.rate is not None else ""
    return f"{name}{head} {pump.state if pump is not None else 'not known'}{rate}"


def _estimate(feed: SocketFeed, beat: Beat) -> dict[str, Any] | None:
    """Return the estimate of ketamine in blood as plain values, or None where the profile does not show it."""
    if not feed.profile.estimate.shown:
        return None
    now, why = estimate.level(feed.state, feed.profile, beat.at)
    low, high = (round(now.low, 1), round(now.high, 1)) if now else (None, None)
    return {"low": low, "high": high, "unit": "ng/mL", "models": [model.name for model in MODELS], "why": why}


def _estimated(found: dict[str, Any] | None) -> str:
    """Say the estimate: always as one, as a range, and by whose models."""
    if found is None:
        return ""
    if found["why"]:
        return f"; estimate of ketamine in blood not known: {found['why']}"
    models = " and ".join(found["models"])
    return f"; estimate of ketamine in blood {found['low']:.0f} to {found['high']:.0f} ng/mL (models {models})"


def _worst(state: SessionState) -> list[Any]:
    return sorted(state.alarms.values(), key=lambda a: -a.change.priority.rank)


def _due(feed: SocketFeed, beat: Beat) -> list[Any]:
    return schedule.due(feed.state, feed.profile, beat.at)
