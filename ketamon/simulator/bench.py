"""Simulated devices on pseudo-terminals that any program can open, running in real time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ketamon.errors import SourceError
from ketamon.port.clock import SystemClock
from ketamon.port.pty import PtyEnd
from ketamon.simulator.rig import STEP_S, Rig


def run(rig: Rig, links: dict[str, Path | None], speed: float, tell: Callable[[str], object], seconds: float) -> None:
    """Let the rig run for `seconds` of its own time. A device with a link is found there, as well as at its terminal.

    `tell` hears where each device is. Raises `SourceError` where a link cannot be made.
    """
    clock = SystemClock()
    ends = {name: PtyEnd(partial(rig.receive, name)) for name in links}
    made: list[Path] = []
    try:
        for name, link in links.items():
            if link is not None:
                _link(link, ends[name].path)
                made.append(link)
            tell(f"{name}: {link or ends[name].path}")
        step = 0
        while step * STEP_S < seconds:
            step += 1
            clock.wait(max(0.0, step * STEP_S / speed - clock.now().seconds))
            for name, said in rig.advance(STEP_S).items():
                if said:
                    ends[name].write(said)
    finally:
        for link in made:
            link.unlink(missing_ok=True)
        for end in ends.values():
            end.close()


def _link(link: Path, target: str) -> None:
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(target)
    except OSError as error:
        raise SourceError(f"{link} cannot be made a link to the pseudo-terminal: {error.strerror}") from error
