"""The chair screen: one patient, seen in a second, and three keys to log what was said."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen

from ketamon import words
from ketamon.console.actions import ACTIONS, bindings
from ketamon.console.glyphs import BRAILLE, Glyphs
from ketamon.console.numbers import SHORT, TILES
from ketamon.console.screens.panels import PANELS, make
from ketamon.console.view import ChairView
from ketamon.console.widgets.alarm_bar import AlarmBar
from ketamon.console.widgets.answer import Answer
from ketamon.console.widgets.banner import Banner
from ketamon.console.widgets.due_list import DueList
from ketamon.console.widgets.header import HeaderLine
from ketamon.console.widgets.key_bar import KeyBar
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.log_list import LogList
from ketamon.console.widgets.panel import Panel
from ketamon.console.widgets.pin import KEYS as PIN_KEYS
from ketamon.console.widgets.pin import PinLine
from ketamon.console.widgets.pump import PumpTile
from ketamon.console.widgets.tile import Tile, TileData
from ketamon.console.widgets.timeline import Timeline
from ketamon.console.widgets.trend import Trend
from ketamon.domain.devices import Action
from ketamon.domain.intents import Acknowledge, Intent, Operate, PauseAudio, SetSpeed
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Person
from ketamon.follow import Source

SPEEDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
"""The speeds that + and - go through."""

CUFF_MEANT_S = 5.0
"""So long the first of two keys that start a cuff is remembered."""

PARAMETER_IDS = frozenset(Parameter)


class ChairScreen(Screen[None]):
    """Draws one view after the other, and turns keys into intents. What it asks is answered in words on a line."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    banner = getters.query_one(Banner)
    header = getters.query_one(HeaderLine)
    alarm_bar = getters.query_one(AlarmBar)
    pump = getters.query_one(PumpTile)
    trend = getters.query_one(Trend)
    timeline = getters.query_one(Timeline)
    course_clock = getters.query_one("#course-clock", Line)
    due = getters.query_one(DueList)
    log_list = getters.query_one(LogList)
    answer = getters.query_one(Answer)
    key_bar = getters.query_one(KeyBar)
    desk = getters.query_one("#desk", Horizontal)

    def __init__(
        self,
        staff: Person,
        ask: Callable[[Intent, str], Awaitable[str]],
        leave: Callable[[], None],
        glyphs: Glyphs = BRAILLE,
    ) -> None:
        super().__init__()
        self._staff, self._ask, self._leave = staff, ask, leave
        self._view: ChairView | None = None
        self._panels: dict[str, Panel] = {}
        self._open: Panel | None = None
        self._speed = SPEEDS[0]
        self._cuff_meant = False
        self._glyphs = glyphs
        self.pin = PinLine()
        self._tiles = [Tile(glyphs=glyphs, id=name, classes=f"-{name}") for name in TILES]

    def compose(self) -> ComposeResult:
        """Lay everything out, once."""
        yield Banner(id="banner")
        yield HeaderLine(id="header")
        yield AlarmBar()
        with Horizontal(id="numbers"):
            yield from self._tiles
            yield PumpTile()
        yield Trend(glyphs=self._glyphs)
        with Horizontal(id="course"):
            yield Timeline(glyphs=self._glyphs)
            yield Line(id="course-clock")
        with Horizontal(id="desk"):
            yield DueList()
            yield LogList()
        yield self.pin
        yield Answer()
        yield KeyBar()

    # ---------------------------------------------------------------- drawing

    def show(self, view: ChairView) -> None:
        """Draw a view. Widgets repaint only what says something else than before."""
        self._view = view
        self.set_class(view.source is not Source.LIVE, "-rehearsal")
        with self.app.batch_update():
            self.banner.show(view.banner)
            self.header.show(view.header)
            self.alarm_bar.show(view.alarms)
            for tile, data in zip(self._tiles, view.tiles, strict=True):
                tile.update(narrow(data) if self.has_class("-narrow") else data)
            self.pump.show(view.pump)
            if view.trend is not None and view.timeline is not None:
                self.trend.update(view.trend)
                self.timeline.update(view.timeline)
                self.course_clock.say(view.course)
            self.due.show(view)
            self.log_list.show(view.log)
            if self._open is not None:
                self._open.show(view)
            self.key_bar.show(view, entry=self._entry_keys)

    @property
    def _entry_keys(self) -> str:
        """The keys of what is open for entry, "" where nothing is."""
        if self.pin.display:
            return PIN_KEYS
        return self._open.KEYS if self._open else ""

    def on_resize(self) -> None:
        """Draw again for the new sizes, once they are known."""
        self.call_after_refresh(self._again)

    def _again(self) -> None:
        if self._view is not None:
            self.show(self._view)

    # ---------------------------------------------------------------- what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the letters to an entry that is open."""
        if action != "do" or not self._entry_keys:
            return True
        return self._open is not None and not self.pin.display and parameters[0] in self._open.PASSES

    async def action_always(self, name: str) -> None:
        """Do an action by its function key."""
        await self.action_do(name)

    async def action_do(self, name: str) -> None:
        """Do an action of the table, or say that it makes no sense now."""
        view, action = self._view, ACTIONS[name]
        if view is None:
            return
        if not action.allowed(view):
            self.answer.refused(f"{action.label} is not possible {_why_not(view)}")
        elif name in PANELS:
            await self.open(name, self.due.chosen if name == "skip" else "")
        elif name == "due_enter":
            await self.open("value" if self.due.chosen in PARAMETER_IDS else "observe", self.due.chosen)
        else:
            self.deeds()[name]()

    def deeds(self) -> dict[str, Callable[[], None]]:
        """The actions that open no panel."""
        return {
            "acknowledge": lambda: self.send(Acknowledge(by=self._staff), "acknowledged"),
            "pause_audio": self._pause_audio,
            "due_next": lambda: self.due.move(1),
            "due_previous": lambda: self.due.move(-1),
            "faster": lambda: self._pace(1),
            "slower": lambda: self._pace(-1),
            "hold": self._hold,
            "cuff": self._cuff,
            "cuff_stop": lambda: self._operate(Action.CUFF_ABORT, "cuff: air out"),
            "theme": self._next_theme,
            "quit": self._leave,
        }

    def _cuff(self) -> None:
        """A cuff squeezes an arm: the key must come twice within a few seconds."""
        if not self._cuff_meant:
            self._cuff_meant = True
            self.set_timer(CUFF_MEANT_S, self._cuff_forgotten)
            self.answer.hint("b again inflates the cuff")
            return
        self._cuff_forgotten()
        self._operate(Action.CUFF_START, "cuff started")

    def _cuff_forgotten(self) -> None:
        self._cuff_meant = False

    def _operate(self, action: Action, what: str) -> None:
        if self._view is not None:
            self.send(Operate(device=self._view.operable[action], action=action, by=self._staff), what)

    def _pause_audio(self) -> None:
        paused = self._view is not None and bool(self._view.alarms.audio)
        self.send(PauseAudio(by=self._staff, on=not paused), "alarm sound on" if paused else "alarm sound paused")

    def _pace(self, by: int) -> None:
        now = self._view.speed if self._view and self._view.speed else self._speed
        near = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - now))
        self._speed = SPEEDS[min(max(near + by, 0), len(SPEEDS) - 1)]
        self.send(SetSpeed(speed=self._speed), f"speed {self._speed:g}×")

    def _hold(self) -> None:
        if self._view is None:
            return
        if self._view.speed:
            self._speed = self._view.speed
            self.send(SetSpeed(speed=0.0), "time stands still")
        else:
            self.send(SetSpeed(speed=self._speed), f"time goes on at {self._speed:g}×")

    def _next_theme(self) -> None:
        from ketamon.console.themes import following  # noqa: PLC0415 (not on the way to the first paint)

        self.app.theme = following(self.app.theme)
        self.answer.hint(f"theme: {self.app.theme}")

    # ---------------------------------------------------------------- panels

    async def open(self, name: str, what: str = "") -> None:
        """Open a panel beside the numbers; it is made when it is first wanted, and kept with what was typed."""
        self.pin.give_up()
        panel = self._panels.get(name)
        if panel is None:
            panel = self._panels[name] = make(name, self._staff)
            await self.desk.mount(panel)
        if self._open is not None and self._open is not panel:
            self._open.display = False
        self._open = panel
        panel.display = True
        self.add_class("-entry")
        self.set_class(panel.ROOMY, "-roomy")
        if self._view is not None:
            panel.show(self._view)
        panel.opened(what)
        self.call_after_refresh(self._again)

    @on(Panel.Closed)
    def _close(self) -> None:
        if self._open is not None:
            self._open.display = False
            self._open = None
            self.remove_class("-entry", "-roomy")
            self.set_focus(None)
            self.call_after_refresh(self._again)

    @on(Panel.Do)
    async def _chosen(self, message: Panel.Do) -> None:
        self._close()
        await self.action_do(message.action)

    @on(Panel.Refused)
    def _refused(self, message: Panel.Refused) -> None:
        self.answer.refused(message.why)

    @on(Panel.Hint)
    def _hint(self, message: Panel.Hint) -> None:
        self.answer.hint(message.text)

    @on(Panel.Ask)
    def _asked(self, message: Panel.Ask) -> None:
        self.send(message.intent, message.what, message.panel)

    # ---------------------------------------------------------------- asking the core

    def send(self, intent: Intent, what: str, panel: Panel | None = None) -> None:
        """Ask the core, after the PIN where it takes one; say "saved" only when it is durable, else why not."""
        if self._view is not None and type(intent) in self._view.pinned:
            self.pin.ask_for(intent, what, panel)
            self._again()
        else:
            self._send(intent, what, panel, "")

    @on(PinLine.Closed)
    def _pin_closed(self) -> None:
        self._again()

    @on(PinLine.Given)
    def _proven(self, message: PinLine.Given) -> None:
        self._send(message.intent, message.what, message.panel, message.pin)

    def _send(self, intent: Intent, what: str, panel: Panel | None, pin: str) -> None:
        self.answer.waiting(what)
        self.run_worker(self._answered(intent, what, panel, pin), group="ask")

    async def _answered(self, intent: Intent, what: str, panel: Panel | None, pin: str) -> None:
        refused = await self._ask(intent, pin)
        if refused:
            self.answer.refused(refused)
        else:
            self.answer.saved(self._view.header.clock if self._view else words.DASHES, what)
        if panel is not None:
            panel.answered(refused)


def _why_not(view: ChairView) -> str:
    """Say what stands against an action."""
    return f"in {view.phase}" if view.reached else "without contact to the core"


def narrow(data: TileData) -> TileData:
    """Say in few cells what a narrow tile would cut off: the unit stands below the number, the reason is one word."""
    return replace(data, unit="", detail=(*data.detail, data.unit), status=SHORT.get(data.status, data.status))
