"""The start screen: what to go on with first, then what can be begun. Nothing is asked that a flag has answered."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ketamon.console.actions.front import DEEDS, MENU, At, Deed, Deeds
from ketamon.console.actions.keys import shown
from ketamon.console.here import TYPED, Glance, Here, Memory, Plan, Row, Seat
from ketamon.console.screens.front import FrontScreen, bindings_of
from ketamon.console.widgets.answer import Answer
from ketamon.console.widgets.choice import Choice
from ketamon.console.widgets.key_bar import KeyBar
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.sheet import NewSheet, PathSheet, Sheet, SignInSheet
from ketamon.domain.people import Person
from ketamon.plain import plain

WHAT = "ketamon runs an outpatient ketamine infusion session at the terminal."
NO_DEVICE = "It is no medical device: the bedside monitor's and the pump's own alarms stay on and stay audible."

WELCOME = "welcome"
"""The section that stands there where nothing was ever done."""

INTROS: dict[str, tuple[str, str]] = {
    WELCOME: (
        "Nothing is configured here, and no session was ever kept. Look around first: that touches no patient.",
        "",
    ),
    "open": (
        "These sessions did not end, and nobody runs them. Enter goes on with one, its devices attached again.",
        "Every session that is kept here ended.",
    ),
    "attach": (
        "These chairs run on this machine. Enter shows the console of one; leaving it stops nothing.",
        "No chair runs on this machine.",
    ),
    "new": ("Begin at one of the chairs of the configuration, or at another one.", ""),
    "demo": ("A monitor and a pump that are not there, twenty times as fast as real. Choose what happens.", ""),
    "replay": ("Recordings play through the whole session engine, and the screen says REPLAY throughout.", ""),
    "review": ("Sessions that ended, the newest first.", "No session that ended is kept here."),
    "course": ("The patients of this computer, each over all sessions that are kept here.", ""),
    "devices": ("The serial ports of this machine, who uses them, and what is attached.", ""),
    "config": ("", ""),
    "quit": ("Leave. Chairs that run go on recording and watching without a screen.", ""),
}
"""What stands above the list of each section, and in place of an empty one."""

WELCOMES = (
    Row(text="demo: see a whole session", detail=DEEDS["demo"].help, deed="demo"),
    Row(text="replay: play a recorded session", detail=DEEDS["replay"].help, deed="replay"),
    Row(text="devices: find out what is attached here", detail=DEEDS["devices"].help, deed="devices"),
    Row(text="configuration: say which devices a chair has", detail=DEEDS["config"].help, deed="config"),
    Row(text="new session: begin at once", detail=DEEDS["new"].help, deed="new"),
)
OTHER = Row(text="another chair …", detail="type its name and its devices", key="")
EDIT = Row(
    text="edit the configuration",
    detail="in $VISUAL or $EDITOR, as “ketamon config edit” does: it is checked before it counts",
    args=("config", "edit"),
    guarded=True,
)
LOCKED = "The clinic asks for PINs: sign in first. Enter asks for your name and PIN."
LISTED = frozenset({"demo", "replay", "review"})
"""The sections whose rows have to be looked up."""
SCREENS = {"course": ("course", "CourseScreen"), "devices": ("devices", "DevicesScreen")}
"""Sections that are a screen of their own -> module of this folder, and class. They are loaded when they are wanted."""


def made(name: str, here: Here, memory: Memory, table: Deeds = DEEDS) -> FrontScreen:
    """Make a screen of `SCREENS`."""
    module, cls = SCREENS[name]
    maker: type[FrontScreen] = getattr(import_module(f"ketamon.console.screens.{module}"), cls)
    return maker(here, memory, table)


def _offered(glance: Glance) -> tuple[str, ...]:
    """Return the sessions that can be gone on with."""
    return tuple(row.text for row in glance.open if row.args)


class Menu(OptionList):
    """The sections, each with its key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("right", "select", show=False)]

    def show(self, table: Deeds, counts: dict[str, int]) -> None:
        """Write the sections; a number behind one says how much there is."""
        at = self.highlighted
        self.set_options([Option(_line(table[name], counts.get(name, 0)), id=name) for name in MENU])
        self.highlighted = at


def _line(deed: Deed, count: int) -> Content:
    label = (f"{deed.label:<14}", "bold" if count else "")
    return Content.assemble((shown(deed.keys[0]), "bold $pump"), "  ", label, (f"{count or '':>3}", "bold"))


