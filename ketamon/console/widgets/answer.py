"""One line for what the core answered: saved, or refused and why. It stays until the next answer."""

from ketamon.console.widgets.line import Line


class Answer(Line):
    """The answer line. Its class says the state, its first word does too."""

    def saved(self, clock: str, what: str) -> None:
        """Say that it is done and durable."""
        self._tell(f"saved {clock}  {what}", "-saved")

    def refused(self, why: str) -> None:
        """Say that it is not done, and why."""
        self._tell(f"not done: {why}", "-refused")

    def waiting(self, what: str) -> None:
        """Say that the core was asked and has not answered."""
        self._tell(f"asking the core: {what} …", "-waiting")

    def hint(self, text: str) -> None:
        """Say something that is no answer."""
        self._tell(text, "-hint")

    def _tell(self, text: str, state: str) -> None:
        self.set_classes(state)
        self.say(f" {text}")
