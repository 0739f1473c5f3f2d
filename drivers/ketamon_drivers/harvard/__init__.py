r"""Harvard Apparatus and KD Scientific syringe pumps, monitoring only. Laboratory pumps, NOT medical pumps.

The wire
    Text, one question at a time. A question is a word; the same word with an argument is an order. An answer is lines,
    each after a line feed, and then the prompt that tells what the pump does:

        ultra       irate \r\n          \n 199.49 ul/min \r\n >           PHD Ultra, Pump 11 Elite
        legato      @irate \r\n         the same; @ leaves the pump's screen alone. KDS Legato 100 and 200
        phd2000     00RAT \r            \r\n  54.00 ml/hr \r\n 0>          PHD 2000, Model 22 and 33 (8N2), address 0

    Prompts: `:` idle, `>` infusing, `<` withdrawing, `*` stalled (PHD 2000: interrupted), `T*` target reached, `>*` and
    `<*` limit switch; PHD 2000 also `/` paused, `^` waiting. XON (11) may follow where somebody switched that on. A
    prompt has no end: `>` counts as one at once, and a `*` behind it amends it.

What is sent
    version, irate and ivolume (PHD 2000: VER, RAT, DEL), without argument, to the pump with address 0. The target
    volume is not asked: an answer does not tell to what question it is, and this one would look like the volume given.
    Never a bare return: to a KDS 200 it means "stop", for all pumps of the line.

What can mislead
    The rate is the one that is set; it is told as flow while the pump infuses, as 0 while it stands. Units stand in the
    answer and are converted exactly; the PHD 2000 writes none beside the volume, which so has no value. An idle pump is
    held if it gave something, else ready. Withdrawing is an unknown state, with a notice. No alarm but those of the
    prompt exists, and the PHD 2000 does not notice a stall.
    There is no checksum: a prompt counts when two answers in a row tell it, a number that does not follow from the one
    before when it is told again. The same damage twice slips through, and a volume that is wrong by no more than the
    pump gives between two answers.

Source: Harvard PHD ULTRA user's guide, publication 5419-002-Rev-A, pages 83 to 88; KDS Legato 100 series manual,
publication 5617-006 Rev D; a recorded Legato exchange (python-syringe-pump 0.2.1); flowchem 1.1.6 (Elite 11); pumpy and
pumpy3 (PHD 2000, Model 33).
"""

from functools import partial

from ketamon.domain.devices import DeviceKind
from ketamon.driver import AllowList, DriverSpec, LineSettings, Variant
from ketamon.wire.sized import Sized
from ketamon_drivers.harvard.driver import PERIOD_NS, Harvard
from ketamon_drivers.harvard.simulator import HarvardSimulator
from ketamon_drivers.harvard.wire import DIALECTS, LIMITS, LONGEST, VERSION, Dialect

_ABOUT = {
    "ultra": "PHD Ultra, Pump 11 Elite",
    "legato": "KDS Legato: questions with @, which leaves the pump's screen alone",
    "phd2000": "PHD 2000, Model 22 and 33: no unit beside volumes, no stall",
}
_LINES = {"phd2000": LineSettings(baud=9600, stop=2)}
_LINE = LineSettings(baud=115200)


def _variant(dialect: Dialect) -> Variant:
    return Variant(
        name=dialect.name,
        about=_ABOUT[dialect.name],
        line=_LINES.get(dialect.name, _LINE),
        make=partial(Harvard, dialect),
        simulate=partial(HarvardSimulator, dialect),
        probe=(dialect.questions[VERSION],),
    )


_ULTRA = DIALECTS["ultra"]
SPEC = DriverSpec(
    id="harvard",
    vendor="Harvard Apparatus / KD Scientific",
    model="PHD Ultra, Pump 11 Elite, Legato, PHD 2000, Model 33 laboratory syringe pumps (not a medical pump)",
    label="Harvard (not a medical pump)",
    kind=DeviceKind.PUMP,
    line=_LINE,
    parameters=tuple(LIMITS),
    quiet_after_s=6.0,
    interval_s=PERIOD_NS / 1e9,
    max_buffer=Sized.held(LONGEST),
    document="Harvard PHD ULTRA user's guide 5419-002-Rev-A; KDS Legato 100 manual 5617-006 Rev D; a recorded exchange",
    make=partial(Harvard, _ULTRA),
    simulate=partial(HarvardSimulator, _ULTRA),
    allow_list=AllowList(frozenset(data for each in DIALECTS.values() for data in each.questions.values())),
    probe=(_ULTRA.questions[VERSION],),
    variants=tuple(map(_variant, DIALECTS.values())),
    note="not a medical pump; monitoring only; for the pump with address 0; say +legato or +phd2000 for those; there "
    "are no alarms but stalled, target reached and limit switch, of the PHD 2000 not even a stall",
)
