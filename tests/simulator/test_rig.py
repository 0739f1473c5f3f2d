"""The bench: what devices are told, and when they are heard."""

from datetime import UTC, datetime, timedelta

import pytest

from ketamon.domain.devices import PumpAlarm, PumpState
from ketamon.domain.parameters import Parameter
from ketamon.driver import Truth
from ketamon.simulator.patient import REFERENCE_MG_KG_H, Patient
from ketamon.simulator.pump import Key, Pump
from ketamon.simulator.rig import Rig, Step

STARTED = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Talker:
    """Says its second and its heart rate, echoes what it hears, and keeps the truths it was told."""

    def __init__(self) -> None:
        self.truths: list[Truth] = []

    def advance(self, truth: Truth) -> bytes:
        self.truths.append(truth)
        return f"{len(self.truths)}:{truth.values[Parameter.HR]:g} ".encode()

    def receive(self, data: bytes) -> bytes:
        return data.upper()


def bench(seed: int = 1) -> tuple[Rig, Talker, Talker]:
    monitor, pump = Talker(), Talker()
    model = Pump(concentration_mg_per_ml=1.0)
    model.program(54.0, 36.0)
    patient = Patient(seed, weight_kg=72)
    rig = Rig({"monitor": monitor, "pump": pump}, patient, model, started=STARTED)
    return rig, monitor, pump


def test_devices_advance_by_whole_seconds_however_time_is_cut():
    whole, cut = bench()[0], bench()[0]
    one = [whole.advance(1.0) for _ in range(8)]
    assert whole.seconds == 8
    many = [cut.advance(0.25) for _ in range(32)]
    once = bench()[0].advance(8.0)
    for name in ("monitor", "pump"):
        assert b"".join(said[name] for said in one) == b"".join(said[name] for said in many) == once[name]
    assert many[0] == {"monitor": b"", "pump": b""}


def test_the_truth_carries_time_patient_and_pump():
    rig, monitor, _ = bench()
    rig.pump.press(Key.START)
    rig.advance(60.0)
    truth = monitor.truths[-1]
    assert truth.wall == STARTED + timedelta(seconds=60)
    assert truth.pump is not None
    assert truth.pump.state is PumpState.INFUSING
    assert truth.pump.volume_infused == pytest.approx(0.9)
    assert truth.cuff_age_s is not None
    assert rig.values == truth.values


def test_the_script_is_played_in_its_order_each_step_once():
    done = []
    script = [
        Step(3, lambda rig: done.append(("b", rig.seconds))),
        Step(0, lambda rig: done.append(("a", rig.seconds))),
    ]
    rig = Rig({}, Patient(1, weight_kg=72), Pump(concentration_mg_per_ml=1.0), started=STARTED, script=script)
    rig.advance(3.0)
    assert done == [("a", 0)]
    rig.advance(7.0)
    assert done == [("a", 0), ("b", 3)]


def test_the_patient_gets_what_the_pump_gives():
    rig, _, _ = bench()
    alone = Patient(1, weight_kg=72)
    rig.pump.press(Key.START)
    for _ in range(100):
        rig.advance(1.0)
        alone.process(1.0, REFERENCE_MG_KG_H)  # 54 mg/h for 72 kg
    assert rig.patient.effect == pytest.approx(alone.effect)


def test_alarms_reach_the_device():
    rig, _, pump = bench()
    rig.pump.press(Key.START)
    rig.advance(2401.0)
    assert pump.truths[-1].pump_alarms == (PumpAlarm.ENDED,)
    assert pump.truths[2300].pump_alarms == (PumpAlarm.NEAR_END,)


def test_a_pulled_cable_is_silent_both_ways_while_time_goes_on():
    rig, monitor, _ = bench()
    rig.pulled.add("monitor")
    assert rig.advance(5.0)["monitor"] == b""
    assert rig.receive("monitor", b"hello") == b""
    assert rig.receive("pump", b"hello") == b"HELLO"
    rig.pulled.clear()
    assert rig.advance(1.0)["monitor"].startswith(b"6:")
    assert len(monitor.truths) == 6
