"""The chair screen: one patient, seen in a second, and three keys to log what was said."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message

from ketamon.console.actions.chair import ACTIONS, Actions, bar
from ketamon.console.actions.keys import WEAR, bindings
from ketamon.console.actions.pacing import Pacing
from ketamon.console.actions.walks import WALKS, Walk
from ketamon.console.actions.why_not import why_not
from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.screens.asking import AskingScreen
from ketamon.console.screens.panels import PANELS, make
from ketamon.console.screens.pointing import JUMPING
from ketamon.console.view.chair import ChairView
from ketamon.console.view.numbers import SHORT, TILES
from ketamon.console.view.strip import ChairLine, following, neediest
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
from ketamon.console.widgets.pump import PumpTile
from ketamon.console.widgets.strip import Strip
from ketamon.console.widgets.sweep import Sweep
from ketamon.console.widgets.tile import Tile, TileData
from ketamon.console.widgets.timeline import Timeline
from ketamon.console.widgets.trend import DEEDS as TREND_DEEDS
from ketamon.console.widgets.trend import Trend
from ketamon.domain.devices import Action as DeviceAction
from ketamon.domain.intents import (
    Acknowledge,
    Intent,
    MarkEmergency,
    Operate,
    PauseAudio,
)
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Person
from ketamon.errors import Refused
from ketamon.follow import Beat, Source
from ketamon.playback import Player

OPENS = {"emergency": "rescue"}
"""Deeds that open a panel afterwards."""

GIVES_WAY = ("Trend", "Sweep", "#course", "#desk", "LogList")
"""What gives way to a panel, to the chart or to waveforms: the only ones that these classes of the screen concern."""

PARAMETER_IDS = frozenset(Parameter)


class ChairScreen(AskingScreen):
    """Draws one view after the other, and turns keys into intents. What it asks is answered in words on a line."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS.values()), Binding("escape", "trend_now", show=False)]

    banner = getters.query_one(Banner)
    header = getters.query_one(HeaderLine)
    strip = getters.query_one(Strip)
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
        clock: Callable[[], float] = time.monotonic,
        actions: Actions = ACTIONS,
        player: Player | None = None,
        heard: Callable[[], Beat | None] = lambda: None,
    ) -> None:
        super().__init__(staff, ask, clock, actions)
        self._leave = leave
        self._panels: dict[str, Panel] = {}
        self._pacing, self._player = Pacing(self.send), player
        self._glyphs = glyphs
        self._drawn_soon = False
        self.sweep = Sweep(heard, clock, self.make_way, glyphs=glyphs)
        self._tiles = [Tile(glyphs=glyphs, id=name, classes=f"-{name}") for name in TILES]

    def compose(self) -> ComposeResult:
        """Lay everything out, once, and for the size there is: found later it would be styled twice."""
        size, app = self.app.size, self.app
        for cells, steps in ((size.width, app.HORIZONTAL_BREAKPOINTS), (size.height, app.VERTICAL_BREAKPOINTS)):
            self.add_class(*self._get_breakpoint_classes(cells, steps or []), update=False)
        yield Banner(id="banner")
        yield HeaderLine(id="header")
        yield Strip()
        yield AlarmBar(self._actions["acknowledge"])
        with Horizontal(id="numbers"):
            yield from self._tiles
            yield PumpTile()
        yield Trend(glyphs=self._glyphs, clock=self._clock)
        yield self.sweep
        with Horizontal(id="course"):
            yield Timeline(glyphs=self._glyphs)
            yield Line(id="course-clock")
        with Horizontal(id="desk"):
            yield DueList(self._actions)
            yield LogList()
        yield self.pin
        yield Answer()
        yield KeyBar()

    # ---------------------------------------------------------------- drawing

    def show(self, view: ChairView) -> None:
        """Draw a view. Widgets repaint only what says something else than before."""
        before, self._view = self._view, view
        if view.locked and not (before and before.locked):
            self._shut()
        self.set_class(view.source is not Source.LIVE, "-rehearsal")
        self.sweep.make_room()
        with self.app.batch_update():
            self.banner.show(view.banner)
            self.header.show(view.header)
            self.strip.show(view.chairs)
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
            entry = self._entry_keys
            self.key_bar.show(bar(view, self._actions, entry=bool(entry)), entry=JUMPING if self._jump.on else entry)
        if self._jump.on:
            self.call_after_refresh(self._jump.place)

    @property
    def _entry_keys(self) -> str:
        """The keys of what is open for entry, "" where nothing is."""
        if self.pin.display:
            return PIN_KEYS
        return self._open.keys if self._open else ""

    def on_resize(self) -> None:
        """Draw again for the new sizes."""
        self._again_soon()

    def _again_soon(self) -> None:
        """Draw again once the sizes are known; a start, and a panel that opens, ask for it several times."""
        if not self._drawn_soon:
            self._drawn_soon = self.call_after_refresh(self.again)

    def again(self) -> None:
        """Draw the same view once more."""
        self._drawn_soon = False
        if self._view is not None:
            self.show(self._view)

    # ---------------------------------------------------------------- what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the letters to an entry that is open, or to a jump."""
        if action != "do" or not (self._jump.on or self._entry_keys):
            return True
        typing = self.pin.display or self._jump.on
        return self._open is not None and not typing and parameters[0] in self._open.PASSES

    async def action_always(self, name: str) -> None:
        """Do an action by its function key."""
        await self.action_do(name)

    async def action_do(self, name: str) -> None:
        """Do what a key means: in an emergency the entry list is the rescue list."""
        emergency = self._view is not None and self._view.emergency
        await self.do("rescue" if emergency and name == "observe" else name)

    async def do(self, name: str, what: str = "") -> None:
        """Do an action of the table, or say that it makes no sense now; a locked screen has somebody sign in first.

        `what` is the item, field or entry it is meant for, "" for the usual one.
        """
        view, action = self._view, self._actions[name]
        if view is None:
            return
        self._jump.leave()
        if self._meant is not None and self._meant[0] != name:
            self.forget()
        if view.locked and not action.locked:
            self.answer.hint("the screen is locked: sign in first")
            name, action = "sign_in", self._actions["sign_in"]
        if name == "undo" and not what and self.take_back(view):
            return
        if not action.possible(view):
            self.answer.refused(f"{action.label} is not possible {why_not(action, view)}")
        elif name in PANELS:
            await self.open(name, what or (self.due.chosen if name == "skip" else ""))
        elif name == "due_enter":
            self.due.chosen = what or self.due.chosen
            await self.open("value" if self.due.chosen in PARAMETER_IDS else "observe", self.due.chosen)
        else:
            self.deeds()[name]()
            if name in OPENS:
                await self.open(OPENS[name])

    def deeds(self) -> dict[str, Callable[[], None]]:
        """The actions that open no panel."""
        return {
            "acknowledge": lambda: self.send(Acknowledge(by=self._staff), "acknowledged"),
            "dismiss": lambda: self.send(Acknowledge(by=self._staff, dismissed=True), "seen, nothing to do"),
            "pause_audio": self._pause_audio,
            **{name: partial(self._walk, walk) for name, walk in WALKS.items()},
            **{name: partial(self._in_trend, deed) for name, deed in TREND_DEEDS.items()},
            "due_next": lambda: self._move_due(1),
            "due_previous": lambda: self._move_due(-1),
            "faster": lambda: self._pacing.change(self._view, 1),
            "slower": lambda: self._pacing.change(self._view, -1),
            "hold": lambda: self._pacing.hold(self._view),
            "cuff": self._cuff,
            "cuff_stop": lambda: self._operate(DeviceAction.CUFF_ABORT, "cuff: air out"),
            "emergency": self._emergency,
            "emergency_over": self._emergency_over,
            "lock": self._lock,
            "next_chair": lambda: self._go(following),
            "neediest": lambda: self._go(neediest),
            "put_away": lambda: self.keys_twice("put_away", "this chair is shown no more", self._put_away),
            "strip": lambda: self.answer.hint(self.sweep.switch()),
            "theme": self._next_theme,
            "jump": self.jump,
            "redraw": lambda: self.call_next(self.app.run_action, "redraw"),
            "quit": self._leave,
        }

    def _move_due(self, by: int) -> None:
        before = self.due.chosen
        self.due.move(by)
        if self.due.chosen == before:
            self.answer.hint(f"this is the {'last' if by > 0 else 'first'} of the due list")

    def _cuff(self) -> None:
        self.keys_twice("cuff", "the cuff inflates", lambda: self._operate(DeviceAction.CUFF_START, "cuff started"))

    def _emergency(self) -> None:
        """Mark it, and ask nothing; where it is marked already the stopwatch goes on."""
        if self._view is not None and not self._view.emergency:
            self.send(MarkEmergency(by=self._staff), "EMERGENCY marked")

    def _emergency_over(self) -> None:
        over = MarkEmergency(on=False, by=self._staff)
        self.keys_twice("emergency_over", "the emergency is over", lambda: self.send(over, "the emergency is over"))

    def _lock(self) -> None:
        self.post_message(self.Locked())

    def _go(self, choose: Callable[[Sequence[ChairLine]], str]) -> None:
        """Have another chair shown."""
        name = choose(self._view.chairs) if self._view is not None else ""
        if name:
            self.post_message(Strip.Chosen(name))
        else:
            self.answer.hint("no chair needs anybody now")

    def _put_away(self) -> None:
        self.post_message(self.PutAway())

    def rest(self) -> None:
        """Another chair is shown from now on: keep what is typed, but no PIN, and nothing that was half meant."""
        self.pin.give_up()
        self.forget()
        self.alarm_bar.blink()
        self.strip.blink()

    def _operate(self, action: DeviceAction, what: str) -> None:
        if self._view is not None:
            self.send(Operate(device=self._view.operable[action], action=action, by=self._staff), what)

    def _pause_audio(self) -> None:
        paused = self._view is not None and bool(self._view.alarms.audio)
        self.send(PauseAudio(by=self._staff, on=not paused), "alarm sound on" if paused else "alarm sound paused")

    class Walked(Message):
        """Somebody went elsewhere in a recording."""

    def _walk(self, walk: Walk) -> None:
        if self._player is None:
            return
        try:
            walk(self._player)
        except Refused as refused:
            self.answer.refused(str(refused))
        else:
            self.post_message(self.Walked())

    def _next_theme(self) -> None:
        from ketamon.console.look.themes import following, ours  # noqa: PLC0415 (not on the way to the first paint)

        self.wear(following(self.app.theme, ours(self.app.available_themes)))

    def wear(self, theme: str) -> None:
        """Change the colours."""
        self.app.theme = theme
        self.answer.hint(f"theme: {theme}")

    # ---------------------------------------------------------------- panels

    async def open(self, name: str, what: str = "") -> None:
        """Open a panel beside the numbers; it is made when it is first wanted, and kept with what was typed."""
        self.pin.give_up()
        panel = self._panels.get(name)
        if panel is None:
            panel = self._panels[name] = make(name, self._staff, self._actions)
            panel.player = self._player
            await self.desk.mount(panel)
        if self._open is not None and self._open is not panel:
            self._open.display = False
        self._open = panel
        panel.display = True
        self.make_way({"-entry": True, "-roomy": panel.ROOMY})
        if self._view is not None:
            panel.show(self._view)
        panel.opened(what)
        self._again_soon()

    @on(Panel.Closed)
    def _close(self) -> None:
        if self._open is not None:
            self._open.display = False
            self._open = None
            self.make_way({"-entry": False, "-roomy": False})
            self.set_focus(None)
            self._again_soon()

    def make_way(self, classes: Mapping[str, bool]) -> None:
        """Wear the classes that give the room away, or not. To style the whole screen would cost five times as much."""
        before = self.classes
        if self.update_classes(classes, update=False).classes != before:
            gives_way = [self.query_one(part) for part in GIVES_WAY]
            self.app.stylesheet.update_nodes(gives_way)

    def _in_trend(self, deed: Callable[[Trend], None]) -> None:
        deed(self.trend)

    def action_trend_now(self) -> None:
        """Go back to now by escape, where no panel takes it."""
        self.trend.go_back()

    @on(Trend.Scoped)
    def _scoped(self, message: Trend.Scoped) -> None:
        """Where there is no room for the trend it takes that of log and timeline while somebody reads in it."""
        self.make_way({"-chart": message.wanted})

    @on(Panel.Do)
    async def _chosen(self, message: Panel.Do) -> None:
        self._close()
        if message.action.startswith(WEAR):
            self.wear(message.action.removeprefix(WEAR))
        else:
            await self.do(message.action)

    @on(Panel.Refused)
    def _refused(self, message: Panel.Refused) -> None:
        self.answer.refused(message.why)

    @on(Panel.Walk)
    def _walk_asked(self, message: Panel.Walk) -> None:
        self._walk(message.walk)

    @on(Panel.Hint)
    def _hint(self, message: Panel.Hint) -> None:
        self.answer.hint(message.text)

    @on(Panel.Ask)
    def _asked(self, message: Panel.Ask) -> None:
        self.send(message.intent, message.what, message.panel)

    # ---------------------------------------------------------------- who is here

    class Locked(Message):
        """Somebody locks this screen."""

    class PutAway(Message):
        """Somebody wants no more of this chair."""

    def hand_over(self, staff: Person) -> None:
        """Let everything be asked in this person's name from now on."""
        self._staff = staff
        self._at_once.forget()
        for panel in self._panels.values():
            panel.staff = staff

    def _shut(self) -> None:
        """Put away what a locked screen must not show; what was typed is kept."""
        self.pin.give_up()
        shown_now = next((name for name, panel in self._panels.items() if panel is self._open), "")
        if shown_now and not self._actions[shown_now].locked:
            self._close()


def narrow(data: TileData) -> TileData:
    """Say in few cells what a narrow tile would cut off: the unit stands below the number, the reason is one word."""
    return replace(data, unit="", detail=(*data.detail, data.unit), status=SHORT.get(data.status, data.status))
