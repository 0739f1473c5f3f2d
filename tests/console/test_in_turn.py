"""What comes in one piece goes where each part of it belongs, pasted text too."""

from console.chairs import Chair
from console.pilot import console
from textual.events import Paste
from textual.widgets import Input


async def test_what_is_pasted_between_keys_goes_into_the_field_they_lead_to():
    async with console(Chair().devices(), (80, 24)) as desk:
        await desk.burst(
            "c", Paste("J. D."), "enter", Paste("1984"), "enter", "7", Paste("2.5"), "enter", Paste("scale")
        )  # fmt: skip
        found = {field.id: field.value for field in desk.app.screen.query("CheckInForm Input").results(Input)}
        assert found | {"label": "J. D.", "identifier": "1984", "weight": "72.5", "method": "scale"} == found


async def test_what_is_pasted_where_nothing_is_typed_does_nothing():
    async with console(Chair().devices()) as desk:
        await desk.burst(Paste("c! and more"))
        assert not desk.app.screen.has_class("-entry")
        assert desk.asked == []
