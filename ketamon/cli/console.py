"""Starts a core in the background and shows the console that follows it."""

import os
import subprocess
import sys
import time
from pathlib import Path

from ketamon.domain.people import Person, Role
from ketamon.errors import KetamonError, SourceError, UsageError
from ketamon.follow import SocketFeed
from ketamon.local import answers, runtime_dir, socket_path
from ketamon.profiles import load
from ketamon.store.location import data_dir

START_S = 20.0
_ERRORS: dict[int, type[KetamonError]] = {2: UsageError, 3: SourceError}


def show(path: Path, staff: Person, sound: bool | None = None) -> int:
    """Show the console of the core at a socket, until the person leaves. `sound`: see `options.add_sound`."""
    if not sys.stdout.isatty():
        raise UsageError("the console needs a terminal; “ketamon status” prints lines instead")
    from ketamon.console.app import run_console  # noqa: PLC0415 (Textual is loaded only where a screen is shown)
    from ketamon.console.voice import VoiceThread  # noqa: PLC0415 (as above)

    profile = load(None)[0]

    def feed() -> SocketFeed:
        return SocketFeed(path, profile)

    console = f"the console of {staff} ({os.getpid()})"
    with VoiceThread(feed, runtime_dir(), time.monotonic, console=console, role=staff.role, asked=sound) as voice:
        return run_console(feed(), staff=staff, voice=voice)


def start(args: list[str], path: Path, *, own_session: bool) -> subprocess.Popen[bytes]:
    """Start `ketamon core` and wait until it answers. Raises what the core said where it cannot start."""
    log = data_dir() / f"{path.stem}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as err:
        core = subprocess.Popen(  # noqa: S603 (our own program, with arguments that were checked)
            [sys.executable, "-m", "ketamon", "core", *args],
            stdin=subprocess.DEVNULL,
            stdout=err,
            stderr=err,
            start_new_session=own_session,
        )
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if core.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            error = _ERRORS.get(core.returncode, SourceError)
            raise error(said[-1].removeprefix("ketamon core: "))
        if answers(path):
            return core
        time.sleep(0.02)
    core.terminate()
    raise SourceError(f"the core does not answer after {START_S:.0f} s; see {log}")


def with_core(args: list[str], chair: str, sound: bool | None) -> int:
    """Show a simulation or a replay: its core lives only as long as its console."""
    name = f"{chair}-{os.getpid()}"
    path = socket_path(name)
    core = start([*args, "--chair", name], path, own_session=True)
    try:
        return show(path, Person("you", Role.NURSE), sound)
    finally:
        core.terminate()
        core.wait()
