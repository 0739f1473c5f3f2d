"""Plays sounds through a program that the machine has, one at a time, without ever waiting for it.

A program that fails, hangs, or is done sooner than the sound is long has not sounded: the next one is tried with the
same sound, and why nothing sounds is kept in words. What sounded last is tried first.

Which programs there are, and how they are called:

- `paplay FILE`: PulseAudio's player (pulseaudio-utils). It is first, as it reaches PulseAudio and PipeWire alike, while
  on a machine where PipeWire only carries video `pw-play` waits for ever. Both decode by libsndfile.
- `pw-play FILE`: PipeWire's own (pw-cat(1)).
- `aplay -q FILE`: ALSA's (aplay(1), alsa-utils), where there is no sound server. It may find the device busy.
- `afplay FILE`: comes with macOS (afplay(1)).
- Windows has no such program; Python's `winsound` plays a file and waits, in a process of its own. SND_NODEFAULT: no
  other sound in its place.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from zlib import crc32

from ketamon.domain.devices import Priority
from ketamon.sound.patterns import LEAST_PAUSE_S, PATTERNS
from ketamon.sound.wave import render, silence

MARGIN_S = LEAST_PAUSE_S
"""How much longer than the sound a program may take. PulseAudio's own buffer is 2 s, and paplay waits for its end. Not
more than a pause, as the next burst would come before the verdict."""
LEAST_SHARE = 0.5
"""A program that is done in less than this share of the sound's length has not played it."""
KILLED_WITHIN_S = 0.05

_WINSOUND = "import sys, winsound; winsound.PlaySound(sys.argv[1], winsound.SND_FILENAME | winsound.SND_NODEFAULT)"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that plays the file that is its last argument."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sound:
    """A WAV file and how long it is."""

    name: str
    wav: bytes
    seconds: float


_COMMANDS = {
    "darwin": (("afplay",),),
    "win32": ((sys.executable, "-c", _WINSOUND),),
}
_ELSEWHERE = (("paplay",), ("pw-play",), ("aplay", "-q"))

_REMEDIES = {"darwin": "afplay is part of macOS", "win32": "winsound is part of Python"}
REMEDY = _REMEDIES.get(sys.platform, "install pulseaudio-utils or alsa-utils")


def installed(platform: str = sys.platform) -> tuple[Program, ...]:
    """Return the programs that are there, best first."""
    commands = _COMMANDS.get(platform, _ELSEWHERE)
    found = ((command[0], which(command[0]), command[1:]) for command in commands)
    return tuple(Program(Path(name).stem, (path, *rest)) for name, path, rest in found if path)


def sounds() -> dict[Priority, Sound]:
    """Return the sound of each priority."""
    return {priority: Sound(priority, render(p), p.burst_s) for priority, p in PATTERNS.items()}


def nothing() -> Sound:
    """Return a sound that nobody hears, to find out which program works before there is an alarm."""
    return Sound("nothing", silence(0.3), 0.3)


class Player:
    """Plays through `programs`; the files are written to `folder` and stay there, others may use them too.

    `trouble` is why nothing sounds, "" while something does or nothing was tried; `through` is what sounded last.
    """

    def __init__(self, programs: Sequence[Program], folder: Path) -> None:
        self.programs = list(programs)
        self.trouble = ""
        self.through = ""
        self._folder = folder
        self._sound: Sound | None = None
        self._untried: list[Program] = []
        self._failures: list[str] = []
        self._run: _Run | None = None

    @property
    def busy(self) -> bool:
        """Whether a sound is being played."""
        return self._run is not None

    def play(self, sound: Sound, now: float) -> None:
        """Begin a sound; what was playing stops."""
        self.stop()
        self._sound, self._untried, self._failures = sound, list(self.programs), []
        self._try_next(sound, now)

    def stop(self) -> None:
        """Be silent at once."""
        if self._run is not None:
            self._run.kill()
        self._run, self._failures = None, []

    def look(self, now: float) -> bool:
        """See how it goes; return True in the moment when a sound has come to nothing."""
        while self._run is not None and self._sound is not None:
            why = self._run.verdict(self._sound.seconds, now)
            if why is None:
                return False
            program, self._run = self._run.program, None
            if not why:
                self.trouble, self.through, self._failures = "", program.name, []
                self.programs.remove(program)
                self.programs.insert(0, program)
                return False
            self._failures.append(f"{program.name}: {why}")
            self._try_next(self._sound, now)
        if self._failures:
            self.trouble, self.through, self._failures = "; ".join(self._failures), "", []
            return True
        return False

    def _try_next(self, sound: Sound, now: float) -> None:
        while self._run is None and self._untried:
            program = self._untried.pop(0)
            try:
                self._run = _Run(program, self._file(sound), now)
            except OSError as error:
                self._failures.append(f"{program.name}: {error.strerror or error}")

    def _file(self, sound: Sound) -> Path:
        """Return the sound's file, written whole or not at all, and again where somebody cleaned up."""
        path = self._folder / f"sound-{sound.name}-{crc32(sound.wav):08x}.wav"
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}")
            part.write_bytes(sound.wav)
            part.replace(path)
        return path


class _Run:
    """A program that plays."""

    def __init__(self, program: Program, file: Path, now: float) -> None:
        self.program = program
        self._began = now
        self._process = subprocess.Popen(  # noqa: S603 (a program of the list above, and a file of ours)
            [*program.command, str(file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def verdict(self, seconds: float, now: float) -> str | None:
        """Return "" where it has played the sound, else why not; None while it still plays."""
        code, took = self._process.poll(), now - self._began
        if code is None:
            if took <= seconds + MARGIN_S:
                return None
            self.kill()
            return f"did not end within {seconds + MARGIN_S:.1f} s"
        said = self._last_words().removeprefix(f"{self.program.name}: ")
        if code:
            return said or f"exit code {code}"
        return "" if took >= seconds * LEAST_SHARE else said or f"was done after {took:.2f} s, too soon to have played"

    def _last_words(self) -> str:
        """Return the last line it wrote to standard error, as far as it is there: a child of it may still hold it."""
        said = b""
        if self._process.stderr is not None:
            if sys.platform != "win32":
                os.set_blocking(self._process.stderr.fileno(), False)
            said = self._process.stderr.read() or b""
            self._process.stderr.close()
        lines = said.decode(errors="replace").strip().splitlines()
        return lines[-1].strip()[:200] if lines else ""

    def kill(self) -> None:
        """End it now. One that the system holds back is left to it."""
        self._process.kill()
        if self._process.stderr is not None:
            self._process.stderr.close()
        try:
            self._process.wait(KILLED_WITHIN_S)  # the next program may need the device
        except subprocess.TimeoutExpired:
            return
