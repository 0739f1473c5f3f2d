"""What an attacker types, has a device say, or writes into a file."""

import re

ATTACKS = {
    "window title (OSC)": "\x1b]0;pwned\x07",
    "clipboard (OSC 52)": "\x1b]52;c;cHduZWQ=\x1b\\",
    "link (OSC 8)": "\x1b]8;;http://evil\x07here\x1b]8;;\x07",
    "clear screen (CSI)": "\x1b[2J\x1b[H",
    "answer back (CSI)": "\x1b[21t\x1b[c",
    "8-bit CSI (C1)": "\x9b2J",
    "8-bit OSC (C1)": "\x9d0;pwned\x9c",
    "device control (DCS)": "\x90q\x9c",
    "carriage return": "SpO2 60\rSpO2 99",
    "line break": "ok\nchair 2: gate open",
    "line separators": "ok\u2028gate open\u2029\x85\x0b\x0c",
    "backspace": "60\x08\x0899",
    "bell, nul, delete": "\x07\x00\x7f",
    "bidi override": "\u202e001 2OpS",
    "bidi isolate": "\u2066x\u2069\u200f",
    "invisible": "Do\u200be\ufeff\U000e0041",
    "markup": "[bold red]x[/]",
    "markup, an action": "[@click=app.quit]press[/]",
    "markup, broken": "[/bold][[[",
    "formula": "=cmd|' /C calc'!A0",
    "path": "../../../../tmp/pwned",
    "format": "{0.__class__} %s %n",
    "long": "x" * 20_000,
}
"""By the name of the attack."""
ALL = " ".join(text for name, text in ATTACKS.items() if name != "long")

_OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def obeyed(text: str) -> list[str]:
    """Return what in a printed text is no letter: a terminal would do something with it. Line breaks are ours."""
    return _OBEYED.findall(text)
