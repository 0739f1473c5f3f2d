"""`ketamon sound test`: each alarm once, to hear whether this computer can sound it."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from ketamon.cli import options
from ketamon.domain.devices import Priority
from ketamon.errors import VerificationError
from ketamon.sound.patterns import PATTERNS, Pattern
from ketamon.sound.player import REMEDY, Player, Sound, installed, sounds

LOOK_EVERY_S = 0.02


def main(argv: list[str]) -> int:
    """Play, and say through what."""
    parser = options.parser(
        "sound",
        "Let each alarm be heard once, as a live session sounds it, and say which program played it.",
        "  ketamon sound test\n  ketamon sound test high",
    )
    parser.add_argument("what", choices=["test"], metavar="test", help="play")
    parser.add_argument("priority", nargs="?", type=_priority, metavar="PRIORITY", help="high, medium or low (all)")
    args = parser.parse_args(argv)
    programs = installed()
    if not programs:
        sys.stderr.buffer.write(b"\a")  # as text it would be made plain
        raise VerificationError(f"no sound player found, only the terminal's bell, which was rung now; {REMEDY}")
    with TemporaryDirectory(prefix="ketamon-") as folder:
        player = Player(programs, Path(folder))
        for priority in [args.priority] if args.priority else Priority:
            if not _played(player, sounds()[priority]):
                raise VerificationError(f"{priority}: nothing sounded: {player.trouble}")
            print(f"{priority:<7} played through {player.through}: {_words(PATTERNS[priority])}", flush=True)
    print("What was played is not yet heard: loudspeaker on, volume up?", file=sys.stderr)
    return 0


def _priority(text: str) -> Priority:
    if text not in list(Priority):
        raise argparse.ArgumentTypeError(f"“{text}” is no priority: high, medium or low")
    return Priority(text)


def _played(player: Player, sound: Sound) -> bool:
    """Play a sound to its end; say whether it sounded."""
    player.play(sound, time.monotonic())
    while not player.look(time.monotonic()):
        if not player.busy:
            return True
        time.sleep(LOOK_EVERY_S)
    return False


def _words(pattern: Pattern) -> str:
    pulses = len(pattern.spacings_s) + 1
    again = f"again after {pattern.pause_s:g} s" if pattern.pause_s else "once"
    return f"{pulses} pulse{'s' * (pulses > 1)} of {pattern.frequency_hz:g} Hz in {pattern.burst_s:.1f} s, {again}"
