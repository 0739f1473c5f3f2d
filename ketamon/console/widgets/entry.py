"""The small forms: a note, a value read elsewhere, why a due item is left out, why an observation is taken back."""

from textual.content import Content

from ketamon.console import typed as t
from ketamon.console.view.chair import ChairView
from ketamon.console.view.desk import Undo
from ketamon.console.widgets.panel import Field, Form
from ketamon.domain.intents import Correct, EnterValue, Intent, Note, SkipDue
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.people import Person
from ketamon.domain.readings import Reading


class NoteForm(Form):
    """Free text into the record."""

    TITLE = "note"
    FIELDS = (Field(id="text", label="note", example="what should stand in the record"),)

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the note."""
        text = t.required(typed["text"], "the text of the note")
        return Note(text=text, by=self.staff), f"note: {text}"


_VALUES: dict[str, Parameter] = {
    "hr": Parameter.HR,
    "rr": Parameter.RR,
    "spo2": Parameter.SPO2,
    "temp": Parameter.TEMP,
}


class ValueForm(Form):
    """Numbers read elsewhere: a manual cuff, a counted respiratory rate."""

    TITLE = "value read by hand"
    FIELDS = (
        Field(id="nibp", label="pressure mmHg", example="138/92"),
        Field(id="hr", label="heart rate /min", example="84"),
        Field(id="rr", label="resp. rate /min", example="14, counted"),
        Field(id="spo2", label="SpO2 %", example="97"),
        Field(id="temp", label="temperature °C", example="36.6"),
    )

    def opened(self, what: str = "") -> None:
        """Go to the field of a scheduled parameter, else to the first."""
        super().opened("nibp" if what in CUFF or what == "nibp" else what)

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return all values that were typed."""
        readings: list[Reading] = list(t.cuff(typed["nibp"])) if typed["nibp"].strip() else []
        readings += [t.reading(p, typed[field]) for field, p in _VALUES.items() if typed[field].strip()]
        if not readings:
            raise t.Mistake("no value was typed")
        words = ", ".join(f"{PARAMETERS[r.parameter].label} {r.value:g}" for r in readings)
        return EnterValue(readings=tuple(readings), by=self.staff), words

    def live(self, typed: dict[str, str]) -> str:
        """Say what would be saved, or what is wrong so far."""
        if not any(text.strip() for text in typed.values()):
            return ""
        try:
            return "enter saves " + self.read(typed)[1]
        except t.Mistake as mistake:
            return str(mistake)


class SkipForm(Form):
    """Leave out a due item, because …"""

    TITLE = "leave out a due item"
    FIELDS = (Field(id="because", label="because", example="patient asleep"),)

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self.item = ""

    def opened(self, what: str = "") -> None:
        """Take the chosen item; a reason typed for another item is not kept for this one."""
        if what != self.item:
            self.clear()
        self.item = what
        self.border_title = Content(f"{self._label} not done")
        super().opened()

    @property
    def _label(self) -> str:
        due = self.view.due if self.view else ()
        return next((line.label for line in due if line.item == self.item), self.item)

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the reason."""
        because = t.required(typed["because"], "the reason")
        return SkipDue(item=self.item, because=because, by=self.staff), f"{self._label} not done: {because}"


class UndoForm(Form):
    """Take back an observation, the last one or the one named. Enter alone says it was entered by mistake."""

    TITLE = "take back the last observation"
    FIELDS = (Field(id="why", label="because", example="entered by mistake"),)

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._seq: int | None = None
        self._text = ""

    def opened(self, what: str = "") -> None:
        """Hold on to the named observation, else the last one, whatever is logged in the meantime."""
        undo = self.view.undo if self.view else None
        named = next((line for line in self.view.log if what == str(line.seq)), None) if self.view else None
        if named is not None:
            undo = Undo(seq=named.seq, text=f"{named.text} ({named.clock}, {named.who})")
        self._seq, self._text = (undo.seq, undo.text) if undo else (None, "")
        self._say()
        super().opened()

    def draw(self, view: ChairView) -> None:  # noqa: ARG002 (others of the family use it)
        """Keep the words of what would be taken back."""
        self._say()

    def _say(self) -> None:
        self.border_title = Content(f"take back: {self._text}" if self._text else self.TITLE)

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the correction."""
        if self._seq is None:
            raise t.Mistake("there is no observation to take back")
        why = typed["why"].strip() or "entered by mistake"
        return Correct(corrects=self._seq, grade=None, why=why, by=self.staff), f"taken back: {self._text}"
