"""Messages of the Zyno line: how they are framed, which there are, and which may be sent; drawn in the package."""

import re
from collections.abc import Callable, Iterable

STX, ETX = b"\x02", b"\x03"
LONGEST = 64
_FRAME = re.compile(rb"\x02([ -~]+)([0-9A-F]{2})\x03")
Checksum = Callable[[bytes], int]

RATE_UNIT, BOLUS, INFUSED, VTBI, LOG, RECORD, SERIAL, FIRMWARE = "Q4", "Q7", "Q5", "Q6", "RI", "RE", "RN", "RS"
RATE, RUN = ":INFU:RATE?", ":INFU:RUN?"
ONCE = (FIRMWARE,)
STATUS = (SERIAL, RATE_UNIT, BOLUS, RATE, INFUSED, VTBI, RUN)
"""What makes a status, in the order of asking: it is told with the last answer, and only with all of them."""
CYCLE = (*STATUS, LOG)
ERROR = "ERROR"
"""What the pump says instead of a number that it has not."""

_NUMBER = "[0-9A-F]{1,8}|ERROR"
ANSWERS = {
    verb: re.compile(form)
    for verb, form in {
        "R1": "[0-9A-F]{4}", "R2": "[0-9A-F]{8}", "R3": "[0-9A-F]{4}", "R7": "[0-9A-F]{4}", "R8": "[0-9A-F]{10}",
        "R9": "[0-9A-F]{8}", "RA": "[0-9A-F]{8}", "RB": "[0-9A-F]{4}", "RC": "[0-9A-Z]{12}|[0-9A-F]{8}",
        "RD": "[0-9A-F]{8}", "RI": "[0-9A-F]{16}", "RE": "[0-9A-F]{40}", "RL": "[ -~]{20}", "RM": "0[01]",
        "RN": "[A-Z0-9]{8}", "RS": "[A-Za-z0-9.-]{1,24}", "S9": "[0-9A-F]{9}", "Q0": "[A-Za-z ]{1,16}",
        "Q3": _NUMBER, "Q4": "[A-Za-z/]{1,12}", "Q5": _NUMBER, "Q6": _NUMBER, "Q7": "[01]", "Q8": _NUMBER,
        "Q9": _NUMBER, "QA": _NUMBER, "QC": "[A-Za-z/]{1,12}", "QD": _NUMBER, "QE": _NUMBER, "QF": "[A-Za-z]{1,12}",
        "QG": _NUMBER, "QH": _NUMBER, "QI": _NUMBER,
    }.items()
}  # fmt: skip
"""What follows the verb in an answer."""
RUN_ANSWER = re.compile("true|false", re.IGNORECASE)
RATE_ANSWER = re.compile(r"\d{1,4}(?:[.,]\d{1,3})?", re.ASCII)
"""Answers to the two questions that are not repeated in them: their forms tell which is which."""
_REQUEST = re.compile(r"(?:[RQ][0-9A-Z]|S9|RE[0-9A-F]{8}|[:*][A-Z:]{2,20}\?|[WKL][ -~]*)")


def frame(text: str, checksum: Checksum) -> bytes:
    """Wrap a message: start, checksum in two digits, end."""
    data = text.encode("ascii")
    return b"%b%b%02X%b" % (STX, data, checksum(data), ETX)


def unframe(raw: bytes, checksum: Checksum) -> str | None:
    """Return the message of one whole frame, or None where it is none or its checksum is wrong."""
    match = _FRAME.fullmatch(raw)
    if not match or len(raw) > LONGEST or checksum(match[1]) != int(match[2], 16):
        return None
    return match[1].decode("ascii")


def identify(text: str) -> tuple[str, str] | None:
    """Tell a message by its form: the question that it answers and the answer, or ("", question); None for neither."""
    verb, rest = text[:2], text[2:]
    if verb in ANSWERS and ANSWERS[verb].fullmatch(rest):
        return verb, rest
    if RUN_ANSWER.fullmatch(text):
        return RUN, text.upper()
    if RATE_ANSWER.fullmatch(text):
        return RATE, text
    return ("", text) if _REQUEST.fullmatch(text) else None


def record(index: int) -> str:
    """Ask for one record of the log."""
    return f"{RECORD}{index:08X}"


def requests(checksum: Checksum) -> Iterable[bytes]:
    """Give all questions that may be asked, but for those for records."""
    return (frame(question, checksum) for question in (*ONCE, *CYCLE))


RECORD_REQUEST = re.compile(rb"\x02RE[0-9A-F]{10}\x03")
"""A question for a record: its number and the checksum."""