class StartScreen(FrontScreen):
    """Sections on the left, what they have to choose from on the right; forms and help take the place of the list."""

    AT = At.START
    KEYS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(At.START)

    menu = getters.query_one(Menu)
    choice = getters.query_one(Choice)
    said = getters.query_one("#said", Line)

    def __init__(self, here: Here, memory: Memory, table: Deeds = DEEDS, keys_problem: str = "") -> None:
        super().__init__(here, memory, table)
        self._keys_problem = keys_problem
        self._glance: Glance | None = None
        self._seats: list[Seat] = []
        self._section = WELCOME
        self._meant: tuple[str, ...] = ()
        self._then: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Lay everything out, once."""
        yield Line(id="what")
        yield Line(id="no-device")
        with Horizontal(id="body"):
            yield Menu(markup=False, compact=True)
            yield Choice()
        yield Line(id="said")
        yield Answer()
        yield KeyBar()

    def on_mount(self) -> None:
        """Say what this is, and look what there is."""
        self.query_one("#what", Line).say(WHAT)
        self.query_one("#no-device", Line).say(NO_DEVICE)
        self.menu.border_title = "what to do"
        self.menu.show(self.table, {})
        self._told()
        self.call_after_refresh(self.again)

    def _told(self) -> None:
        """Say what the last command had to say, and what is wrong here."""
        wrong = [*(self._glance.problems if self._glance is not None else ()), self._keys_problem]
        said = [*self.memory.said, *filter(None, wrong)]
        self.said.say("\n".join(map(plain, said)))
        self.said.set_class(self.memory.failed, "-failed")
        self.said.display = bool(said)

    # ---------------------------------------------------------------- what there is

    def again(self) -> None:
        """Look at this computer; what a command had to say was read, if somebody asked for this."""
        if self._glance is not None:
            self.memory.said, self.memory.failed = (), False
        self.ask(self.here.glance, self._found, group="glance", wait="looking at what there is here …")

    def _found(self, glance: Glance) -> None:
        idle, self._glance = self.focused is None, glance
        self.menu.show(self.table, {"open": sum(bool(row.args) for row in glance.open), "attach": len(glance.running)})
        self.answer.hint("")
        self._told()
        if idle:  # nobody chose anything yet
            self.enter(self._first(glance))
        elif self.aside is None:
            self.preview(self._section)
        self.memory.seen = _offered(glance)

    def _first(self, glance: Glance) -> str:
        """Return where to begin: a session that did not end comes before everything, until it was seen."""
        if self.memory.seen != _offered(glance):
            return "open"
        if self.memory.section:
            return self.memory.section
        if glance.running:
            return "attach"
        return WELCOME if glance.fresh else "new"

    def _shut(self, name: str) -> bool:
        """Whether somebody has to sign in first; what is not known yet counts as closed."""
        asked = self._glance is None or self._glance.pins
        return name in DEEDS and DEEDS[name].guarded and asked and self.memory.who is None

    def forgotten(self) -> None:
        """Hide again what only who signed in may see."""
        self.close_aside()
        self.set_focus(self.menu)
        self.preview(self._section)
        self.answer.hint("signed out")

    # ---------------------------------------------------------------- sections

    def preview(self, name: str) -> None:
        """Show a section; the keys stay where they are."""
        self.close_aside()
        self._section = name
        self.choice.border_title = "begin here" if name == WELCOME else DEEDS[name].label
        if name in DEEDS:
            self.menu.highlighted = MENU.index(name)
        if self._shut(name):
            self.choice.show(LOCKED, ())
        elif name in LISTED:
            self.choice.show(INTROS[name][0], (), "looking …")
            self.ask(lambda: self.here.rows(name), lambda rows: self._list(name, rows), group="rows")
        elif name == "new":
            self.ask(self.here.seats, self._sit, group="rows")
        else:
            self._list(name, self._rows(name))

    def _rows(self, name: str) -> Sequence[Row]:
        glance = self._glance or Glance()
        rows: dict[str, Sequence[Row]] = {
            WELCOME: WELCOMES,
            "open": glance.open,
            "attach": glance.running,
            "config": (EDIT,),
            "quit": (Row(text="quit", deed="quit"),),
        }
        return rows.get(name, (Row(text=f"open {DEEDS[name].label}", deed=name),) if name in DEEDS else ())

    def _list(self, name: str, rows: Sequence[Row]) -> None:
        if name == self._section:
            intro, empty = INTROS[name]
            self.choice.show(intro or (self._glance.config if self._glance else ""), rows, empty)

    def _sit(self, seats: list[Seat]) -> None:
        self._seats = seats
        rows = [
            Row(text=f"chair {seat.name:<10} {seat.monitors}  {seat.pumps}".rstrip(), key=seat.name,
                detail=f"chair {seat.name}: monitors {seat.monitors or 'none'}; pumps {seat.pumps or 'none'}; "
                f"profile {seat.profile or 'the shipped one'}")
            for seat in seats
        ]  # fmt: skip
        self._list("new", [*rows, OTHER])

    def enter(self, name: str) -> None:
        """Go into a section; where it takes a PIN, sign in first."""
        self.preview(name)
        if self._shut(name):
            self._sign_in(lambda: self.enter(name))
        elif name in SCREENS:
            self.app.push_screen(made(name, self.here, self.memory, self.table))
        else:
            self.choice.aim()

    @on(OptionList.OptionHighlighted)
    def _looked_at(self, event: OptionList.OptionHighlighted) -> None:
        if event.option.id and event.option.id != self._section and self.focused is self.menu:
            self.preview(event.option.id)

    @on(OptionList.OptionSelected)
    def _entered(self, event: OptionList.OptionSelected) -> None:
        self.action_do(event.option.id or "")

    # ---------------------------------------------------------------- what is chosen

    @on(Choice.Chosen)
    def _chosen(self, message: Choice.Chosen) -> None:
        row = message.row
        message.choice.leave_search()
        if row.deed:
            self.action_do(row.deed)
        elif self._section == "new":
            self._begin(row.key)
        elif row.key == TYPED:
            self._guarded(lambda: self.open_aside(PathSheet()))
        elif row.args and row.guarded:
            self._guarded(lambda: self.run_command(row.args))
        elif row.args:
            self.run_command(row.args)
        else:
            self.failed(row.detail or row.text)

    def run_command(self, args: tuple[str, ...]) -> None:
        """Leave for a command; the section is there again afterwards."""
        self.memory.section = "" if self._section == WELCOME else self._section
        self.post_message(self.Run(args))

    def _guarded(self, deed: Callable[[], None]) -> None:
        """Do what may name a patient, or leads out of ketamon; with PINs, somebody signs in first."""
        if (self._glance is None or self._glance.pins) and self.memory.who is None:
            self._sign_in(deed)
        else:
            deed()

    def _begin(self, chair: str) -> None:
        """Open the form of a new session, filled in as far as is configured."""
        seat = next((seat for seat in self._seats if seat.name == chair), Seat(name=""))
        who = self.memory.who
        sheet = NewSheet(seat, f"{who.name} {who.role}" if who else (self._glance or Glance()).who)
        self._meant = ()
        self.open_aside(sheet)
        self.ask(self.here.offers, sheet.found, group="offers")

    def _sign_in(self, then: Callable[[], None]) -> None:
        """Ask who is here, and go on with that."""
        self._then = then
        self.open_aside(SignInSheet())

    @on(Sheet.Done)
    def _typed(self, message: Sheet.Done) -> None:
        """Have checked what was typed; the form stays until it is right."""
        typed = message.typed
        match message.sheet:
            case SignInSheet():
                self.ask(lambda: self.here.sign_in(typed["name"], typed["pin"]), self._came, group="typed")
            case PathSheet():
                self.ask(lambda: self.here.stream(typed["path"]), self.run_command, group="typed")
            case _:
                self.ask(lambda: self.here.plan(typed), self._planned, group="typed")

    def _came(self, who: Person) -> None:
        self.memory.who, then = who, self._then
        self.close_aside()
        self.answer.hint(f"signed in: {who}")
        if then is not None:
            then()

    def _planned(self, plan: Plan) -> None:
        """Begin; what is doubtful has to be meant, and enter comes twice."""
        if plan.doubt and self._meant != plan.args:
            self._meant = plan.args
            self.failed(f"{plan.doubt}; enter again, if that is meant")
        else:
            self.run_command(plan.args)

    # ---------------------------------------------------------------- deeds

    def deeds(self) -> dict[str, Callable[[], None]]:
        """Return what each deed of this screen does."""
        sections: dict[str, Callable[[], None]] = {name: partial(self.enter, name) for name in MENU}
        return {**sections, **super().deeds()}

    def step_back(self) -> None:
        """Go to the menu."""
        self.set_focus(self.menu)
