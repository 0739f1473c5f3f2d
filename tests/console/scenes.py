"""What a chair can look like: the sessions and the moments that every look at the screen is tested with."""

from collections.abc import Callable
from dataclasses import dataclass

from console.chairs import NURSE, Chair, empty, infusing, recovering

from ketamon.domain import events as e
from ketamon.domain.devices import Priority
from ketamon.follow import Source


@dataclass(frozen=True)
class Scene:
    """A session at a moment, and how it is followed. `lost`: the core is not heard any more."""

    chair: Callable[[], Chair]
    source: Source = Source.LIVE
    speed: float = 1.0
    lost: str = ""


def stale() -> Chair:
    """A minute and a half after the last value of anything."""
    chair = infusing()
    chair.t += 90
    return chair.judge()


def in_alarm() -> Chair:
    """An alarm of each priority, one acknowledged, one that was so and is over."""
    chair = infusing()
    chair.vitals(spo2=83.0, hr=131.0)
    chair.alarm("SpO2 83 < 88", Priority.HIGH)
    chair.alarm("HR 131 > 120", state=e.AlarmState.ACKNOWLEDGED)
    chair.alarm("DIA 104 > 100", state=e.AlarmState.LATCHED)
    return chair.alarm("no data from the pump", Priority.LOW, technical=True)


def emergency() -> Chair:
    """In the second minute of an emergency."""
    chair = infusing()
    chair.say(e.EmergencyMarked(on=True, by=NURSE))
    chair.t += 75
    return chair.vitals(spo2=83.0)


SCENES: dict[str, Scene] = {
    "empty": Scene(empty),
    "infusion": Scene(infusing),
    "stale": Scene(stale),
    "alarm": Scene(in_alarm),
    "emergency": Scene(emergency),
    "recovery": Scene(recovering),
    "no-contact": Scene(infusing, lost="the core has ended"),
    "simulated": Scene(infusing, source=Source.SIMULATED, speed=20.0),
    "replay": Scene(infusing, source=Source.REPLAY, speed=0.0),
}
