"""What comes in one piece goes where each part of it belongs, pasted text too."""

from console.chairs import Chair
from console.pilot import console
from textual.events import Key, Paste
from textual.widgets import Input


async def test_what_is_pasted_between_keys_goes_into_the_field_they_lead_to():
    async with console(Chair().devices(), (80, 24)) as desk:
        for event in (
            Key("c", "c"), Paste("J. D."), Key("enter", None), Paste("1984"), Key("enter", None), Key("7", "7"),
            Paste("2.5"), Key("enter", None), Paste("scale"),
        ):  # fmt: skip
            desk.app.post_message(event)
        await desk.press()
        found = {field.id: field.value for field in desk.app.screen.query("CheckInForm Input").results(Input)}
        assert found | {"label": "J. D.", "identifier": "1984", "weight": "72.5", "method": "scale"} == found


async def test_what_is_pasted_where_nothing_is_typed_does_nothing():
    async with console(Chair().devices()) as desk:
        desk.app.post_message(Paste("c! and more"))
        await desk.press()
        assert not desk.app.screen.has_class("-entry")
        assert desk.asked == []
