"""What is wrong now, before it becomes an alarm: a condition, and the memory of how long each has held."""

from dataclasses import dataclass, field
from typing import NamedTuple

from ketamon.domain.devices import Priority
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.profile import Profile
from ketamon.domain.session import Sample, SessionState
from ketamon.rules.current import Current, current


class Condition(NamedTuple):
    """Something that is wrong now. `alarm` names the cause: two conditions with one cause are one alarm.

    A value that is back at its limit, but not yet by the hysteresis, is still wrong; it is not `beyond`.
    """

    alarm: str
    priority: Priority
    technical: bool
    text: str
    parameter: Parameter | None = None
    value: float | None = None
    limit: float | None = None
    beyond: bool = True


@dataclass(slots=True)
class AlarmMemory:
    """How long conditions have held, in session seconds. Lost in a crash, it costs no more than a dwell time.

    `since`: when each condition, by its key, was first seen to hold. `spoken`: when each alarm last said something.
    `rejected`: (time, damaged frames until then) per device.
    """

    since: dict[str, float] = field(default_factory=dict)
    spoken: dict[str, float] = field(default_factory=dict)
    rejected: dict[str, list[tuple[float, int]]] = field(default_factory=dict)

    def lasts(self, key: str, holds: bool, at: float, dwell_s: float, since: Sample | None = None) -> bool:
        """Whether a condition holds, and has held for its dwell time: from the sample that showed it, if there is one.

        Not from the look that saw it: what takes a look each second would else miss what lasts just long enough.
        """
        if not holds:
            self.since.pop(key, None)
            return False
        return at - self.since.setdefault(key, since.at.seconds if since else at) >= dwell_s


@dataclass(slots=True)
class Look:
    """One look at the session. Conditions are collected in `found`, by alarm; of one cause the highest wins.

    `held`: alarms of which nothing is known now. Silence never ends an alarm, so they stay as they are. `now` is `at`
    in seconds.
    """

    state: SessionState
    profile: Profile
    at: Instant
    memory: AlarmMemory
    found: dict[str, Condition] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    now: float = field(init=False)
    _values: dict[Parameter, Current] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = self.at.seconds

    def value(self, parameter: Parameter) -> Current:
        """Return the value of a parameter now; it is looked up once."""
        now = self._values.get(parameter)
        if now is None:
            now = self._values[parameter] = current(self.state, self.profile, parameter, self.at)
        return now

    @property
    def electrodes_off(self) -> bool:
        """Whether HR reads 0 while the oximeter sees a pulse: a fault of the sensor, the heart beats."""
        if self.value(Parameter.HR).value != 0:
            return False
        pulse = self.value(Parameter.PR)
        return pulse.usable and bool(pulse.value)

    def add(self, *conditions: Condition) -> None:
        """Collect conditions."""
        for condition in conditions:
            other = self.found.get(condition.alarm)
            if other is None or condition.priority.rank > other.priority.rank:
                self.found[condition.alarm] = condition
