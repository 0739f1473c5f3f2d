"""Second checks for devices with a weak checksum or none: does what is told follow from what was told before?

A sum of eight bits misses one damage in 256, and every swap of two bytes. Without any, a digit is as good as another.
What does not follow waits until it is told again: a true jump comes one report later, a damaged report tells nothing.
"""

from collections.abc import Hashable, Iterable, Iterator

from ketamon.domain.devices import DeviceAlarm, PumpState
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Reading

_ROUNDING = 1e-6
_STEPS = 3
"""After so many steps of its counter should have come and none came, a pump is not known to infuse."""
_SLACK_S = 5.0
"""Reports may come so late without meaning anything."""
_SLACK = 1.25
"""How much faster than its rate a volume may seem to grow: a pump reads its clock at other moments than we do."""


class Steady:
    """A number that may grow a little from one report to the next; one that jumps is believed when it is told twice."""

    def __init__(self) -> None:
        self._believed: float | None = None
        self._told: float | None = None

    def believes(self, value: float, most: float = 0.0) -> bool:
        """Whether this number lies at most `most` above the last believed one, or above the one told just before."""
        before, self._told = (self._believed, self._told), value
        if value not in before and not _follows(value, before, most):
            return False
        self._believed = value
        return True


def _follows(value: float, before: tuple[float | None, ...], most: float) -> bool:
    """Whether a number lies at most so far above one of those before, where there is one."""
    known = [number for number in before if number is not None]
    return not known or any(0 <= round(value - number, 6) <= round(most, 6) for number in known)


class Smooth:
    """A number that moves little from one report to the next, up or down.

    One that jumps is believed when the next report tells it again, or goes on the same way: so whatever truly falls,
    steeply or at once, comes no later than one report after.
    """

    def __init__(self) -> None:
        self._believed: float | None = None
        self._told: float | None = None

    def believes(self, value: float, most: float) -> bool:
        """Whether this number is within `most` of the last believed one, or of one told just before, or beyond that."""
        believed, told, self._told = self._believed, self._told, value
        if believed is not None and told is not None:
            near = min(abs(value - believed), abs(value - told)) <= most + _ROUNDING
            if not near and (value - told) * (told - believed) <= 0:
                return False
        self._believed = value
        return True


class Same:
    """What stays as it is (a serial number, a drug's name): another is believed when it is told twice."""

    def __init__(self) -> None:
        self._believed: Hashable = None
        self._told: Hashable = None

    def believes(self, value: Hashable) -> bool:
        """Whether this is what was believed before, or told just before, or the first of all."""
        told, self._told = self._told, value
        if self._believed is not None and value not in (self._believed, told):
            return False
        self._believed = value
        return True


RATE_MOVES = 0.05
"""A pump's rate that is farther off than this share of it waits: its first two digits that change places make more."""
MOST_BETWEEN_LINES: dict[Parameter, float] = {
    Parameter.SPO2: 6.0,
    Parameter.PR: 6.0,
    Parameter.HR: 6.0,
    Parameter.RR: 6.0,
    Parameter.ETCO2: 6.0,
    Parameter.FICO2: 2.0,
    Parameter.TEMP: 1.0,
    Parameter.PI: 1.1,
}
"""How far a vital sign moves at most in the second or two between two lines, as monitors average it.

Two digits that change places make a difference of 9 or more, so with 6 they show, also while a number moves by 2. The
perfusion index moves as in a recording of a real oximeter, where a second changed it by 1.06.
"""


class Vitals:
    """The vital signs of a monitor, line by line. One that jumps is left out until the next line tells it again.

    What has no value is passed on at once, and the first value behind it too; stored values and a cuff's always are.
    """

    def __init__(self) -> None:
        self._smooth: dict[tuple[Parameter, str], Smooth] = {}

    def believed(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        """Give the readings of a line that can be believed."""
        for reading in readings:
            most, key = MOST_BETWEEN_LINES.get(reading.parameter), (reading.parameter, reading.site)
            if reading.stored or most is None:
                yield reading
            elif reading.value is None:
                self._smooth.pop(key, None)
                yield reading
            elif self._smooth.setdefault(key, Smooth()).believes(reading.value, most):
                yield reading


class Alarms:
    """The alarms of a device, report by report.

    Known ones count at once, unknown ones when the next report has any too. While these wait, those that stood before
    still stand: what may be damaged ends no alarm.
    """

    def __init__(self) -> None:
        self._doubted = False
        self._standing: tuple[DeviceAlarm, ...] = ()

    def standing(self, known: Iterable[DeviceAlarm], unknown: Iterable[DeviceAlarm]) -> tuple[DeviceAlarm, ...]:
        """Take the alarms of a report, and return all that stand."""
        known, unknown = tuple(known), tuple(unknown)
        waits, self._doubted = bool(unknown) and not self._doubted, bool(unknown)
        more = self._standing if waits else unknown
        self._standing = known + tuple(alarm for alarm in more if alarm not in known)
        return self._standing


class Known:
    """A number of a device whose answers may have no checksum: what it is, for as long as it is known."""

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._steady = Steady()
        self._told = False
        self._value: float | None = None
        self._at: Instant | None = None

    def take(
        self, value: float | None, at: Instant, *, sure: bool = False, grows: float = 0.0, step: float = 0.0
    ) -> bool:
        """Take what an answer says (None is "cannot be read"); whether it counts.

        A checksum makes it `sure`. Without one it counts when it is told a second time, or lies above what was said
        before by no more than it `grows` in an hour, give or take two of its last digits (`step`).
        """
        first, self._told = not self._told, True
        most = 2 * step + grows / 3600 * _SLACK * min(self._age(at), self._lifetime_s)
        counts = (value is not None and self._steady.believes(value, most) and not first) or sure
        if counts:
            self._value, self._at = value, at
        return counts

    def get(self, at: Instant) -> float | None:
        """Return the number, None where it is not known any more."""
        return self._value if self._age(at) <= self._lifetime_s else None

    def _age(self, at: Instant) -> float:
        return self._lifetime_s + 1 if self._at is None else at.since(self._at)


class Flow:
    """What a pump does, where all it tells is a rate and a counter: it infuses while its counter follows its rate.

    The counter goes in steps of `step_ml`. Without a rate it is held: why it stands (held, ended, not begun) it does
    not tell. A rate alone proves nothing, it may only be set: then the state is unknown. Keep-vein-open looks the same.
    """

    def __init__(self, step_ml: float) -> None:
        self._step_ml = step_ml
        self._volume: float | None = None
        self._grew: Instant | None = None

    def state(self, rate: float | None, volume: float | None, at: Instant) -> PumpState:
        """Take a report (mL/h, mL; None where a number is not known) and say what the pump does."""
        if volume is not None:
            if self._volume is not None and volume != self._volume:
                self._grew = at if volume > self._volume else None
            self._volume = volume
        if rate is None:
            return PumpState.UNKNOWN
        if rate == 0:
            self._grew = None
            return PumpState.HELD
        if self._grew is None or at.since(self._grew) > _STEPS * self._step_ml / rate * 3600 + _SLACK_S:
            return PumpState.UNKNOWN
        return PumpState.INFUSING
