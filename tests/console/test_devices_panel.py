"""The devices panel: what is said of a line that works, is garbled, silent or unknown; bytes beside what they said."""

from dataclasses import replace

import pytest
from console.chairs import Chair, infusing
from console.pilot import console

from ketamon.console.view.chair import nameless
from ketamon.console.view.devices import lines, size
from ketamon.console.widgets.devices import drawn, hex_rows
from ketamon.domain import events as e
from ketamon.domain.devices import Link
from ketamon.domain.health import FRAME, REJECTED, WAITING, DeviceHealth

MONITOR = DeviceHealth(
    device="monitor", received=16_600, accepted=26, rejected=2, quiet_s=0.2, bytes_per_s=1400.0,
    tail=bytes(range(0x30, 0x70)), fate=FRAME * 30 + REJECTED * 4 + FRAME * 28 + WAITING * 2,
    said=("spo2 97 %", "pr 72 /min"), waves=("pleth 100 Hz",), garbage=b"\x1b[2J", garbage_s=7.0, reason="no frame",
)  # fmt: skip


def with_health(chair, *health):
    return replace(chair.beat(), devices=health)


def line_of(chair, *health, reached=True):
    return lines(chair.state, with_health(chair, *health), chair.at if reached else None, None)[0]


def test_a_line_that_works():
    line = line_of(Chair().devices(), MONITOR)
    assert line.live
    assert line.link.startswith("live since ")
    assert line.stale == ""
    assert line.pace == "1.4 kB/s, last byte now"
    assert line.counts == "16.6 kB received, 26 frames accepted, 2 pieces rejected"
    assert line.rejected == "last rejected 0:07 ago: no frame: 1B 5B 32 4A"
    assert line.waves == "pleth 100 Hz"


def test_ages_go_on_between_two_pulses():
    chair = Chair().devices()
    beat = with_health(chair, MONITOR)
    chair.t += 10
    (line, _) = lines(chair.state, beat, chair.at, None)
    assert line.pace == "1.4 kB/s, last byte 0:10 ago"
    assert "0:17 ago" in line.rejected


@pytest.mark.parametrize("link", [Link.SILENT, Link.CLOSED, Link.OPENING, Link.NEGOTIATING])
def test_what_is_not_live_is_not_current_and_says_why(link):
    chair = Chair().devices().say(e.LinkChanged(device="monitor", link=link, why="no data for 12.1 s"))
    line = line_of(chair, MONITOR)
    assert not line.live
    assert "no data for 12.1 s" in line.link
    assert line.stale.startswith("not current")


def test_without_contact_nothing_is_said_to_be_now():
    line = line_of(Chair().devices(), MONITOR, reached=False)
    assert not line.live
    assert "not known" in line.link
    assert line.stale.startswith("not current: as the core last said")
    assert line.pace == "--"
    assert "--" in line.rejected
    assert line.waves == ""


def test_a_device_of_which_the_pulse_tells_nothing():
    chair = Chair().devices().say(e.BytesRejected(device="monitor", frames=3, length=2000, reason="noise"))
    line = line_of(chair)
    assert not line.told
    assert line.counts.startswith("3 pieces rejected, 2.0 kB")
    assert "last decoded" not in drawn((line,), 0, 100).plain


def test_before_the_first_byte():
    assert line_of(Chair().devices(), DeviceHealth(device="monitor")).pace == "no byte yet"


@pytest.mark.parametrize(("count", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB")])
def test_sizes(count, said):
    assert size(count) == said


def test_each_byte_has_the_mark_of_its_fate_without_any_colour():
    rows = [row.plain for row in hex_rows(b"AB\x1b\x00CDEFG", FRAME * 2 + REJECTED * 2 + FRAME * 4 + WAITING, 8)]
    assert rows == [" 41 42!1B!00 43 44 45 46  AB..CDEF", "·47                       G"]


@pytest.mark.parametrize("width", [47, 60, 78, 120, 158])
def test_it_fits_its_width_and_says_everything(width):
    chair = Chair().devices()
    both = lines(chair.state, with_health(chair, MONITOR, DeviceHealth(device="pump")), chair.at, None)
    text = drawn(both, 0, width)
    assert all(len(row) <= width for row in text.plain.split("\n"))
    joined = " ".join(text.plain.split())
    for said in ("live since", "26 frames accepted", "pleth 100 Hz", "spo2 97 %", "pr 72 /min", "last byte now"):
        assert said in joined
    assert text.plain.count("!") == 4 + 1  # bytes and the legend
    first = next(row for row in text.plain.split("\n") if "spo2 97" in row)
    assert ("30 31" in first) == (width >= 110)


async def test_the_panel_follows_the_line_and_a_key_chooses():
    async with console(infusing(10), size=(120, 36)) as desk:
        desk.feed.chair.t += 1
        desk.feed.beat = with_health(desk.feed.chair, MONITOR)
        await desk.look()
        await desk.press("D")
        assert "26 frames accepted" in desk.text()
        await desk.press("down")
        assert "26 frames accepted" not in desk.text()
        assert "told by a running core only" in desk.text()
        await desk.press("up", "up")
        assert "26 frames accepted" in desk.text()
        await desk.press("escape")
        assert "frames accepted" not in desk.text()


async def test_on_the_smallest_screen_it_covers_no_number_and_scrolls():
    async with console(infusing(10), size=(80, 24)) as desk:
        desk.feed.chair.t += 1
        desk.feed.beat = with_health(desk.feed.chair, MONITOR)
        await desk.look()
        await desk.press("D")
        text = desk.text()
        for always in ("SpO2", "NIBP", "pump", "due", "devices", "live since"):
            assert always in text
        await desk.press("pagedown", "pagedown")
        assert "spo2 97 %" in desk.text()


async def test_a_lost_core_takes_live_away():
    async with console(infusing(10), size=(120, 36)) as desk:
        desk.feed.beat = with_health(desk.feed.chair, MONITOR)
        await desk.press("D")
        desk.feed.connected, desk.feed.why = False, "gone"
        await desk.look()
        assert "not current" in desk.text()
        assert "live since" not in desk.text()


def test_a_locked_screen_says_nothing_of_what_devices_said():

    view = replace(infusing(1).view(), devices=(line_of(Chair().devices(), MONITOR),))
    assert nameless(view).devices == ()
