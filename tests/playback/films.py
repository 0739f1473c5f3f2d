"""Recordings to play: the events of a sample stream, as the engine makes them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from functools import cache

from ketamon import samples
from ketamon.chair import launch
from ketamon.domain.events import Event
from ketamon.follow import Source
from ketamon.playback import Player
from ketamon.profiles import load


@cache
def events(sample: str = "vasovagal") -> tuple[Event, ...]:
    """All that a session says that is played from a sample."""
    said: list[Event] = []
    core, reader = launch.replay(samples.path(sample), None, float("inf"), None)
    core.listeners.append(said.append)
    with reader, ThreadPoolExecutor(1) as beside:  # a loop may run here already
        beside.submit(asyncio.run, core.run(None)).result()
    return tuple(said)


class Hand:
    """A clock in the hand of a test."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def player(
    some, *, whole: bool = True, speed: float = 1.0, clock: Hand | None = None, source: Source = Source.REPLAY, **how
) -> Player:
    """A player with these events in it, at the start."""
    made = Player(source, load(None)[0], clock or Hand(), speed=speed, zone=UTC, **how)
    for event in some:
        made.add(event)
    made.reach(None, whole=whole)
    if some:
        made.start()
    return made
