"""What the names, bits and codes of BCC mean."""

from ketamon.domain.devices import Priority, PumpState
from ketamon.domain.parameters import Parameter

NO_VALUE = ("", "_NV", "_NA")
"""No value, and "not available just now"; never zero."""

NUMBERS = {
    Parameter.RATE: ("INRT", 1800.0),
    Parameter.VOLUME_INFUSED: ("INVI", 9999.9),
    Parameter.VTBI: ("INVTB", 9999.9),
    Parameter.TIME_REMAINING: ("INRMT", 65535.0),
}
"""Where the numbers stand: mL/h, mL, mL and s, each with the highest value that the document allows."""
NO_TIME = 65535
"""As remaining time: the end is farther away than the field can say, or there is none."""

FLAGS = {
    "INM6": (2,),
    "INM14": (4,),
    "INM2": (10, 11),
    "INM10": (13,),
    "INM3": (7,),
    "INM1": (6,),
    "INM8": (1,),
    "INM7": (14,),
}
"""Flags, and the bits of STATUS1 that say the same; a device sends the ones or the others."""
ALWAYS_0 = sum(1 << bit for bit in (18, *range(25, 64)))
"""Bits of STATUS1 that are never set."""

STATES = {
    "INM6": PumpState.HELD,
    "INM14": PumpState.UNKNOWN,
    "INM2": PumpState.INFUSING,
    "INM10": PumpState.KVO,
    "INM3": PumpState.INFUSING,
}
"""What a flag says the pump does; the first that is set counts. Priming (INM14) sets INM3 too, and is no infusion."""
NOT_AT_THE_RATE = ("INM14", "INM2")
"""While these are set, the pump moves at another rate than INRT."""

ALARMS = {
    "INA1": ("battery empty", Priority.HIGH),
    "INA2": ("syringe empty", Priority.HIGH),
    "INA3": ("pressure: occlusion", Priority.HIGH),
    "INA4": ("standby ends in two minutes", Priority.LOW),
    "INA5": ("standby is over", Priority.MEDIUM),
    "INA6": ("CC alarm", Priority.HIGH),
    "INA7": ("volume given", Priority.MEDIUM),
    "INA8": ("time is over", Priority.MEDIUM),
    "INA9": ("syringe alarm", Priority.HIGH),
    "INA11": ("battery nearly empty", Priority.MEDIUM),
    "INA12": ("syringe nearly empty", Priority.LOW),
    "INA13": ("door open", Priority.HIGH),
    "INA14": ("drop alarm", Priority.HIGH),
    "INA15": ("air in the line", Priority.HIGH),
    "INA16": ("end of keep-vein-open", Priority.HIGH),
    "INM10": ("keeps vein open", Priority.MEDIUM),
}
EVERY_ALARM = frozenset(f"INA{n}" for n in range(1, 16))
"""What a recorded reply holds of them; INA16 came later. Each can be switched off on the device's web page."""
END_FLAGS, END_BITS = ("INA7", "INA8"), 1 << 13 | 1 << 14
"""What says that the infusion has come to its end: flags, or bits of ALARM1."""

WORDS = {
    "ALARM1": {
        1: ("calibration data corrupt", Priority.HIGH),
        2: ("battery", Priority.HIGH),
        3: ("therapy data corrupt", Priority.HIGH),
        4: ("therapy data and settings corrupt", Priority.HIGH),
        5: ("battery voltage low", Priority.HIGH),
        6: ("no battery", Priority.HIGH),
        7: ("battery flat at power-on", Priority.HIGH),
        8: ("battery cover open", Priority.HIGH),
        9: ("syringe empty", Priority.HIGH),
        10: ("pressure too high: occlusion", Priority.HIGH),
        11: ("pressure too high, drive blocked", Priority.HIGH),
        12: ("standby is over", Priority.MEDIUM),
        13: ("volume given", Priority.MEDIUM),
        14: ("time is over", Priority.MEDIUM),
        15: ("claw malfunction", Priority.HIGH),
        16: ("pressure sensor defective", Priority.HIGH),
        17: ("syringe holder open", Priority.HIGH),
        18: ("syringe not inserted correctly", Priority.HIGH),
        19: ("end of keep-vein-open", Priority.HIGH),
        20: ("pressure upstream", Priority.HIGH),
        22: ("drop alarm", Priority.HIGH),
        23: ("no drops", Priority.HIGH),
        24: ("too few drops", Priority.HIGH),
        25: ("too many drops", Priority.HIGH),
        26: ("free flow", Priority.HIGH),
        27: ("drop sensor missing", Priority.HIGH),
        28: ("air in the line", Priority.HIGH),
        29: ("air bubble larger than 0.3 mL", Priority.HIGH),
        30: ("more than 4 mL/h of air", Priority.HIGH),
        31: ("air sensor faulty", Priority.HIGH),
    },
    "ALARM2": {
        1: ("data lock: unauthorised manipulation", Priority.HIGH),
        2: ("limit of hours reached (PCA)", Priority.MEDIUM),
        3: ("end of glucose control", Priority.MEDIUM),
        4: ("take-over mode: syringe end", Priority.HIGH),
        5: ("take-over failed", Priority.HIGH),
        6: ("take-over mode: slave", Priority.HIGH),
        7: ("danger of free flow", Priority.HIGH),
        29: ("occlusion self-test failed", Priority.HIGH),
        30: ("door was opened while infusing", Priority.HIGH),
        31: ("syringe not secure", Priority.HIGH),
    },
    "PREALARM": {
        1: ("syringe nearly empty, or no disposable", Priority.MEDIUM),
        2: ("volume nearly given", Priority.LOW),
        3: ("time nearly over", Priority.LOW),
        4: ("battery nearly flat", Priority.MEDIUM),
        5: ("keeps vein open", Priority.MEDIUM),
        6: ("data lock: unauthorised manipulation", Priority.MEDIUM),
        7: ("incompatible device on the CAN bus", Priority.LOW),
        8: ("piggyback volume given", Priority.LOW),
        9: ("glucose control", Priority.LOW),
        10: ("occlusion forecast", Priority.MEDIUM),
        11: ("pressure leapt up", Priority.MEDIUM),
        12: ("pressure leapt down", Priority.MEDIUM),
        13: ("take-over master: syringe nearly empty", Priority.MEDIUM),
        14: ("take-over master: slave failed", Priority.MEDIUM),
        15: ("battery defective", Priority.MEDIUM),
    },
}
"""Bits of the alarm words, which newer devices can send instead of the flags; bit 0 is "none"."""
RUN_ALARM = {2: ("in alarm, cause not told", Priority.HIGH), 5: ("pre-alarm, cause not told", Priority.MEDIUM)}
"""Bits of RUNSTATE; they count where no other record names the cause."""

