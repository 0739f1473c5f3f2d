"""The devices of this machine: its serial ports and who uses them, the drivers, and finding out what is attached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from ketamon.console.actions.front import DEEDS, At, Deed, Deeds
from ketamon.console.here import TYPED, Here, Memory, Row
from ketamon.console.screens.front import FrontScreen, bindings_of
from ketamon.console.widgets.answer import Answer
from ketamon.console.widgets.choice import Choice
from ketamon.console.widgets.key_bar import KeyBar
from ketamon.console.widgets.sheet import PortSheet, Sheet
from ketamon.errors import KetamonError
from ketamon.plain import plain

RULES = "It listens first, then asks with requests that only read: no cuff is started, nothing is changed."


class DevicesScreen(FrontScreen):
    """Ports and drivers as lists, and below them what detecting has to say, line by line as it comes."""

    AT = At.DEVICES
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(At.DEVICES)

    ports = getters.query_one("#ports", Choice)
    drivers = getters.query_one("#drivers", Choice)
    found = getters.query_one("#found", Choice)

    def __init__(self, here: Here, memory: Memory, table: Deeds = DEEDS) -> None:
        super().__init__(here, memory, table)
        self._stop = Event()
        self._detecting = False
        self._lines: list[Row] = []
        self._typed: list[Row] = []

    def compose(self) -> ComposeResult:
        """Lay everything out, once."""
        with Vertical(id="body"):
            with Horizontal(id="known"):
                yield Choice("ports of this machine", id="ports")
                yield Choice("devices that can be read", id="drivers")
            yield Choice("what is attached", id="found")
        yield Answer()
        yield KeyBar()

    def on_mount(self) -> None:
        """Look what there is."""
        self._say_found()
        self.again()
        self.ports.aim()

    def on_unmount(self) -> None:
        """Let no thread go on behind a screen that is gone."""
        self._stop.set()

    def again(self) -> None:
        """Look at the ports and drivers."""
        self.ask(
            lambda: (self.here.rows("ports"), self.here.rows("drivers")), self._show, group="look", wait="looking …"
        )

    def _show(self, found: tuple[list[Row], list[Row]]) -> None:
        ports, drivers = found
        *real, other = ports
        self.ports.show("", [*real, *self._typed, other])
        self.drivers.show("", drivers, "No driver is installed.")
        self.answer.hint("")

    @on(Choice.Chosen)
    def _chosen(self, message: Choice.Chosen) -> None:
        message.choice.leave_search()
        if message.choice is self.ports:
            self._detect_here()
        else:
            self.answer.hint(plain(message.row.detail))

    # ---------------------------------------------------------------- detecting

    @dataclass
    class Came(Message):
        """Detecting has something to say; nothing more where there is no row."""

        row: Row | None

    def _detect_here(self) -> None:
        row = self.ports.row
        if row is None or row.key == TYPED:
            self.open_aside(PortSheet())
        else:
            self._detect([row.key])

    def _detect_all(self) -> None:
        self._detect([row.key for row in self.ports.rows if row.key and row.key != TYPED])

    @on(Sheet.Done)
    def _typed_port(self, message: Sheet.Done) -> None:
        port = message.typed["port"]
        if not port:
            self.failed("no port was typed; it is a device file, or tcp://host:port")
            return
        self._typed.append(Row(text=port, detail=f"{port}: typed", key=port))
        self.close_aside()
        self.again()
        self._detect([port])

    def _detect(self, ports: Sequence[str]) -> None:
        """Detect in a thread, which only sends messages; one at a time."""
        if self._detecting:
            self.failed(f"detecting goes on; {self.key('stop')} stops it")
        elif not ports:
            self.failed("this machine has no serial port; choose “another port” and type one")
        else:
            self._stop.clear()
            self._detecting, self._lines = True, []
            self._say_found()
            self.show_keys()
            self.run_worker(partial(self._listen, ports), thread=True, group="detect", exit_on_error=False)

    def _listen(self, ports: Sequence[str]) -> None:
        for port in ports:
            if not self._stop.is_set():
                try:
                    for row in self.here.detect(port, self._stop.wait):
                        self.post_message(self.Came(row))
                except KetamonError as error:
                    self.post_message(self.Came(Row(text=f"{port}: {error}", detail=str(error), wrong=True)))
        self.post_message(self.Came(None))

    @on(Came)
    def _came(self, message: Came) -> None:
        if message.row is None:
            self._detecting = False
            self.show_keys()
        else:
            self._lines.append(message.row)
        self._say_found()

    def _say_found(self) -> None:
        state = f"Detecting; {self.key('stop')} stops it. It takes up to two minutes a port."
        how = (
            f"{self.key('detect')} detects at the chosen port, {self.key('detect_all')} at all ports that nobody uses."
        )
        self.found.show(state if self._detecting else f"{how} {RULES}", self._lines, last=True)

    def offered(self) -> list[Deed]:
        """Offer to stop only what goes on."""
        return [deed for deed in super().offered() if (deed.name == "stop") <= self._detecting]

    def deeds(self) -> dict[str, Callable[[], None]]:
        """Return what each deed of this screen does."""
        own = {"detect": self._detect_here, "detect_all": self._detect_all, "stop": self._stop.set}
        return {**super().deeds(), **own}
