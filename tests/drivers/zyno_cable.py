"""A Zyno pump on its cable, to be built in tests."""

from drivers.hand import only

from ketamon.driver import DeviceAlarms, Send
from ketamon.testing.conversation import START
from ketamon.wire.checksums import sum8
from ketamon_drivers.zyno import SPEC, wire

ROUND = ("RN12345678", "Q4mL/hr", "Q70", "54.00", "Q500000136", "Q600000E10", "TRUE")


class Cable:
    """A driver that hears messages, each a little later than the one before."""

    def __init__(self, *messages, checksum=sum8):
        variant = SPEC if checksum is sum8 else SPEC.variants[0]
        self.driver, self.at, self.checksum = variant.make(), START, checksum
        self.outputs = self.hear(*messages)

    def hear(self, *messages, wait=0.0):
        outputs = []
        for message in messages:
            raw = message if isinstance(message, bytes) else wire.frame(message, self.checksum)
            outputs += self.driver.feed(raw, self.at)
        self.at = self.at.plus(wait)
        return outputs

    def ask(self, ticks=1):
        asked = []
        for _ in range(ticks):
            self.at = self.at.plus(0.25)
            asked += [wire.unframe(o.data, self.checksum) for o in self.driver.tick(self.at) if isinstance(o, Send)]
        return asked


def codes(outputs):
    return [[alarm.code for alarm in o.alarms] for o in only(DeviceAlarms, outputs)]
