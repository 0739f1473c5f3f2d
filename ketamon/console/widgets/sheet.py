"""Forms of the start screen: they ask nobody by themselves, and hand over what was typed. What was typed is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.events import DescendantBlur
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Label

from ketamon.console.here import Offers, Seat
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.pin_field import PinField
from ketamon.plain import plain

GAP = " "
"""What stands between two devices in one field."""


class Sheet(VerticalScroll):
    """A form of `FIELDS`: their ids, labels and examples. Enter goes on to the next one, and from the last one away."""

    TITLE: ClassVar[str] = ""
    FIELDS: ClassVar[Sequence[tuple[str, str, str]]] = ()
    KEYS: ClassVar[str] = "enter next, last goes  esc back"

    @dataclass
    class Done(Message):
        """Everything was typed."""

        sheet: "Sheet"
        typed: Mapping[str, str] = field(repr=False)

    def __init__(self) -> None:
        super().__init__(classes="sheet", can_focus=False)
        self.border_title = self.TITLE

    def compose(self) -> ComposeResult:
        """Lay out the fields, and a line below for what there is to know."""
        with Grid(classes="fields"):
            for name, label, example in self.FIELDS:
                yield Label(label, markup=False)
                yield self.made(name, example)
        yield Line(classes="live")

    def made(self, name: str, example: str) -> Input:
        """Make the field of that name."""
        return Input(placeholder=example, id=name, compact=True, select_on_focus=False)

    @property
    def fields(self) -> list[Input]:
        """The fields, in order."""
        return list(self.query(Input))

    def on_mount(self) -> None:
        """Put the cursor into the first field."""
        self.screen.set_focus(self.fields[0])

    def say(self, text: str) -> None:
        """Say what there is to know, below the fields."""
        self.query_one(".live", Line).say(text)

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        fields = self.fields
        if event.input is fields[-1]:
            self.post_message(self.Done(self, {one.id or "": one.value.strip() for one in fields}))
            self.handed_over()
        else:
            self.screen.set_focus(fields[fields.index(event.input) + 1])

    def handed_over(self) -> None:
        """Forget what must not stay."""

    def refused(self) -> None:
        """Hear that it was not taken."""


class PathSheet(Sheet):
    """A recording by its path."""

    TITLE = "replay a file"
    FIELDS = (("path", "file", "a .kstream file, or the name of a sample"),)
    KEYS: ClassVar[str] = "enter play  esc back"


class PortSheet(Sheet):
    """A port that the system does not list."""

    TITLE = "detect at another port"
    FIELDS = (("port", "port", "/dev/ttyUSB0, or tcp://host:port"),)
    KEYS: ClassVar[str] = "enter detect  esc back"


class SignInSheet(Sheet):
    """Who is here, by name and PIN. The PIN is masked, and gone as soon as anything else happens."""

    TITLE = "sign in"
    FIELDS = (("name", "who are you", "your name or initials, as the roster has them"), ("pin", "PIN", ""))

    def made(self, name: str, example: str) -> Input:
        """Mask the PIN."""
        if name != "pin":
            return super().made(name, example)
        pin = PinField()
        pin.id = name
        return pin

    @on(DescendantBlur)
    def _left(self) -> None:
        self.handed_over()

    def handed_over(self) -> None:
        """Keep nothing of the PIN."""
        self.query_one(PinField).value = ""

    def refused(self) -> None:
        """Be ready for the next try, which belongs there and never in a plain field."""
        self.screen.set_focus(self.query_one(PinField))


class NewSheet(Sheet):
    """A new session: its chair, its devices, its rules, and who is here."""

    TITLE = "new session"
    FIELDS = (
        ("chair", "chair", "letters, digits, - and _"),
        ("monitors", "monitors", "DRIVER:PORT, several with a space between"),
        ("pumps", "pumps", "DRIVER:PORT, several with a space between"),
        ("profile", "profile", "the usual one, a shipped one by its name, or a file"),
        ("who", "who are you", "name and role: AB nurse"),
    )
    KEYS: ClassVar[str] = "enter next, last begins  → take what is suggested  esc back"

    def __init__(self, seat: Seat, who: str) -> None:
        super().__init__()
        self._begin = {
            "chair": seat.name,
            "monitors": seat.monitors,
            "pumps": seat.pumps,
            "profile": seat.profile,
            "who": who,
        }

    def made(self, name: str, example: str) -> Input:
        """Begin with what is configured."""
        field = super().made(name, example)
        field.value = self._begin[name]
        return field

    def found(self, offers: Offers) -> None:
        """Offer what is there once the fields are: it may be found before they are, or after the form was left."""
        self.call_later(self.offer, offers)

    def offer(self, offers: Offers) -> None:
        """Suggest drivers, and the ports that exist."""
        for name, drivers in (("monitors", offers.monitors), ("pumps", offers.pumps)):
            self.query_one(f"#{name}", Input).suggester = DeviceSuggester(drivers, list(offers.ports))
        example = f"{next(iter(offers.monitors), 'DRIVER')}:{next(iter(offers.ports), '/dev/ttyUSB0')}"
        ports = [f"  {port}  {about}" for port, about in offers.ports.items()] or ["  none"]
        self.say(
            plain_lines(
                [
                    f"A device is its driver and its port, such as {example}; both are suggested as you type.",
                    "",
                    "serial ports of this machine:",
                    *ports,
                    f"monitors: {', '.join(offers.monitors)}",
                    f"pumps: {', '.join(offers.pumps)}",
                ]
            )
        )


def plain_lines(lines: Sequence[str]) -> str:
    """Return lines of foreign text as letters."""
    return "\n".join(map(plain, lines))


class DeviceSuggester(Suggester):
    """Completes the last DRIVER:PORT of a field: first the driver, behind the colon a port that exists."""

    def __init__(self, drivers: Sequence[str], ports: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._drivers, self._ports = drivers, ports

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole field with its last device completed."""
        before, _, last = value.rpartition(GAP)
        driver, colon, port = last.partition(":")
        if not last:
            return None
        options = [f"{driver}:{known}" for known in self._ports] if colon else [f"{name}:" for name in self._drivers]
        found = next((option for option in options if option.startswith(f"{driver}{colon}{port}")), None)
        return None if found is None else f"{before}{GAP if before else ''}{found}"
