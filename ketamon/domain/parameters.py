"""The parameters a monitor or a pump can report, with their unit and ISO/IEEE 11073-10101 (MDC) code."""

from dataclasses import dataclass
from enum import StrEnum

from ketamon.domain.units import Unit


class Parameter(StrEnum):
    """What a number measures. The ids are a contract: they stand in files, on the socket and in `ketamon decode`."""

    HR = "hr"
    PR = "pr"
    SPO2 = "spo2"
    PI = "pi"
    NIBP_SYS = "nibp_sys"
    NIBP_DIA = "nibp_dia"
    NIBP_MAP = "nibp_map"
    RR = "rr"
    ETCO2 = "etco2"
    FICO2 = "fico2"
    TEMP = "temp"
    RATE = "rate"
    VOLUME_INFUSED = "volume_infused"
    VTBI = "vtbi"
    TIME_REMAINING = "time_remaining"
    PRESSURE = "pressure"


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """How a parameter is called and written. `mdc` is the 11073-10101 term, "" where none was found."""

    label: str
    unit: Unit
    decimals: int
    mdc: str = ""


PARAMETERS: dict[Parameter, ParameterInfo] = {
    Parameter.HR: ParameterInfo("HR", Unit.PER_MINUTE, 0, "MDC_ECG_HEART_RATE"),
    Parameter.PR: ParameterInfo("PR", Unit.PER_MINUTE, 0, "MDC_PULS_OXIM_PULS_RATE"),
    Parameter.SPO2: ParameterInfo("SpO2", Unit.PERCENT, 0, "MDC_PULS_OXIM_SAT_O2"),
    Parameter.PI: ParameterInfo("PI", Unit.PERCENT, 2, "MDC_PULS_OXIM_PERF_REL"),
    Parameter.NIBP_SYS: ParameterInfo("SYS", Unit.MMHG, 0, "MDC_PRESS_BLD_NONINV_SYS"),
    Parameter.NIBP_DIA: ParameterInfo("DIA", Unit.MMHG, 0, "MDC_PRESS_BLD_NONINV_DIA"),
    Parameter.NIBP_MAP: ParameterInfo("MAP", Unit.MMHG, 0, "MDC_PRESS_BLD_NONINV_MEAN"),
    Parameter.RR: ParameterInfo("RR", Unit.PER_MINUTE, 0, "MDC_RESP_RATE"),
    Parameter.ETCO2: ParameterInfo("EtCO2", Unit.MMHG, 0, "MDC_AWAY_CO2_ET"),
    Parameter.FICO2: ParameterInfo("FiCO2", Unit.MMHG, 0, "MDC_AWAY_CO2_INSP_MIN"),
    Parameter.TEMP: ParameterInfo("Temp", Unit.CELSIUS, 1, "MDC_TEMP"),
    Parameter.RATE: ParameterInfo("Rate", Unit.ML_PER_HOUR, 1, "MDC_FLOW_FLUID_PUMP"),
    Parameter.VOLUME_INFUSED: ParameterInfo("Infused", Unit.ML, 1, "MDC_VOL_FLUID_DELIV"),
    Parameter.VTBI: ParameterInfo("VTBI", Unit.ML, 1, "MDC_VOL_FLUID_TBI"),
    Parameter.TIME_REMAINING: ParameterInfo("Remaining", Unit.SECOND, 0, "MDC_TIME_PD_REMAIN"),
    Parameter.PRESSURE: ParameterInfo("Pressure", Unit.MMHG, 0),
}

CUFF = (Parameter.NIBP_SYS, Parameter.NIBP_DIA, Parameter.NIBP_MAP)
"""The three numbers of one cuff measurement; intermittent, everything else a monitor reports is continuous."""

PUMP_PARAMETERS = frozenset(
    {Parameter.RATE, Parameter.VOLUME_INFUSED, Parameter.VTBI, Parameter.TIME_REMAINING, Parameter.PRESSURE}
)
