"""The curves of the simulated patient, and the devices that show them."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from rows import each_row

from ketamon import samples
from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Sampled, Send
from ketamon.registry import load
from ketamon.simulator.curves import RATE_HZ, SHOWN_WITH, Curves
from ketamon.simulator.generate import CREATED, SAMPLES, play
from ketamon.simulator.rig import Step
from ketamon.simulator.scenario import SCENARIOS, detach, stage
from ketamon.stream.reader import StreamReader, verify
from ketamon.stream.record import Kind
from ketamon.testing.conversation import START

P = Parameter
VALUES = {P.HR: 80.0, P.SPO2: 98.0, P.RR: 15.0, P.ETCO2: 38.0}
MOST_BYTES = 30_000_000
SPOKEN = (Kind.RX, Kind.TX, Kind.INTENT)


def minute(seed=1, values=VALUES, seconds=60):
    curves = Curves(seed)
    told = [curves.second(values) for _ in range(seconds)]
    return {signal: [x for second in told for x in second[signal]] for signal in told[0]}


def rises(samples, level):
    return sum(a < level <= b for a, b in pairwise(samples))


def test_every_second_is_whole_and_in_its_range():
    curves = Curves(1)
    for _ in range(20):
        told = curves.second(VALUES)
        assert set(told) == set(SHOWN_WITH)
        assert all(len(samples) == RATE_HZ and 0 <= min(samples) <= max(samples) <= 1 for samples in told.values())


@pytest.mark.parametrize("hr", [45.0, 80.0, 130.0])
def test_the_heart_beats_as_its_number_says(hr):
    told = minute(values=VALUES | {P.HR: hr})
    assert rises(told[Signal.ECG], 0.7) == pytest.approx(hr, abs=0.03 * hr)
    assert rises(told[Signal.PLETH], 0.5) == pytest.approx(hr, abs=0.03 * hr)


@pytest.mark.parametrize("rr", [8.0, 15.0, 28.0])
def test_the_chest_breathes_as_its_number_says(rr):
    told = minute(values=VALUES | {P.RR: rr}, seconds=240)
    assert rises(told[Signal.RESP], 0.5) / 4 == pytest.approx(rr, rel=0.06)
    assert rises(told[Signal.CO2], 0.5) / 4 == pytest.approx(rr, rel=0.06)
    assert max(told[Signal.CO2]) == pytest.approx(1.0, abs=0.01)
    assert min(told[Signal.CO2]) == 0.0


def test_the_pulse_follows_the_beat():
    told = minute()
    beats, pulses = (
        [i for i, (a, b) in enumerate(pairwise(told[s])) if a < 0.5 <= b] for s in (Signal.ECG, Signal.PLETH)
    )
    assert len(beats) == pytest.approx(len(pulses), abs=1)
    delays = [next(p for p in pulses if p > beat) - beat for beat in beats[1:-2]]
    assert 0 < min(delays) <= max(delays) < 0.4 * RATE_HZ


def test_curves_have_no_jumps_and_no_two_beats_alike():
    told = minute()
    for signal in (Signal.PLETH, Signal.RESP):
        assert max(abs(a - b) for a, b in pairwise(told[signal])) < 0.05
    beats = [i for i, (a, b) in enumerate(pairwise(told[Signal.ECG])) if a < 0.7 <= b]
    assert len(Counter(b - a for a, b in pairwise(beats))) > 5


def test_the_same_seed_is_the_same_curve():
    assert minute(1) == minute(1)
    assert minute(1) != minute(2)


@pytest.mark.parametrize("signal", SHOWN_WITH)
def test_a_sensor_that_gives_nothing_has_no_curve(signal):
    assert set(Curves(1).second(VALUES | {SHOWN_WITH[signal]: None})) == set(SHOWN_WITH) - {signal}
    assert set(Curves(1).second({SHOWN_WITH[signal]: 50.0})) == {signal}


def shown(driver, seconds, scenario=SCENARIOS["uneventful"], **how):
    """What a driver reads from its simulator on the bench."""
    spec = load(driver)
    reader, rig = spec.make(), stage(scenario, {"it": spec}, CREATED, **how)
    outputs, asked = [], []
    for tick in range(seconds * 4):
        at = START.plus(tick / 4)
        outputs += reader.feed(rig.advance(0.25)["it"], at)
        for sent in [o.data for o in reader.tick(at) if isinstance(o, Send)]:
            asked.append(sent)
            outputs += reader.feed(rig.receive("it", sent), at)
    return [o.block for o in outputs if isinstance(o, Sampled)], asked


WITH_WAVES = [
    ("ge-dri", {Signal.ECG, Signal.PLETH, Signal.CO2, Signal.RESP}),
    ("philips-intellivue", {Signal.ECG, Signal.PLETH, Signal.CO2, Signal.RESP}),
    ("medibus", {Signal.PLETH, Signal.CO2}),
    ("capnostat5", {Signal.CO2}),
    ("capnostream20", {Signal.CO2}),
    ("contec-cms50", {Signal.PLETH}),
    ("berry-pm6750", {Signal.ECG, Signal.PLETH, Signal.RESP}),
    ("nonin", {Signal.PLETH}),
    ("ivy-450c", {Signal.ECG, Signal.PLETH, Signal.RESP}),
]


@each_row(("driver", "signals"), WITH_WAVES, ids=[driver for driver, _ in WITH_WAVES])
def test_devices_on_the_bench_have_waves(driver, signals):
    blocks, _ = shown(driver, 30)
    assert {block.signal for block in blocks} == signals
    for signal in signals:
        told = [x for block in blocks if block.signal is signal for x in block.samples if x is not None]
        assert len(set(told)) > 5, f"{signal} is flat"


def test_a_monitor_that_sends_waves_is_not_asked_again_and_again():
    blocks, asked = shown("ge-dri", 200)
    silent, again = shown("ge-dri", 200, waves=False)
    assert blocks
    assert silent == []
    assert len(asked) < len(again)


def test_the_top_of_the_co2_curve_is_its_number():
    blocks, _ = shown("philips-intellivue", 60)
    tops = [max(b.samples) for b in blocks if b.signal is Signal.CO2]
    assert max(tops) == pytest.approx(38, abs=5)
    blocks, _ = shown("ge-dri", 60)
    tops = [max(b.samples) for b in blocks if b.signal is Signal.CO2]
    assert max(tops) * 7.6 == pytest.approx(38, abs=5)


def test_numbers_are_the_same_without_waves():
    rigs = [stage(SCENARIOS["uneventful"], {}, CREATED, waves=waves) for waves in (True, False)]
    for rig in rigs:
        rig.advance(300.0)
    assert rigs[0].values == rigs[1].values


def test_a_stream_with_waves_comes_out_the_same_and_carries_them(tmp_path):
    short = replace(SAMPLES["vasovagal"], seconds=90)
    for name in "ab":
        play(short, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with StreamReader(tmp_path / "a") as made, StreamReader(samples.path("vasovagal")) as kept:
        begin = [record for record in made if record.kind in SPOKEN]
        assert begin == [record for record in kept if record.kind in SPOKEN and record.t <= begin[-1].t]


def test_the_shipped_streams_are_small_together_and_at_least_one_has_waves():
    assert sum(samples.path(name).stat().st_size for name in samples.names()) <= MOST_BYTES
    carried = Counter()
    for name in [name for name, sample in SAMPLES.items() if sample.waves]:
        assert verify(samples.path(name)).sentences() == []
        reader = load("ge-dri").make()
        with StreamReader(samples.path(name)) as stream:
            for record in stream:
                if record.kind is Kind.RX and record.device == "monitor" and record.t < 60:
                    carried.update(o.block.signal for o in reader.feed(record.data, START) if isinstance(o, Sampled))
    assert set(carried) == {Signal.ECG, Signal.PLETH, Signal.CO2, Signal.RESP}


def test_a_sensor_that_comes_off_takes_its_curve_away():
    off = replace(SCENARIOS["uneventful"], script=(Step(15, detach(P.HR)),))
    blocks, _ = shown("ge-dri", 30, off)
    seconds = Counter(block.signal for block in blocks)
    assert 5 < seconds[Signal.ECG] < 16
    assert seconds[Signal.RESP] > 20
