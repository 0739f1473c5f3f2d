"""A MEDIBUS device on a line, to be built in tests."""

from datetime import UTC, datetime

from drivers.hand import Hand, only

from ketamon.domain.instant import Instant
from ketamon.driver import Send
from ketamon_drivers.medibus.session import QUESTIONS, Medibus
from ketamon_drivers.medibus.wire import response

BEGIN = Instant(0, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
CALL, IDENTIFY, ASK, ALARMS, ALARMS_2, OFFERS = (QUESTIONS[c] for c in (0x51, 0x52, 0x24, 0x27, 0x2E, 0x53))
BOTH = bytes.fromhex("01 24 45 42 20 39 38 20 45 31 20 37 30 20 37 41 0D")
CAPNOSAT = response(0x52, b"8300'Capnosat'01.00:03.00")
OFFER = b"00   16000-  10  10037006   16000-  20  100460"
"""The realtime configuration of the protocol's example 5: airway pressure, and CO2."""


class Line(Hand):
    """A driver, a clock, and a hand that plays the device."""

    def __init__(self):
        super().__init__(Medibus(), BEGIN)

    def active(self, identity=CAPNOSAT, curves=b""):
        """A device that was called, and said who it is and what it offers."""
        self.wait(0.75, {CALL: response(0x51), IDENTIFY: identity, OFFERS: response(0x53, curves), ASK: BOTH})
        return self


def sent(outputs):
    return [send.data for send in only(Send, outputs)]


def decode(*messages):
    driver = Medibus()
    return list(driver.feed(b"".join(messages), BEGIN)) + list(driver.flush(BEGIN))


def curves(line):
    """Let a device offer the example, take the order, and send its CO2 in every record."""
    line.wait(0.25)
    line.hear(response(0x54))
    return line
