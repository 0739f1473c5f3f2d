"""The panels by the name of the action that opens them, each imported when it is first wanted."""

from collections.abc import Callable
from importlib import import_module

from ketamon.console.actions.chair import ACTIONS, Actions
from ketamon.console.widgets.panel import Panel
from ketamon.domain.people import Person

PANELS: dict[str, tuple[str, str]] = {
    "rescue": ("rescue", "RescuePanel"),
    "observe": ("observe", "ObservePanel"),
    "note": ("entry", "NoteForm"),
    "value": ("entry", "ValueForm"),
    "undo": ("entry", "UndoForm"),
    "skip": ("entry", "SkipForm"),
    "check_in": ("checkin", "CheckInForm"),
    "screening": ("screening", "ScreeningPanel"),
    "check_order": ("order", "OrderCheckForm"),
    "staff": ("staff", "StaffPanel"),
    "gate": ("gate", "GatePanel"),
    "discharge": ("sign", "SignForm"),
    "limits": ("limits", "LimitsPanel"),
    "waste": ("waste", "WasteForm"),
    "sign_in": ("signin", "SignInForm"),
    "glass": ("signin", "GlassForm"),
    "step": ("steps", "StepPanel"),
    "devices": ("devices", "DevicesPanel"),
    "record": ("record", "RecordPanel"),
    "at": ("record", "AtPanel"),
    "help": ("help", "HelpPanel"),
    "palette": ("help", "PalettePanel"),
}
"""Action -> module below `ketamon.console.widgets` and class."""


def make(name: str, staff: Person, actions: Actions = ACTIONS) -> Panel:
    """Make the panel of an action. `actions` is the table with the keys that count here."""
    module, cls = PANELS[name]
    maker: Callable[[Person], Panel] = getattr(import_module(f"ketamon.console.widgets.{module}"), cls)
    panel = maker(staff)
    panel.actions = actions
    return panel
