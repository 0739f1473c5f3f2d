"""What tests of drivers share: a hand that plays the device, and the outputs of one kind."""

from ketamon.driver import Send


class Hand:
    """A driver, a clock that begins at `at`, and a hand that plays the device."""

    def __init__(self, driver, at):
        self.driver, self.at = driver, at

    def wait(self, seconds, answers=None):
        """Tick four times a second; `answers` maps what was sent to what the device says."""
        outputs = []
        for _ in range(round(seconds * 4)):
            self.at = self.at.plus(0.25)
            made = list(self.driver.tick(self.at))
            outputs += made
            for send in only(Send, made):
                outputs += self.hear((answers or {}).get(send.data, b""))
        return outputs

    def hear(self, raw):
        return list(self.driver.feed(raw, self.at))


def only(kind, outputs):
    return [output for output in outputs if isinstance(output, kind)]