ERRORS = {
    "11": "no pumps, or no further data",
    "39": "a pump was removed or cannot be reached",
    "68": "the request had a wrong form or checksum",
    "811": "there is no such pump",
}
NOT_UNDERSTOOD = "68"

_FIRST_UNITS = (
    "mL/h,mL,hh:mm,min:s,years,mm,nL,degrees,N,mbar,mm²,mA,ms,Unix time,%,mV,°C,mAh,m,BMI,BMI,kg,ng,mg,µg,g,mmol,mEq,"
    "IU,ng/mL,mg/mL,µg/mL,g/mL,mmol/mL,mEq/mL,IU/mL,ng/kg,mg/kg,µg/kg,g/kg,mmol/kg,mEq/kg,IU/kg"
)
UNITS = dict(enumerate(_FIRST_UNITS.split(","), start=1))
_AMOUNTS = ("ng", "mg", "µg", "g", "mmol", "mEq", "IU")
_TIMES = ("min", "h", "d")
UNITS |= {44 + 3 * a + t: f"{amount}/{time}" for a, amount in enumerate(_AMOUNTS) for t, time in enumerate(_TIMES)}
UNITS |= {65 + 3 * a + t: f"{amount}/kg/{time}" for a, amount in enumerate(_AMOUNTS) for t, time in enumerate(_TIMES)}
UNITS |= {86: "mmHg", 87: "kPa", 88: "lb", 94: "h", 95: "cm", 153: "mL/kg", 155: "mL/kg/h"}
"""Units by their code. Those per body surface and of million units are not here: they are shown as their code."""

MODES = {
    "0": "continuous", "1": "ramp and taper", "2": "programme", "3": "piggyback", "4": "PCA", "5": "TCI",
    "7": "interval bolus",
}  # fmt: skip

OFF = ("DSSTATUS", "00050")
"""The record that says that a pump is switched off."""
CIRCUMSTANCES = {
    ("INM8", False): "on battery",
    ("INM6", True): "standby",
    ("INM2", True): "gives a bolus",
    ("INM14", True): "primes the line",
    ("INM7", True): "data lock on",
    ("INM4", True): "CC function on",
    ("INDOCAL", True): "dose mode",
    ("INM11", True): "without drop control",
    ("INM12", True): "below the soft limit",
    ("INM13", True): "above the soft limit",
}
"""What a flag adds to the settings."""
SETTINGS = (
    ("OPMODE", "{} infusion"),
    ("INSYR", "syringe {} mL"),
    ("INPSOLL", "pressure set to {}"),
    ("INP1", "pressure level {}"),
    ("INBORT", "bolus rate {} mL/h"),
    ("BASRT", "basal rate {} mL/h"),
    ("INDCON", "concentration {}"),
    ("INDORT", "dose rate {}"),
    ("DORT", "dose rate now {}"),
    ("TIMEOFINF", "for {} min"),
    ("PATW", "weight {} kg"),
    ("TCITAR", "target {}"),
)
"""What people set, in words: told when one of them changes, together with what follows."""
UNIT_OF = {"INDCON": "INDCONU", "INDORT": "INDORTU", "DORT": "DORTU", "TCITAR": "TCIUT", "TCIPLA": "TCIUT",
           "TCIEFF": "TCIUT"}  # fmt: skip
MOVING = (
    ("INVOLACT", "{} mL in the syringe"),
    ("VOLREMAIN", "{} mL to go"),
    ("INP2", "pressure {} % of its limit"),
    ("INTIME", "infused for {} min"),
    ("INAVRT", "mean rate {} mL/h"),
    ("INAKKU", "battery for {} min"),
    ("INSTBY", "standby for {} min"),
    ("TCIPLA", "plasma {}"),
    ("TCIEFF", "effect site {}"),
    ("TCIAWA", "wakes in {} min"),
)
"""What moves by itself. It has no parameter of ours (the pressure is a share of a limit, not mmHg)."""
