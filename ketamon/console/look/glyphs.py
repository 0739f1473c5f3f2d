"""What a terminal can draw, as data: braille dots, half blocks for the Linux console, ASCII for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs of one kind of terminal.

    A cell holds `wide` x `high` dots; `bits[y][x]` is the weight of a dot and `cells[sum of weights]` the sign. `limit`
    has one sign per dot row; `band` shades a free cell of even and odd place, in an alternation that a terminal without
    colours shows too. `cuff` is top, middle, mean and bottom of a cuff reading, None where the dots draw it. `digits`
    maps a character to three lines of three cells, None where big digits are Textual's own, {} where there are none.
    `stand_ins` has a sign of this terminal for each sign it lacks that borders, words and Textual's own widgets use.
    """

    name: str
    wide: int
    high: int
    bits: tuple[tuple[int, ...], ...]
    cells: str
    limit: str
    band: str
    gap: str
    mark: str
    over: str
    under: str
    now: str
    cursor: str
    cuff: str | None
    axis: tuple[str, str, str, str]
    given: str
    planned: str
    pause: str
    phase: tuple[str, str, str, str, str]
    dash: str
    at_least: str
    at_most: str
    digits: Mapping[str, tuple[str, str, str]] | None
    stand_ins: Mapping[int, str]


_BLOCK_DIGITS = {
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", " ▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    "-": ("   ", "▀▀▀", "   "),
    ".": ("   ", "   ", " ▄ "),
    "/": ("  █", " █ ", "█  "),
    " ": ("   ", "   ", "   "),
}


def _instead(signs: Mapping[str, str]) -> Mapping[int, str]:
    """Turn "this sign stands for all of these" into a table for `str.translate`."""
    return {ord(lacked): sign for sign, all_lacked in signs.items() for lacked in all_lacked}


# A heavy border (an alarm) stays doubled or crossed, a dashed one (no fresh value) stays broken: the shape says it.
# What was cut off ends in ~, as a full stop could be read as part of a number.
_CP437 = _instead(
    {
        "┌": "╭", "┐": "╮", "└": "╰", "┘": "╯", "╔": "┏", "╗": "┓", "╚": "┗", "╝": "┛", "═": "━", "║": "┃‖",
        "-": "╍╌┄–—−", ":": "╏", "│": "┊▏▕", "▄": "▁▂▃", "█": "▅▆▇▉▊▛▜▙▟", "▌": "▎▍▋", "▀": "▔", "▓": "▞",
        '"': "“”„", "'": "‘’", "~": "…", ">": "›", "<": "‹", "x": "×", "!": "≠", "►": "▸▶", "•": "●",
        "○": "◦□", "◄": "⏎", "µ": "μ", "↔": "⇄",
    }
)  # fmt: skip
_PLAIN = _instead(
    {
        "+": "╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛╔╗╚╝", "-": "─╌–—−⇄↔", "|": "│║‖▏▕", "#": "━┃▅▆▇█▀▌▐▎▍▋▉▊▔▛▜▙▟▓■", "=": "═",
        ".": "╍┄▁▂▃▄·◦░", ":": "╏▒", "!": "┊≠", "/": "▞÷", "'": "‘’", '"': "“”„", "~": "…±", ">": "›▸▶►→≥",
        "<": "‹◄←⏎≤", "x": "×", "*": "●•", "o": "○□°", "u": "µμ", "^": "↑▲", "v": "↓▼",
    }
)  # fmt: skip

BRAILLE = Glyphs(
    name="braille",
    wide=2,
    high=4,
    bits=((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)),
    cells=" " + "".join(chr(0x2800 + mask) for mask in range(1, 256)),
    limit="⠁⠂⠄⡀",
    band="  ",
    gap="╌",
    mark="┊",
    over="▲",
    under="▼",
    now="▲",
    cursor="│",
    cuff=None,
    axis=("┬", "│", "┤", "┴"),
    given="▓",
    planned="░",
    pause="│",
    phase=("├", "─", "┤", "┄", "┊"),
    dash="–",
    at_least="≥",
    at_most="≤",
    digits=None,
    stand_ins={},
)

# Only signs of code page 437: the fonts of the Linux console have those and little else.
BLOCKS = Glyphs(
    name="blocks",
    wide=1,
    high=2,
    bits=((1,), (2,)),
    cells=" ▀▄█",
    limit="··",
    band="░░",
    gap="x",
    mark="│",
    over="▲",
    under="▼",
    now="▲",
    cursor="║",
    cuff="┬│┼┴",
    axis=("┬", "│", "┤", "┴"),
    given="▓",
    planned="░",
    pause="│",
    phase=("├", "─", "┤", "-", "│"),
    dash="-",
    at_least="≥",
    at_most="≤",
    digits=_BLOCK_DIGITS,
    stand_ins=_CP437,
)

ASCII = Glyphs(
    name="ascii",
    wide=1,
    high=2,
    bits=((1,), (2,)),
    cells=" '.:",
    limit="--",
    band="/ ",
    gap="x",
    mark="!",
    over="^",
    under="v",
    now="^",
    cursor="|",
    cuff="+|o+",
    axis=("+", "|", "+", "+"),
    given="#",
    planned="-",
    pause="|",
    phase=("|", "-", "|", ".", "|"),
    dash="-",
    at_least=">=",
    at_most="<=",
    digits={},
    stand_ins=_PLAIN,
)


def glyphs_for(environment: Mapping[str, str], encoding: str) -> Glyphs:
    """Choose what this terminal can draw, from its environment and the encoding of its output.

    Python writes UTF-8 also where the locale is C (PEP 540); who asks for C by `LC_ALL` gets what C has.
    """
    utf8 = encoding.lower().replace("-", "").replace("_", "") == "utf8"
    if not utf8 or environment.get("LC_ALL") in ("C", "POSIX"):
        return ASCII
    return BLOCKS if environment.get("TERM") == "linux" else BRAILLE
