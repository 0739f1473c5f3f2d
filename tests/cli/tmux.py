"""A program in a real terminal: keys go in, and what a person reads comes out."""

import os
import re
import subprocess
import time
from collections.abc import Sequence

WITHIN_S = 30.0
LOOKS_S = 0.05


class Tmux:
    """A tmux server of its own with one window, 80 by 24 unless told; `env` is added to the environment."""

    def __init__(self, socket: str, command: Sequence[str], *, size: tuple[int, int] = (80, 24)) -> None:
        self._tmux = ("tmux", "-S", socket, "-f", "/dev/null")
        width, height = map(str, size)
        environment = os.environ | {"TERM": "screen-256color", "LC_ALL": "C.UTF-8"}
        subprocess.run(
            [*self._tmux, "new-session", "-d", "-x", width, "-y", height, *command], check=True, env=environment
        )
        self._run("set-option", "-g", "remain-on-exit", "on")

    def _run(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, encoding="utf-8").stdout

    def screen(self) -> str:
        """Return what stands in the window."""
        return self._run("capture-pane", "-p")

    @property
    def tty(self) -> str:
        """The device of the window, on which any other program may write, too."""
        return self._run("display-message", "-p", "#{pane_tty}").strip()

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `Escape`, `F2`, `a`."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._run("send-keys", "-l", text)

    def see(self, pattern: str, within_s: float = WITHIN_S) -> str:
        """Wait until something stands in the window; return the whole."""
        end = time.monotonic() + within_s
        while not re.search(pattern, found := self.screen()):
            assert time.monotonic() < end, f"{pattern!r} does not come:\n{found}"
            time.sleep(LOOKS_S)
        return found

    def ended(self, within_s: float = WITHIN_S) -> None:
        """Wait until the program has ended. tmux says so at once; its line in the window may never come."""
        end = time.monotonic() + within_s
        while self._run("display-message", "-p", "#{pane_dead}").strip() != "1":
            assert time.monotonic() < end, f"it does not end:\n{self.screen()}"
            time.sleep(LOOKS_S)

    def close(self) -> None:
        """End it and all that runs in it."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
