"""One line for what the core answered: saved, or refused and why. It stays until the next answer."""

from textual.content import Content

from ketamon.console.widgets.line import Line


class Answer(Line):
    """The answer line. Its class says the state, its first word does too. What can be taken back stands at its end."""

    _text = ""
    _offer = ""

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

    def offer(self, key: str, what: tuple[str, int] | None) -> None:
        """Say what `key` takes back at once, and for how many seconds; nothing where there is nothing."""
        it = "it" if self.has_class("-saved") or what is None else f"“{what[0]}”"
        self._offer = f"{key} takes {it} back ({what[1]} s)" if what else ""
        self._write()

    def _tell(self, text: str, state: str) -> None:
        self.set_classes(state)
        self._text, self._offer = text, ""
        self._write()

    def _write(self) -> None:
        """Write both; where it is narrow the answer is cut short, never the offer."""
        if not self._offer:
            self.say(f" {self._text}")
            return
        room = max(1, self.size.width - len(self._offer) - 4)
        self.say(
            Content.assemble(Content(f" {self._text}").truncate(room, ellipsis=True), "   ", (self._offer, "bold"))
        )
