"""The syringe pump: keys, volume, end and a closed line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import PumpAlarm, PumpState
from ketamon.simulator.pump import KEYS, KVO_ML_H, OCCLUSION_MMHG, RESTING_MMHG, Key, Pump


def pump(*, kvo: bool = False) -> Pump:
    made = Pump(concentration_mg_per_ml=1.0, kvo=kvo)
    made.program(54.0, 36.0)
    return made


def run(made: Pump, seconds: int) -> Pump:
    for _ in range(seconds):
        made.process(1.0)
    return made


def test_it_says_what_it_was_told():
    status = pump().status()
    assert (status.state, status.rate, status.volume_infused, status.vtbi) == (PumpState.READY, 0.0, 0.0, 36.0)
    assert status.time_remaining == 2400
    assert status.alarm is False


def test_the_ordered_volume_takes_the_ordered_time_and_then_it_stops():
    made = pump()
    made.press(Key.START)
    run(made, 2398)
    assert made.state is PumpState.INFUSING
    run(made, 3)
    assert made.state is PumpState.ENDED
    assert made.volume_ml == pytest.approx(36.0)
    assert made.status().rate == 0.0
    assert made.alarms == (PumpAlarm.ENDED,)
    run(made, 600)
    assert made.volume_ml == pytest.approx(36.0)


def test_it_stops_at_the_volume_even_within_a_second():
    made = Pump(concentration_mg_per_ml=1.0)
    made.program(54.0, 0.1)
    made.press(Key.START)
    run(made, 8)
    assert made.state is PumpState.ENDED
    assert made.volume_ml == pytest.approx(0.1, abs=1e-9)


def test_a_pump_set_to_keep_the_vein_open_goes_on_slowly_and_says_so():
    made = pump(kvo=True)
    made.press(Key.START)
    run(made, 2405)
    assert made.state is PumpState.KVO
    assert made.status().rate == KVO_ML_H
    assert made.alarms == (PumpAlarm.KVO,)
    made.press(Key.HOLD)
    assert made.state is PumpState.ENDED


@given(
    rate=st.floats(1, 300),
    keys=st.lists(st.tuples(st.integers(0, 200), st.sampled_from([Key.START, Key.HOLD])), max_size=12),
)
@settings(max_examples=40)
def test_the_volume_is_the_integral_of_the_rate(rate, keys):
    made = Pump(concentration_mg_per_ml=1.0)
    made.program(rate, 1000.0)
    total = 0.0
    for seconds, key in keys:
        for _ in range(seconds):
            total += made.flow_ml_h / 3600
            made.process(1.0)
        made.press(key)
    assert made.volume_ml == pytest.approx(total)


def test_a_pause_holds_volume_and_remaining_time():
    made = pump()
    made.press(Key.START)
    run(made, 600)
    made.press(Key.HOLD)
    before = made.status()
    after = run(made, 60).status()
    assert (after.state, after.rate) == (PumpState.HELD, 0.0)
    assert (after.volume_infused, after.time_remaining) == (before.volume_infused, before.time_remaining)
    made.press(Key.START)
    assert made.state is PumpState.INFUSING


@each_row(("state", "key"), [(s, k) for s in PumpState for k in Key])
def test_a_key_does_what_the_table_says_and_else_nothing(state, key):
    made = pump()
    made.state = state
    made.press(key)
    assert made.state is KEYS[state].get(key, state)


def test_near_its_end_it_says_so_until_somebody_takes_note():
    made = pump()
    made.press(Key.START)
    run(made, 2400 - 182)
    assert made.alarms == ()
    run(made, 4)
    assert made.alarms == (PumpAlarm.NEAR_END,)
    assert made.status().alarm is True
    made.silence()
    assert made.alarms == ()
    run(made, 200)
    assert made.alarms == (PumpAlarm.ENDED,)


def test_a_closed_line_raises_pressure_stops_the_pump_and_starves_the_patient():
    made = pump()
    made.press(Key.START)
    run(made, 300)
    free = made.pressure_mmhg
    made.occluded = True
    assert made.ketamine_mg_h == 0.0
    seconds = 0
    while made.state is PumpState.INFUSING:
        run(made, 1)
        seconds += 1
    assert 10 < seconds < 60
    assert made.pressure_mmhg >= OCCLUSION_MMHG > free
    assert made.alarms == (PumpAlarm.OCCLUSION,)
    made.press(Key.START)
    assert run(made, 1).state is PumpState.HELD
    made.occluded = False
    run(made, 1)
    assert made.alarms == ()
    assert made.pressure_mmhg == RESTING_MMHG
    made.press(Key.START)
    assert run(made, 1).state is PumpState.INFUSING
    assert made.ketamine_mg_h == 54.0


def test_a_new_program_begins_a_new_count():
    made = pump()
    made.press(Key.START)
    run(made, 100)
    made.program(10.0, 5.0)
    assert (made.state, made.volume_ml) == (PumpState.READY, 0.0)
