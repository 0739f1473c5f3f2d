"""A simulated Capnosat: it calls until it is answered, asks who is there, and answers data requests."""

from collections.abc import Iterator

from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Truth
from ketamon.wire.sampling import resampled
from ketamon.wire.scanning import Scanner
from ketamon_drivers.medibus.session import ALARMS_1, CALL, DATA, ENABLE, IDENTIFY, OFFERS, ORDER
from ketamon_drivers.medibus.wire import ESC, SOH, Message, command, look, parse, response

_OFFER = b"02   20000    0  100064" + b"06   20000-  10  1504E2"
_OFFERED_HZ = 50
_PLETH_CODE, _CO2_CODE = "02", "06"
_SILENT_S, _CALL_S = 3, 3
_STOPPED = 0x55


class CapnosatSimulator:
    """A Capnosat with CO2 and SpO2, MEDIBUS 03.00. A stop of the communication is not understood."""

    def __init__(self, identity: bytes = b"8300'Capnosat'01.00:03.00") -> None:
        self._identity = identity
        self._heard = Scanner(look)
        self._truth: Truth | None = None
        self._linked = False
        self._seconds = 0
        self._heard_at = 0
        self._ordered: list[tuple[str, int]] = []
        self._streams = 0

    def advance(self, truth: Truth) -> bytes:
        """Call where nobody is there, else send this second's curves."""
        self._truth = truth
        self._seconds += 1
        if self._linked and self._seconds - self._heard_at > _SILENT_S:
            self._linked, self._ordered, self._streams = False, [], 0
        if not self._linked:
            return command(CALL) if self._seconds % _CALL_S == 1 else b""
        return b"".join(self._records(truth))

    def receive(self, data: bytes) -> bytes:
        """Answer each command; a first contact is followed by the question who it is."""
        said = b""
        for cut in self._heard.feed(data):
            if cut.name == "record":
                self._streams = cut.raw[2] & 0xF if cut.raw in ENABLE.values() else self._streams
                continue
            message = parse(cut.raw) if cut.name and cut.raw[0] in (ESC, SOH) else None
            if message is not None:
                said += self._answer(message)
        return said

    def _answer(self, message: Message) -> bytes:
        self._heard_at = self._seconds
        met = message.code == CALL and not self._linked
        self._linked |= met
        if message.is_command and message.code != _STOPPED:
            return response(message.code, self._body(message)) + (command(IDENTIFY) if met else b"")
        return command(IDENTIFY) if met else b""

    def _body(self, message: Message) -> bytes:
        truth = self._truth
        if message.code == ORDER:
            text = message.body.decode()
            self._ordered = [(text[i : i + 2], int(text[i + 2 : i + 4], 16)) for i in range(0, len(text), 4)]
            self._streams = 0
        return {
            IDENTIFY: self._identity,
            OFFERS: _OFFER,
            DATA: "".join(_data(truth)).encode() if truth else b"",
            ALARMS_1: b":35SPO2SEN DISC" if truth and truth.values.get(Parameter.SPO2) is None else b"",
        }.get(message.code, b"")

    def _records(self, truth: Truth) -> Iterator[bytes]:
        """Interleave the enabled curves, a record a sample."""
        curves = [c for n, c in enumerate(self._ordered) if self._streams >> n & 1]
        if not curves:
            return
        rows = [_raw(code, truth, _OFFERED_HZ // multiplier) for code, multiplier in curves]
        for samples in zip(*rows, strict=True):
            given = [raw for raw in samples if raw is not None]
            mask = sum(1 << n for n, raw in enumerate(samples) if raw is not None)
            if given:
                yield bytes([0xD0 | mask]) + b"".join(bytes([0x80 | raw & 63, 0x80 | raw >> 6]) for raw in given)


def _data(truth: Truth) -> Iterator[str]:
    """Write what there is; nothing is written of what there is not."""
    for parameter, code, form in (
        (Parameter.SPO2, "EB", "{:>3} "),
        (Parameter.PR, "E1", "{:>3} "),
        (Parameter.RR, "D5", "{:>2}  "),
        (Parameter.ETCO2, "E6", "{:>2}  "),
        (Parameter.FICO2, "E5", "{:>2}  "),
    ):
        value = truth.values.get(parameter)
        if value is not None:
            yield code + form.format(round(value))


def _raw(code: str, truth: Truth, count: int) -> list[int | None]:
    """A second of a curve in its 12 bits: the pleth of full scale, the CO2 in mmHg from -10 on."""
    signal = Signal.PLETH if code == _PLETH_CODE else Signal.CO2
    wave = resampled(truth.waves.get(signal, ()), count)
    if code == _CO2_CODE:
        etco2 = truth.values.get(Parameter.ETCO2) or 0.0
        return [round((sample * etco2 + 10) * 0x4E2 / 160) for sample in wave] or [None] * count
    return [round(sample * 100) for sample in wave] or [None] * count
