"""`ketamon evaluate alarms`: how many alarms recorded vitals raise, and whether anything was missed."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ketamon.cli import options
from ketamon.codec import encode_json
from ketamon.domain.devices import Priority
from ketamon.domain.parameters import PARAMETERS
from ketamon.errors import SourceError
from ketamon.evaluation.figures import Figures, Told, figures, together
from ketamon.evaluation.recording import Recording, load
from ketamon.plain import plain
from ketamon.profiles import load as load_profile
from ketamon.words import span

_SHOWN = 5
"""So many damaged lines of a file are told one by one."""


def main(argv: list[str]) -> int:
    """Evaluate files one by one, and together."""
    parser = options.parser(
        "evaluate",
        "Play recorded vitals through the alarm rules of a profile. Says what they raise beside what bare thresholds\n"
        "would have, whether every event that lasts and every gap was told in time, and how much alarm there is.\n"
        "A table has the columns t_s,param,value,unit. Nobody acknowledges an alarm while it stands; where staff do,\n"
        "what comes back calls anew, and there are more alarms.",
        "  ketamon evaluate alarms vitals.csv.gz\n"
        "  ketamon evaluate alarms *.csv --profile ours.toml\n"
        "  ketamon evaluate alarms recording.kstream --json",
    )
    parser.add_argument("what", choices=["alarms"], help="what to evaluate")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a table (.csv, .csv.gz) or a .kstream")
    options.add_profile(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a file, and one for all together")
    args = parser.parse_args(argv)
    return _run(args)


def _run(args: argparse.Namespace) -> int:
    profile, _, digest = load_profile(args.profile)
    done: list[Figures] = []
    damaged = 0
    for path in args.files:
        recording = load(options.stream(path), args.profile)
        _tell(recording)
        damaged += bool(recording.problems)
        done.append(figures(recording, profile))
        _print(done[-1], json=args.json)
    if len(done) > 1:
        _print(together(done), json=args.json)
    if not args.json:
        print(f"profile {profile.name}, version {profile.version}, sha256 {digest[:12]}")
    if damaged:
        raise SourceError(f"{damaged} of the files are damaged; the figures are those of the rest")
    return 0


def _tell(recording: Recording) -> None:
    """Say what of a file was not used, and why."""
    for problem in recording.problems[:_SHOWN]:
        print(plain(f"{recording.name}: {problem}"), file=sys.stderr)
    if len(recording.problems) > _SHOWN:
        print(plain(f"{recording.name}: {len(recording.problems) - _SHOWN} more damaged lines"), file=sys.stderr)
    if recording.unread:
        names = ", ".join(f"{name} ({times})" for name, times in sorted(recording.unread.items()))
        print(plain(f"{recording.name}: not judged, as unknown: {names}"), file=sys.stderr)


def _print(of: Figures, *, json: bool) -> None:
    if json:
        sys.stdout.buffer.write(encode_json(fields(of)) + b"\n")
        sys.stdout.buffer.flush()
    else:
        print("\n".join(map(plain, lines(of))) + "\n")


def lines(of: Figures) -> Iterator[str]:
    """Give the figures in words."""
    yield f"{of.name or 'all together'}: {span(of.hours * 3600)} h"
    yield f"  {'':<28}{'raised':>8}{'per hour':>10}{'bare':>8}"
    for priority, cause in sorted(of.raised | of.bare, key=lambda key: (-Priority(key[0]).rank, key[1])):
        raised, bare = of.raised[priority, cause], of.bare[priority, cause]
        yield f"  {'*' * Priority(priority).rank:<4}{cause:<24}{raised:>8}{_rate(raised, of):>10}{bare:>8}"
    raised, bare = of.raised.total(), of.bare.total()
    yield f"  {'about the patient':<28}{raised:>8}{_rate(raised, of):>10}{bare:>8}  {_times(of)}"
    for (priority, cause), times in sorted(of.equipment.items()):
        yield f"  {'!' * Priority(priority).rank:<4}{cause:<24}{times:>8}{_rate(times, of):>10}"
    yield _told("events that last", of.of("sustained", "confirmed", "sensor"))
    yield _told("gaps over the stale time", of.of("gap"))
    for missed in of.missed("sustained", "confirmed", "sensor", "gap"):
        label = PARAMETERS[missed.parameter].label
        yield f"    NOT TOLD: {missed.kind} {label} from {span(missed.start)} to {span(missed.end)}"
    share = of.in_alarm_s / (of.hours * 36) if of.hours else 0.0
    alarms = raised + of.equipment.total()
    yield f"  all alarms: {_rate(alarms, of)} an hour, {share:.1f} % of the time, the longest {span(of.longest_s)}"


def _told(what: str, told: list[Told]) -> str:
    after = [t.after_s for t in told if t.after_s is not None]
    latest = f", the latest {max(after):.0f} s after its beginning" if after else ""
    stood = f", {after.count(0.0)} by an alarm that still stood" if 0.0 in after else ""
    return f"  {what}: {len(told)}, told in time {len(after)}{stood}{latest}"


def _rate(times: int, of: Figures) -> str:
    return f"{times / of.hours:.1f}" if of.hours else "–"


def _times(of: Figures) -> str:
    return f"{of.times_fewer:.1f} times fewer" if of.raised else "none"


def fields(of: Figures) -> dict[str, Any]:
    """Return the figures as plain values, for JSON."""
    keys = sorted(of.raised | of.bare)
    return {
        "type": "recording" if of.name else "together",
        "name": of.name,
        "hours": round(of.hours, 4),
        "alarms": [
            {"priority": p, "cause": c, "raised": of.raised[p, c], "bare": of.bare[p, c]} for p, c in keys
        ],
        "equipment": [{"priority": p, "cause": c, "raised": n} for (p, c), n in sorted(of.equipment.items())],
        "raised": of.raised.total(),
        "bare": of.bare.total(),
        "times_fewer": round(of.times_fewer, 2) if of.raised else None,
        "happenings": [
            {
                "kind": t.what.kind, "parameter": t.what.parameter, "start": t.what.start, "end": t.what.end,
                "worst": t.what.worst, "told_after_s": t.after_s,
            }
            for t in of.told
        ],
        "missed": len([t for t in of.told if t.after_s is None]),
        "in_alarm_s": round(of.in_alarm_s, 1),
        "longest_s": round(of.longest_s, 1),
    }  # fmt: skip
