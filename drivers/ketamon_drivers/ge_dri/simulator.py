"""The simulator: a level-10 monitor of the CARESCAPE kind, class BASIC only.

Once it is asked for displayed values it sends a record a second, as the recorded monitors did, whatever the interval;
once it is asked for waveforms, those of them that it measures, a second at a time; once its alarms are followed, each
change of them, and when asked what stands. A request that it does not know changes nothing.
"""

from collections.abc import Iterator
from struct import Struct

from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Truth
from ketamon.wire.sampling import resampled
from ketamon_drivers.ge_dri import alarms
from ketamon_drivers.ge_dri import requests as r
from ketamon_drivers.ge_dri.numerics import (
    ACTIVE,
    AMBIENT_AT,
    AMBIENT_SCALE,
    CLASS_AT,
    CO2,
    CUFF_OLD,
    ECG,
    GROUPS,
    MISSING,
    NIBP,
    PERCENT_CO2,
    Field,
    Group,
    bits,
)
from ketamon_drivers.ge_dri.record import (
    ALARM,
    BASIC_SIZE,
    DISPLAY,
    PHDB,
    WAVE,
    WAVE_HEADER,
    frame,
    framer,
    open_body,
    pack,
)
from ketamon_drivers.ge_dri.waves import SHAPES, Wave

LEVEL = 10
Alarms = tuple[tuple[str, int], ...]

_DISPLAY_REQUESTS = {open_body(r.REQUEST[1:-1]): True, open_body(r.STOP[1:-1]): False}
_WAVE_REQUESTS: dict[bytes | str, tuple[Wave, ...]] = {
    open_body(request[1:-1]): waves
    for request, waves in ((r.WAVES, r.WAVE_SET), (r.FAST_WAVES, r.FAST_WAVE_SET), (r.wave_request(), ()))
}
_ALARM_REQUESTS = {open_body(r.FOLLOW_ALARMS[1:-1]): True, open_body(r.ALARM_STATUS[1:-1]): False}
_LEAST_BETWEEN_ALARMS_S = 2

_AMBIENT = 7600
_CUFF_AUTO, _CUFF_MEASURING, _CUFF_RESERVED = bits(3), bits(5), 3
_ECG_SOURCE = 1 << 3
_LEADS = 0x1210  # as recorded: QRS from channel 1, which shows II; beside it, channel 2 shows I
_GOING_ON = 2  # a bit that stands in the status of every recorded waveform
_WAVE_RANGES: dict[Signal, tuple[float, float]] = {
    Signal.ECG: (-200, 1000),
    Signal.PLETH: (-200, 400),
    Signal.CO2: (0, 500),
    Signal.RESP: (-100, 100),
    Signal.PRESSURE: (7000, 12000),
}
_RED, _YELLOW = 3, 2
_LIMITS = (
    (Parameter.SPO2, 90, 101, "SpO2", _RED),
    (Parameter.HR, 45, 150, "HR", _YELLOW),
    (Parameter.RR, 6, 40, "RR", _YELLOW),
)


class GeSimulator:
    """A monitor that says nothing until it is asked."""

    def __init__(self) -> None:
        self._heard = framer()
        self._displays = False
        self._waves: tuple[Wave, ...] = ()
        self._follows = False
        self._alarms: Alarms = ()  # that stand
        self._told: Alarms = ()
        self._quiet_s = 0  # since the last word of alarms
        self._number = 0
        self._seconds = 0

    def receive(self, data: bytes) -> bytes:
        """Take requests; what asks for alarms is answered at once."""
        answers = b""
        for request in (piece.content for piece in self._heard.feed(data) if piece.content):
            self._displays = _DISPLAY_REQUESTS.get(request, self._displays)
            self._waves = _WAVE_REQUESTS.get(request, self._waves)
            if request in _ALARM_REQUESTS:
                self._follows |= _ALARM_REQUESTS[request]
                answers += self._alarm_status()
        return answers

    def advance(self, truth: Truth) -> bytes:
        """Give this second's records."""
        self._seconds = int(truth.wall.timestamp())
        self._alarms = tuple(_raised(truth))
        self._quiet_s += 1
        said = b""
        if self._displays:
            said += self._frame(PHDB, {DISPLAY: _basic(truth, self._seconds)})
        said += b"".join(self._frame(WAVE, record) for record in _wave_records(self._waves, truth))
        if self._follows and self._alarms != self._told and self._quiet_s >= _LEAST_BETWEEN_ALARMS_S:
            said += self._alarm_status()
        return said

    def _alarm_status(self) -> bytes:
        self._told, self._quiet_s = self._alarms, 0
        return self._frame(ALARM, {alarms.STATUS: alarms.pack(self._alarms)})

    def _frame(self, main_type: int, subrecords: dict[int, bytes]) -> bytes:
        self._number = (self._number + 1) % 256
        return frame(pack(LEVEL, main_type, self._number, self._seconds, subrecords))


