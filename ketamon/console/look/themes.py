"""The palettes, the only place where a colour stands. A theme names what a colour is for; style sheets do the rest.

Red, yellow and blue-cyan belong to alarms (the order of IEC 60601-1-8); parameter hues are muted, as there is no agreed
standard for them. Alarm colours were chosen so that they stay apart under protanopia and deuteranopia, and differ in
luminance, so that `NO_COLOR` (grey by luminance) keeps them apart too; `ketamon.console.look.contrast` measures it.
"""

from collections.abc import Iterable, Mapping, Sequence

from textual.theme import BUILTIN_THEMES, Theme

DEFAULT = "dark-room"

GROUNDS = ("background", "surface", "panel", "foreground")
TOKENS = (
    "spo2", "pulse", "nibp", "resp", "co2", "pump", "alarm-high", "alarm-medium", "alarm-low", "ok", "stale", "band",
    "cursor", "limit", "muted", "rehearsal",
)  # fmt: skip
"""What a theme gives a colour to. All but `band` and `cursor`, the grounds in a chart, are drawn as text."""
FILLED = {"high": "alarm-high", "medium": "alarm-medium", "rehearsal": "rehearsal"}
"""What is also written on a ground of its own: `high-text` on `high-ground`. Unless a theme says otherwise the ground
has the colour of the token, and the text that of the background."""
WRITTEN = tuple(f"{sign}-{part}" for sign in FILLED for part in ("ground", "text"))


def made(name: str, *, dark: bool, colours: Mapping[str, str]) -> Theme:
    """Make a theme of the colours of its grounds and tokens, and of those `WRITTEN` that are not as usual."""
    variables = {token: colour for token, colour in colours.items() if token not in GROUNDS}
    return Theme(
        name=name,
        primary=variables["pump"],
        secondary=variables["muted"],
        accent=variables["ok"],
        warning=variables["alarm-medium"],
        error=variables["alarm-high"],
        success=variables["ok"],
        dark=dark,
        variables={**_usual(colours), **variables, "border": variables["muted"], "border-blurred": variables["muted"]},
        background=colours["background"],
        surface=colours["surface"],
        panel=colours["panel"],
        foreground=colours["foreground"],
    )


def _usual(colours: Mapping[str, str]) -> dict[str, str]:
    """Return what is written on `FILLED` grounds, and those, unless a theme says otherwise."""
    grounds = {f"{sign}-ground": colours[token] for sign, token in FILLED.items()}
    return grounds | {f"{sign}-text": colours["background"] for sign in FILLED}


def colours_of(theme: Theme) -> dict[str, str]:
    """Return the colours that `made` makes this theme of."""
    found = {ground: str(getattr(theme, ground)) for ground in GROUNDS}
    found |= {token: theme.variables[token] for token in TOKENS}
    usual_ones = _usual(found)
    return found | {t: c for t in WRITTEN if (c := theme.variables[t]) != usual_ones[t]}


def _theme(name: str, *, dark: bool, ground: tuple[str, str, str, str], **tokens: str) -> Theme:
    """Make a theme of its `GROUNDS` and its tokens (`_` for `-`)."""
    colours = {token.replace("_", "-"): colour for token, colour in tokens.items()}
    return made(name, dark=dark, colours={**dict(zip(GROUNDS, ground, strict=True)), **colours})


DARK_ROOM = _theme(
    DEFAULT,
    dark=True,
    ground=("#0B0E11", "#12171C", "#1B2229", "#D5DADF"),
    spo2="#8FC7DD",
    pulse="#9CCB9A",
    nibp="#E2B8A0",
    resp="#D3CBA4",
    co2="#BFB3DE",
    pump="#A9C4E4",
    alarm_high="#FF5F5F",
    alarm_medium="#F0E442",
    alarm_low="#56B4E9",
    ok="#8ED1A5",
    stale="#9AA3AC",
    band="#26313B",
    cursor="#2B3A48",
    limit="#87919B",
    muted="#87919B",
    rehearsal="#D59BF0",
)

