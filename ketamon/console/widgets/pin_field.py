"""Where a PIN is typed."""

from textual.widgets import Input


class PinField(Input):
    """Digits, masked. They are never copied out, and no message with them goes on."""

    def __init__(self) -> None:
        super().__init__(password=True, restrict="[0-9]*", compact=True, select_on_focus=False)

    def action_copy(self) -> None:
        """Copy nothing."""

    def action_cut(self) -> None:
        """Cut nothing."""

    def on_input_changed(self, event: Input.Changed) -> None:
        """Keep it from everybody else."""
        event.stop()
