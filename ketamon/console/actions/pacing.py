"""How fast a simulation or a recording goes: what + - and space mean."""

from collections.abc import Callable

from ketamon.console.view.chair import ChairView
from ketamon.domain.intents import Intent, SetSpeed

SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 1000.0)
"""The speeds that + and - go through."""


class Pacing:
    """Remembers the speed while time stands still. `send` asks for a speed, with the words for it."""

    def __init__(self, send: Callable[[Intent, str], None]) -> None:
        self._send, self._speed = send, 1.0

    def change(self, view: ChairView | None, by: int) -> None:
        """Go to the next speed up (1) or down (-1)."""
        now = view.speed if view and view.speed else self._speed
        near = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - now))
        self._speed = SPEEDS[min(max(near + by, 0), len(SPEEDS) - 1)]
        self._send(SetSpeed(speed=self._speed), f"speed {self._speed:g}×")

    def hold(self, view: ChairView | None) -> None:
        """Stop, or go on as before."""
        if view is None:
            return
        if view.speed:
            self._speed = view.speed
            self._send(SetSpeed(speed=0.0), "time stands still")
        else:
            self._send(SetSpeed(speed=self._speed), f"time goes on at {self._speed:g}×")