LIGHT = _theme(
    "light",
    dark=False,
    ground=("#FBFAF7", "#F6F4F0", "#ECEFF4", "#1B1F23"),
    spo2="#14536B",
    pulse="#265C2B",
    nibp="#6B4A22",
    resp="#5C5415",
    co2="#4F3F85",
    pump="#254E80",
    alarm_high="#7A001E",
    alarm_medium="#8A6400",
    alarm_low="#0040F0",
    ok="#1E6536",
    stale="#5B636B",
    band="#E3E7DC",
    cursor="#DCE3EE",
    limit="#646C74",
    muted="#5B636B",
    rehearsal="#7A1FA2",
    high_ground="#C4102C",
    medium_ground="#FFD21F",
    medium_text="#1B1F23",
)

HIGH_CONTRAST = _theme(
    "high-contrast",
    dark=True,
    ground=("#000000", "#000000", "#1A1A1A", "#FFFFFF"),
    spo2="#9FE4FF",
    pulse="#A8FFA8",
    nibp="#FFD0B5",
    resp="#FFF3B0",
    co2="#DACCFF",
    pump="#C4DEFF",
    alarm_high="#FF5F5F",
    alarm_medium="#FFF04A",
    alarm_low="#5CC2FA",
    ok="#9DFFB8",
    stale="#D0D0D0",
    band="#2E3338",
    cursor="#33393F",
    limit="#B8C4D0",
    muted="#C8C8C8",
    rehearsal="#F0A8FF",
)

# After Okabe and Ito, "Color Universal Design" (2008); their blue #0072B2 is too dark for text and is left out.
COLOUR_BLIND = _theme(
    "colour-blind",
    dark=True,
    ground=("#0A0A0C", "#131316", "#1D1D22", "#DDDDE0"),
    spo2="#A8D3F0",
    pulse="#C6C6C6",
    nibp="#E8C9A0",
    resp="#D9D2B0",
    co2="#D7BCD0",
    pump="#B7C9E6",
    alarm_high="#F26248",
    alarm_medium="#F0E442",
    alarm_low="#56B4E9",
    ok="#B5D8CC",
    stale="#A2A2A8",
    band="#2A2C33",
    cursor="#30333C",
    limit="#909096",
    muted="#909096",
    rehearsal="#D9A6E8",
)

# The 16 colours of the Linux console (and of VGA), to the bit: whatever else a terminal of 16 colours is sent becomes
# the nearest of them. Grounds are of the first eight, as the console has no others; its brown is too near its red.
ANSI = _theme(
    "ansi",
    dark=True,
    ground=("#000000", "#000000", "#0000AA", "#FFFFFF"),
    spo2="#00AAAA",
    pulse="#00AA00",
    nibp="#FFFFFF",
    resp="#55FF55",
    co2="#FF55FF",
    pump="#AAAAAA",
    alarm_high="#FF5555",
    alarm_medium="#FFFF55",
    alarm_low="#55FFFF",
    ok="#55FF55",
    stale="#AAAAAA",
    band="#0000AA",
    cursor="#0000AA",
    limit="#AAAAAA",
    muted="#AAAAAA",
    rehearsal="#FF55FF",
    high_ground="#AA0000",
    high_text="#FFFFFF",
    medium_ground="#AAAAAA",
    medium_text="#000000",
    rehearsal_ground="#AA00AA",
    rehearsal_text="#FFFFFF",
)

THEMES: tuple[Theme, ...] = (DARK_ROOM, LIGHT, HIGH_CONTRAST, COLOUR_BLIND, ANSI)


def usual(environment: Mapping[str, str]) -> str:
    """Return the theme that a terminal begins with."""
    return ANSI.name if environment.get("TERM") == "linux" else DEFAULT


def ours(names: Iterable[str]) -> list[str]:
    """Return the themes among these names that are ours or the user's, not Textual's."""
    return [name for name in names if name not in BUILTIN_THEMES]


def following(name: str, names: Sequence[str]) -> str:
    """Return the theme that comes after `name`, round and round."""
    return names[(names.index(name) + 1) % len(names)] if name in names else DEFAULT
