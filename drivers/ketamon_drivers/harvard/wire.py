"""Questions and answers of Harvard and KDS pumps: written, found, and read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ketamon.domain.parameters import Parameter

LONGEST = 256
XON, AMENDS = b"\x11", b"*"
STARTS = b"\r\n" + XON + AMENDS

VERSION, RATE, VOLUME = "version", "rate", "volume"
ONCE, AGAIN = (VERSION, VERSION), (RATE, VOLUME)
"""What is told twice counts, so the version is asked twice: then it is known what the pump does."""
LIMITS = {Parameter.RATE: 20_000.0, Parameter.VOLUME_INFUSED: 1000.0}
"""mL/h and mL that no pump of the family exceeds."""

_TEXT = rb"[ -~\xb5]*"


def _layout(prompt: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return what a whole answer looks like, and the begin of one. A line that begins like a prompt is a prompt."""
    lines = rb"(?P<lines>(?:\r?\n(?!%b)%b\r)*)" % (prompt, _TEXT)
    whole = re.compile(lines + rb"\r?\n(?P<prompt>%b)" % prompt)
    return whole, re.compile(lines + rb"(?:\r?\n?|\r?\n(?!%b)%b)" % (prompt, _TEXT))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family speaks: its questions byte for byte, and its answers."""

    name: str
    questions: Mapping[str, bytes]
    whole: re.Pattern[bytes]
    begin: re.Pattern[bytes]

    def size(self, ahead: bytes) -> int | None:
        """Tell how long the answer is that begins here, for `Sized`; XON and an amending star stand alone."""
        found = self.whole.match(ahead)
        if found:
            return found.end()
        if ahead[:1] in (XON, AMENDS):
            return 1
        return None if self.begin.fullmatch(ahead) else 0


def _dialect(name: str, words: str, prompt: bytes, written: Callable[[str], str]) -> Dialect:
    questions = {
        what: written(word).encode("ascii") for what, word in zip((VERSION, RATE, VOLUME), words.split(), strict=True)
    }
    return Dialect(name, questions, *_layout(prompt))


_NEWER = "version irate ivolume"
_PROMPT = rb"(?:[:<>*]|T\*)"
DIALECTS = {
    dialect.name: dialect
    for dialect in (
        _dialect("ultra", _NEWER, _PROMPT, "{}\r\n".format),
        _dialect("legato", _NEWER, _PROMPT, "@{}\r\n".format),
        _dialect("phd2000", "VER RAT DEL", rb"(?:\d{0,2}[:<>*/^])", "00{}\r".format),
    )
}

_AMOUNT = re.compile(
    r"(?P<number>\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})(?: *(?P<unit>[A-Za-z\xb5][A-Za-z\xb5/]{0,9}))?", re.ASCII
)
_VOLUMES = {"ml": Decimal(1), "ul": Decimal("1e-3"), "nl": Decimal("1e-6"), "pl": Decimal("1e-9")}
_TIMES = {"h": 1, "hr": 1, "m": 60, "mn": 60, "min": 60, "s": 3600, "sec": 3600}
_UNITS = _VOLUMES | {f"{v}/{t}": ml * times for v, ml in _VOLUMES.items() for t, times in _TIMES.items()}


class Amount(NamedTuple):
    """A number in mL, or in mL/h where it is `per_time`; `value` is None where its unit is none that is known."""

    value: float | None
    step: float
    per_time: bool


def amount(line: str) -> Amount | None:
    """Read one number, converted exactly by the unit beside it; None where the line is something else."""
    match = _AMOUNT.fullmatch(line)
    if not match:
        return None
    number, unit = match["number"], (match["unit"] or "").lower().replace("\xb5", "u")
    factor, per_time = _UNITS.get(unit), "/" in unit
    if factor is None:
        return Amount(None, 0.0, per_time=per_time)
    step = factor.scaleb(-len(number.partition(".")[2]))
    return Amount(float(Decimal(number) * factor), float(step), per_time=per_time)


_ERRORS = ("?", "OOR", "NA", "Out of range", "Command error", "Unknown command", "Argument error")
_NEWER_VERSION = re.compile(r"Firmware: +v?[\d.]{3,12}", re.ASCII)
_OLDER_VERSION = re.compile(r"(?:PHD|\d\d) ?V?\d{1,2}\.\d{1,3}", re.ASCII)


def is_error(lines: list[str]) -> bool:
    """Whether an answer says that a question cannot be answered."""
    return bool(lines) and lines[0].startswith(_ERRORS)


def version(lines: list[str]) -> str:
    """Return an answer to the question for the version as one line, "" where it is none."""
    known = bool(lines) and (
        _NEWER_VERSION.fullmatch(lines[0]) or (len(lines) == 1 and _OLDER_VERSION.fullmatch(lines[0]))
    )
    return ", ".join(" ".join(line.split()) for line in lines) if known else ""


class Answer(NamedTuple):
    """What a whole answer says: its prompt, its text, and what that is: an amount, a version, an error or neither."""

    prompt: str
    text: str
    amount: Amount | None = None
    version: str = ""
    is_error: bool = False


def read(dialect: Dialect, raw: bytes) -> Answer:
    """Read a whole answer; the address before the prompt does not matter, nor do lines that hold nothing."""
    found = dialect.whole.fullmatch(raw)
    told, prompted = found.groups() if found else (b"", b"")
    lines = [line.strip() for line in told.decode("latin-1").splitlines() if line.strip()]
    text, prompt = ", ".join(lines), prompted.decode("ascii").lstrip("0123456789")
    if len(lines) == 1 and (number := amount(text)):
        return Answer(prompt, text, amount=number)
    return Answer(prompt, text, version=version(lines), is_error=is_error(lines))
