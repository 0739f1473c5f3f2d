"""The scripts: the order is given whole, at the planned time, in every scenario."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ketamon.domain.devices import PumpState
from ketamon.domain.parameters import Parameter
from ketamon.driver import Truth
from ketamon.errors import UsageError
from ketamon.simulator.rig import Rig
from ketamon.simulator.scenario import END_S, MONITOR, PAUSE_S, RESUME_S, SCENARIOS, START_S, scenario_called, stage

STARTED = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Witness:
    """A device that says nothing and keeps the saturation of each second."""

    def __init__(self) -> None:
        self.saturations: list[float | None] = []

    def advance(self, truth: Truth) -> bytes:
        self.saturations.append(truth.values[Parameter.SPO2])
        return b""


def played(name: str, seconds: int) -> Rig:
    rig = stage(scenario_called(name), {}, STARTED)
    rig.advance(float(seconds))
    return rig


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_gives_the_order_and_leaves_time_for_recovery(name):
    assert SCENARIOS[name].name == name
    assert SCENARIOS[name].seconds >= (END_S if name != "early-stop" else START_S + 15 * 60) + 35 * 60
    assert max(step.second for step in SCENARIOS[name].script) < SCENARIOS[name].seconds
    rig = played(name, END_S + 6 * 60)
    if name == "early-stop":
        assert rig.pump.state is PumpState.HELD
        assert rig.pump.volume_ml == pytest.approx(13.5)
    else:
        assert rig.pump.volume_ml == pytest.approx(36.0)


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (START_S, PumpState.READY),
        (START_S + 1, PumpState.INFUSING),
        (PAUSE_S + 1, PumpState.HELD),
        (RESUME_S + 1, PumpState.INFUSING),
        (END_S - 2, PumpState.INFUSING),
    ],
)
def test_the_pump_follows_the_script(second, state):
    assert played("uneventful", second).pump.state is state


def test_nobody_leaves_an_alarm_of_the_pump_standing():
    rig = played("uneventful", END_S + 60)
    assert rig.pump.alarms == ()
    assert rig.pump.state is PumpState.HELD


def test_the_fall_of_saturation_lasts_longer_than_a_movement_and_stays_above_the_high_limit():
    witness = Witness()
    spec = SimpleNamespace(simulate=lambda: witness)
    stage(SCENARIOS["uneventful"], {MONITOR: spec}, STARTED).advance(START_S + 26 * 60.0)
    fall = [value for value in witness.saturations[START_S + 23 * 60 :] if value is not None and value < 92]
    assert 15 <= len(fall) <= 55
    assert min(fall) >= 88


def test_cables_and_sensors_come_off_and_on_again():
    assert played("sensor-off", START_S + 8 * 60 + 2).patient.detached
    assert not played("sensor-off", START_S + 9 * 60 + 2).patient.detached
    assert played("cable-pulled", START_S + 22 * 60 + 2).pulled == {MONITOR}
    assert played("cable-pulled", START_S + 40 * 60).pulled == set()


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(UsageError, match="uneventful, hypertension"):
        scenario_called("boring")