def _raised(truth: Truth) -> list[tuple[str, int]]:
    """Alarms of the monitor's own limits, the worst first."""
    found: list[tuple[str, int]] = []
    for parameter, low, high, name, colour in _LIMITS:
        value = truth.values.get(parameter)
        if value is not None and not low <= value <= high:
            found.append((f"{name} {'LOW' if value < low else 'HIGH'}", colour))
    return found


def _wave_records(asked: tuple[Wave, ...], truth: Truth) -> Iterator[dict[int, bytes]]:
    """Give a second of the waveforms that are measured: one record, or two where one would be too long."""
    waves = [wave for wave in asked if SHAPES[wave].signal in truth.waves]
    parts = 1 if sum(SHAPES[wave].rate_hz for wave in waves) <= r.MOST_SAMPLES else 2
    for part in range(parts) if waves else ():
        yield {int(wave): _samples(wave, truth, part, parts) for wave in waves}


def _samples(wave: Wave, truth: Truth, part: int, parts: int) -> bytes:
    """Write one of the equal parts of a second."""
    shape = SHAPES[wave]
    low, high = _WAVE_RANGES[shape.signal]
    if shape.signal is Signal.CO2:  # its 1 is the end-tidal value
        high = 100 * 100 * AMBIENT_SCALE / _AMBIENT * (truth.values.get(Parameter.ETCO2) or 0.0)
    samples = [round(low + (high - low) * x) for x in resampled(truth.waves[shape.signal], shape.rate_hz)]
    samples = samples[len(samples) * part // parts : len(samples) * (part + 1) // parts]
    return WAVE_HEADER.pack(len(samples), _GOING_ON, 0) + Struct(f"<{len(samples)}h").pack(*samples)


def _basic(truth: Truth, seconds: int) -> bytes:
    """Write the truth as a BASIC subrecord; a group none of whose values is known of does not exist."""
    data = bytearray(BASIC_SIZE)
    Struct("<I").pack_into(data, 0, seconds)
    Struct("<BB").pack_into(data, 2 * CLASS_AT, 0xA1, 0)
    truth_of = dict(truth.values)
    if truth.cuff_age_s is None:
        truth_of.update(dict.fromkeys(CUFF))
    for group in GROUPS:
        own = PERCENT_CO2 if group is CO2 else group.fields  # a respiratory rate alone is measured by impedance
        known = any(field.parameter in truth_of for field in own)
        status = (ACTIVE | (_ECG_SOURCE if group is ECG else 0)) * known
        Struct("<IH").pack_into(data, group.at, status, _label(group, truth))
        for field in group.fields:
            Struct("<h").pack_into(data, group.at + field.at, _raw(field, truth_of.get(field.parameter)))
    Struct("<h").pack_into(data, CO2.at + AMBIENT_AT, _AMBIENT)
    return bytes(data)


def _raw(field: Field, value: float | None) -> int:
    if value is None:
        return MISSING
    return round(value * field.scale * (100 * AMBIENT_SCALE / _AMBIENT if field in PERCENT_CO2 else 1))


def _label(group: Group, truth: Truth) -> int:
    """The cuff's label: automatic, measuring, older than 60 s; the CO2 group's: respiratory rate from CO2."""
    old = truth.cuff_age_s is None or truth.cuff_age_s > 60  # noqa: PLR2004 (seconds, by the specification)
    cuff = _CUFF_RESERVED | _CUFF_AUTO | (truth.cuff_measuring * _CUFF_MEASURING) | (old * CUFF_OLD)
    return {ECG: _LEADS, NIBP: cuff, CO2: 1}.get(group, 0)
