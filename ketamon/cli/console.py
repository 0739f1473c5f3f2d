"""Starts a core in the background and shows the console that follows it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from ketamon.bound import BoundFeed
from ketamon.cli import configured, page
from ketamon.cli.configured import Config
from ketamon.cli.signed import begins_locked
from ketamon.cli.workstation import Workstation
from ketamon.domain.people import Person, Role
from ketamon.errors import KetamonError, SourceError, UsageError
from ketamon.follow import SocketFeed
from ketamon.local import answers, chair_of, runtime_dir, socket_path
from ketamon.playback import Overheard, Player
from ketamon.profiles import load
from ketamon.store import private
from ketamon.store.home import keys_file, themes_dir
from ketamon.store.keys import VARIABLE
from ketamon.store.location import data_dir

START_S = 20.0
YOU = Person("you", Role.NURSE)
"""Who sits before what is no patient."""
_ERRORS: dict[int, type[KetamonError]] = {2: UsageError, 3: SourceError}


def show(
    path: Path,
    staff: Person,
    config: Config,
    sound: bool | None,
    *,
    bound: bool = False,
    chairs: Sequence[str] | None = None,
) -> int:
    """Show the console of the core at a socket, until the person leaves. `sound`: see `options.add_sound`.

    `bound`: nobody but `staff` acts here, and an observer only looks. `chairs` are those that it shows beside the first
    one, all that run where none are named, None for no other one.
    """
    if not (sys.stdout.isatty() or page.on_page()):
        raise UsageError("the console needs a terminal; “ketamon status” prints lines instead")
    from ketamon.console.app import run_console  # noqa: PLC0415 (Textual is loaded only where a screen is shown)
    from ketamon.console.voice import VoiceThread  # noqa: PLC0415 (as above)

    profile = load(None)[0]

    def feed(at: Path) -> SocketFeed:
        return BoundFeed(at, profile, staff) if bound else SocketFeed(at, profile)

    chair = "" if chairs is None else chair_of(path)
    with VoiceThread(
        partial(feed, path),
        runtime_dir(),
        time.monotonic,
        console=f"the console of {staff} ({os.getpid()})",
        role=staff.role,
        asked=sound,
        chair=chair,
    ) as voice:
        return run_console(
            feed(path),
            staff=staff,
            theme=config.theme,
            themes=themes_dir(),
            keys=keys_file(),
            voice=voice,
            chair=chair,
            others=None if chairs is None else Workstation(feed, chairs),
            locked=begins_locked.get(),
        )


def start(args: list[str], path: Path, *, own_session: bool, passphrase: str = "") -> subprocess.Popen[bytes]:
    """Start `ketamon core` and wait until it answers. Raises what the core said where it cannot start.

    The passphrase of encrypted records goes through a pipe: arguments and environment can be looked at from outside.
    """
    log = data_dir() / f"{path.stem}.log"
    private.make(log.parent)
    log.unlink(missing_ok=True)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as err:
        core = subprocess.Popen(  # noqa: S603 (our own program, with arguments that were checked)
            [sys.executable, "-m", "ketamon", "core", *args, *(["--passphrase-stdin"] if passphrase else [])],
            stdin=subprocess.PIPE,
            stdout=err,
            stderr=err,
            start_new_session=own_session,
            env={name: value for name, value in os.environ.items() if name != VARIABLE},
        )
    if core.stdin is not None:
        with suppress(BrokenPipeError), core.stdin as pipe:
            pipe.write(passphrase.encode("utf-8", "surrogateescape") + b"\n" if passphrase else b"")
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


def with_core(args: list[str], chair: str, screen: Callable[[Path], int], passphrase: str = "") -> int:
    """Show a simulation or a replay on a `screen` that follows a socket: its core lives only as long as that."""
    name = f"{chair}-{os.getpid()}"
    path = socket_path(name)
    core = start([*args, "--chair", name], path, own_session=True, passphrase=passphrase)
    try:
        return screen(path)
    finally:
        core.terminate()
        core.wait()


def play(player: Player, *, sound: bool | None) -> int:
    """Show what a player plays, until the person leaves. It makes a sound only where that is asked for."""
    from ketamon.console.app import run_console  # noqa: PLC0415 (as in `show`)
    from ketamon.console.voice import VoiceThread  # noqa: PLC0415 (as in `show`)

    with ExitStack() as stack:
        voice = None
        if sound:
            thread = VoiceThread(
                lambda: Overheard(player),
                runtime_dir(),
                time.monotonic,
                console="the player",
                role=YOU.role,
                asked=True,
            )
            voice = stack.enter_context(thread)
        theme = configured.or_usual().theme
        return run_console(player, staff=YOU, theme=theme, themes=themes_dir(), keys=keys_file(), voice=voice)
