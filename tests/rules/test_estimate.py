"""The estimate: the published numbers, the exact solution, and that it ends where the dose is not known."""

import ast
from dataclasses import replace
from math import floor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import PROFILE, Clinic

from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Link, PumpState, PumpStatus
from ketamon.domain.phases import Phase, Trigger
from ketamon.rules.delivery import delivery
from ketamon.rules.estimate import band, level
from ketamon.rules.kinetics import MODELS, NOTHING, Model, after, modes, ng_per_ml

DOMINO, KAMP = MODELS
SPARE_ML = 1.75  # 5 % of the 35 mL ordered

# ------------------------------------------------------------------------------------------------ the kinetics


@each_row(
    ("model", "minute", "expected"),
    [(DOMINO, 40, 240), (KAMP, 40, 253), (DOMINO, 60, 55), (KAMP, 60, 96), (DOMINO, 120, 36), (KAMP, 120, 50)],
)
def test_half_a_milligram_per_kilogram_over_forty_minutes(model, minute, expected):
    end = after(model, NOTHING, 35 / 40, 40)
    assert ng_per_ml(model, after(model, end, 0, minute - 40), 70) == pytest.approx(expected, rel=0.01)


rates = st.floats(0.001, 3.0)
any_model = st.builds(
    lambda **k: Model(name="m", source="", v1=0.1, **k), k10=rates, k12=rates, k13=rates, k21=rates, k31=rates
).filter(lambda m: abs(m.k21 - m.k31) > 1e-3)


@given(any_model)
@settings(max_examples=60)
def test_the_rates_are_the_roots_and_a_dose_at_once_is_all_in_the_middle(model):
    m = model
    found = [mode.rate for mode in modes(model)]
    assert sorted(found, reverse=True) == found
    assert min(found) > 0
    assert sum(found) == pytest.approx(m.k10 + m.k12 + m.k13 + m.k21 + m.k31, rel=1e-9)
    pairs = found[0] * found[1] + found[0] * found[2] + found[1] * found[2]
    assert pairs == pytest.approx(
        m.k10 * m.k21 + m.k10 * m.k31 + m.k21 * m.k31 + m.k12 * m.k31 + m.k13 * m.k21, rel=1e-9
    )
    assert found[0] * found[1] * found[2] == pytest.approx(m.k10 * m.k21 * m.k31, rel=1e-9)
    assert sum(mode.share for mode in modes(model)) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_it_is_what_the_differential_equations_give(model):
    """Against small steps of Runge and Kutta through the three compartments themselves."""

    def flow(x, dose):
        one, two, three = x
        m = model
        return (
            dose - (m.k10 + m.k12 + m.k13) * one + m.k21 * two + m.k31 * three,
            m.k12 * one - m.k21 * two,
            m.k13 * one - m.k31 * three,
        )

    x, amounts, h = (0.0, 0.0, 0.0), NOTHING, 0.02
    for minutes, dose in ((10, 2.0), (5, 0.0), (20, 0.5), (60, 0.0)):
        for _ in range(round(minutes / h)):
            a = flow(x, dose)
            b = flow([v + h / 2 * d for v, d in zip(x, a, strict=True)], dose)
            c = flow([v + h / 2 * d for v, d in zip(x, b, strict=True)], dose)
            d = flow([v + h * s for v, s in zip(x, c, strict=True)], dose)
            x = [v + h / 6 * (p + 2 * q + 2 * r + s) for v, p, q, r, s in zip(x, a, b, c, d, strict=True)]
        amounts = after(model, amounts, dose, minutes)
        assert sum(amounts) == pytest.approx(x[0], rel=1e-6)


@given(
    st.sampled_from(MODELS),
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 200)), min_size=1, max_size=6),
    st.integers(0, 5),
    st.floats(0, 1),
)
@settings(max_examples=100)
def test_splitting_an_interval_anywhere_changes_nothing(model, course, which, part):
    whole = split = NOTHING
    for i, (dose, minutes) in enumerate(course):
        whole = after(model, whole, dose, minutes)
        for piece in (minutes * part, minutes * (1 - part)) if i == which % len(course) else (minutes,):
            split = after(model, split, dose, piece)
    assert split == pytest.approx(whole, rel=1e-9, abs=1e-9)


# ------------------------------------------------------------------------------------------- what the pump gave


class Infusion:
    """A clinic with a pump that says each `every` seconds what it does; what it gives is kept beside."""

    def __init__(self, step_ml: float = 0.001, every: float = 1.0, **lacks: None) -> None:
        self.clinic = Clinic().attach("pump", DeviceKind.PUMP).check_in()
        self.step, self.every, self.lacks = step_ml, every, lacks
        self.ml, self.heard = 0.0, True
        self.run(5, 0.0)

    def run(self, seconds: float, rate: float, *, told: float | None = None) -> "Infusion":
        """Let it run at a rate (mL/h); `told` is the rate it tells, if that is another."""
        for _ in range(round(seconds / self.every)):
            self.clinic.t += self.every
            self.ml += rate / 3600 * self.every
            self.say(rate if told is None else told)
        return self

    def say(self, rate: float) -> None:
        if not self.heard:
            return
        counter = round(floor(self.ml / self.step + 1e-9) * self.step, 6)
        state = PumpState.INFUSING if rate else PumpState.HELD
        status = PumpStatus(state=state, rate=rate, volume_infused=counter)
        self.clinic.say(e.PumpReported(device="pump", offset=0, status=replace(status, **self.lacks)))

    def start(self) -> "Infusion":
        self.clinic.phase(Phase.INFUSION, Trigger.START)
        return self

    def end(self) -> "Infusion":
        self.clinic.phase(Phase.RECOVERY)
        return self

    def silent(self, seconds: float, rate: float) -> "Infusion":
        self.heard = False
        self.clinic.link(Link.SILENT, "pump")
        self.run(seconds, rate)
        self.heard = True
        return self

    @property
    def now(self):
        return level(self.clinic.state, PROFILE, self.clinic.at)

    @property
    def booked_ml(self) -> float:
        return sum(s.ml for s in delivery(self.clinic.state, PROFILE).stretches)


@pytest.mark.parametrize(("step", "every"), [(0.001, 1), (0.01, 1), (0.1, 1), (0.1, 5), (1.0, 5)])
def test_the_whole_way_from_the_pump_to_the_band(step, every):
    pump = Infusion(step, every).start().run(2400, 52.5)
    found = pump.now[0]
    assert (found.low, found.high) == (pytest.approx(240, rel=0.01), pytest.approx(253, rel=0.01))
    pump.run(5, 0).end().run(1195, 0)
    found = pump.now[0]
    assert (found.low, found.high) == (pytest.approx(55, rel=0.01), pytest.approx(96, rel=0.01))
    pump.run(3600, 0)
    found = pump.now[0]
    assert (found.low, found.high) == (pytest.approx(36, rel=0.01), pytest.approx(50, rel=0.01))


def test_a_coarse_counter_makes_no_spikes():
    fine, coarse = (Infusion(step).start().run(1200, 52.5).clinic for step in (0.001, 0.1))
    a, b = (band(c.state, PROFILE, c.at, 0, 2000, 1.0).levels for c in (fine, coarse))
    assert len(a) == len(b)
    assert max(abs(x.high - y.high) for x, y in zip(a, b, strict=True)) < 4


def test_a_bolus_is_seen_as_growth_of_the_counter():
    pump = Infusion().start().run(600, 52.5)
    before = pump.now[0]
    pump.ml += 5.0  # 5 mg within the second before the next report
    after_ = pump.run(1, 52.5).now[0]
    assert after_.high - before.high == pytest.approx(5 / (DOMINO.v1 * 70) * 1000, rel=0.05)
    assert after_.low - before.low == pytest.approx(5 / (KAMP.v1 * 70) * 1000, rel=0.2)
    assert pump.booked_ml == pytest.approx(pump.ml, abs=0.02)


def test_a_bolus_in_a_pause_is_not_spread_over_the_pause():
    pump = Infusion().start().run(600, 52.5).run(600, 0)
    pump.ml += 1.5
    pump.run(1, 0)
    last = delivery(pump.clinic.state, PROFILE).stretches[-1]
    assert (last.end - last.begin, last.ml) == (pytest.approx(1), pytest.approx(1.5, abs=0.02))


def test_a_pause_lets_it_fall():
    pump = Infusion().start().run(1200, 52.5)
    top = pump.now[0]
    pump.run(300, 0)
    assert pump.now[0].high < top.high * 0.8


def test_a_silence_that_the_rate_explains_is_bridged():
    whole, holed = Infusion().start().run(1200, 52.5), Infusion().start().run(300, 52.5)
    holed.silent(600, 52.5)
    assert holed.now == (None, "the pump says nothing")
    holed.run(300, 52.5)
    assert holed.now[0].high == pytest.approx(whole.now[0].high, rel=1e-3)
    assert holed.booked_ml == pytest.approx(whole.booked_ml)


WHEN = "the pump was silent, and it is not known when it gave what its counter grew by"
STANDS = "the pump tells a rate, but its counter does not move"
UNHEARD = "the pump was not heard when the infusion began"


def lost_and_reset(pump):
    pump.silent(600, 52.5).ml = 1.0
    return pump.run(60, 52.5)


def resumed_unheard(pump):
    pump.run(5, 0).clinic.phase(Phase.PAUSED, Trigger.PAUSE)
    return pump.silent(600, 52.5).end()


def second_pump(pump):
    pump.clinic.attach("pump2", DeviceKind.PUMP)
    return pump.run(5, 52.5)


def two_heads(pump):
    for head in "AB":
        status = PumpStatus(state=PumpState.INFUSING, rate=52.5, volume_infused=9.0, head=head)
        pump.clinic.say(e.PumpReported(device="pump", offset=0, status=status))
    return pump


UNKNOWN = [
    ("silent now", lambda p: p.silent(30, 52.5), "the pump says nothing"),
    ("silent and then stopped", lambda p: p.silent(300, 52.5).silent(900, 0).run(60, 0), WHEN),
    ("a bolus in a silence", lambda p: p.silent(300, 100.0).run(60, 52.5), WHEN),
    ("set to zero in a silence", lost_and_reset, WHEN),
    ("a counter that stands", lambda p: p.run(300, 0, told=52.5), STANDS),
    ("resumed where nobody heard it", resumed_unheard, "the pump says nothing"),
    ("lost at the end while it ran", lambda p: p.end().silent(60, 52.5), "the pump says nothing"),
    ("lost while it ran", lambda p: p.silent(60, 52.5).end(), "the pump says nothing"),
    ("a second pump", second_pump, "several pumps are attached"),
    ("two heads", two_heads, "it is not said which head of the pump gives the drug"),
]  # fmt: skip


@each_row(("then", "why"), [(t, w) for _, t, w in UNKNOWN], ids=[n for n, _, _ in UNKNOWN])
def test_it_ends_where_the_dose_is_not_known(then, why):
    pump = then(Infusion().start().run(600, 52.5))
    assert pump.now == (None, why)
    shown = band(pump.clinic.state, PROFILE, pump.clinic.at, 0, 9e9)
    assert shown.why == why
    assert not shown.levels or shown.levels[-1].t <= 730


def test_it_comes_back_when_the_counter_moves_again():
    pump = Infusion().start().run(600, 52.5).run(300, 0, told=52.5)
    assert pump.now[0] is None
    pump.run(60, 52.5)
    assert pump.now[0] is not None
    assert pump.booked_ml == pytest.approx(pump.ml, abs=0.02)


@pytest.mark.parametrize(("counter", "known"), [(0.0, True), (9.0, False)])
def test_a_pump_that_is_heard_first_while_it_infuses(counter, known):
    clinic = Clinic().attach("pump", DeviceKind.PUMP).check_in().phase(Phase.INFUSION, Trigger.START)
    for i in range(3):
        clinic.t += 1
        status = PumpStatus(state=PumpState.INFUSING, rate=52.5, volume_infused=counter + i / 100)
        clinic.say(e.PumpReported(device="pump", offset=0, status=status))
    found, why = level(clinic.state, PROFILE, clinic.at)
    assert (found is not None, why) == (known, "" if known else UNHEARD)


def test_without_a_pump_without_an_order_and_before_the_start():
    assert level(Clinic().check_in().state, PROFILE, Clinic().at) == (None, "the infusion has not begun")
    clinic = Clinic().check_in().phase(Phase.INFUSION, Trigger.START)
    assert level(clinic.state, PROFILE, clinic.at) == (None, "no pump tells what it gives")
    clinic = Clinic().check_in(order=False).phase(Phase.INFUSION, Trigger.START)
    assert level(clinic.state, PROFILE, clinic.at) == (None, "there is no order that tells the concentration")
    assert band(clinic.state, PROFILE, clinic.at, 0, 60).levels == ()
    clinic = Clinic().attach("pump", DeviceKind.PUMP).check_in().phase(Phase.INFUSION, Trigger.START)
    assert level(clinic.state, PROFILE, clinic.at) == (None, UNHEARD)


def test_a_pump_without_a_counter():
    pump = Infusion(volume_infused=None).start().run(2400, 52.5)
    assert pump.now[0].low == pytest.approx(240, rel=0.01)
    pump.silent(10, 52.5).run(5, 52.5)
    assert pump.now == (None, "the pump was silent and has no counter that says what it gave")


def test_a_pump_without_a_rate():
    pump = Infusion(rate=None).start().run(2400, 52.5)
    assert pump.now[0].low == pytest.approx(240, rel=0.01)


def test_a_pump_that_was_put_away_gives_nothing():
    pump = Infusion().start().run(2400, 52.5).run(5, 0).end().run(60, 0).silent(1135, 0)
    assert pump.now[0].high == pytest.approx(96, rel=0.01)
    assert band(pump.clinic.state, PROFILE, pump.clinic.at, 0, 9e9).why == ""


def test_a_counter_set_to_zero_while_it_is_heard():
    pump = Infusion().start().run(600, 52.5)
    given, pump.ml = pump.ml, 0.0
    pump.run(600, 52.5)
    assert pump.now[0] is not None
    assert pump.booked_ml == pytest.approx(given + pump.ml, abs=0.02)


def test_the_window_and_its_steps():
    pump = Infusion(every=5).start().run(600, 52.5)
    clinic = pump.clinic
    levels = band(clinic.state, PROFILE, clinic.at, 100, 9e9, 60).levels
    assert [x.t for x in levels] == [100, 160, 220, 280, 340, 400, 460, 520, 580, clinic.t]
    assert all(0 < x.low <= x.high for x in levels)
    assert [x.high for x in levels] == sorted(x.high for x in levels)
    early = band(clinic.state, PROFILE, clinic.at, -50, 300, 60).levels
    assert early[0].high == pytest.approx(0)
    assert band(clinic.state, PROFILE, clinic.at, 700, 800).levels == ()


runs = st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.0, 10.0, 52.5, 200.0])), min_size=1, max_size=12)


@given(runs, st.sampled_from([0.001, 0.1]), st.sampled_from([1.0, 4.0]))
@settings(max_examples=40, deadline=None)
def test_every_drop_that_the_counter_tells_is_booked(course, step, every):
    pump = Infusion(step, every).start()
    for times, rate in course:
        pump.run(times * every, rate)
    given = delivery(pump.clinic.state, PROFILE)
    assert given.until == pytest.approx(pump.clinic.t)
    assert pump.booked_ml == pytest.approx(pump.ml, abs=step + 2 * 200 / 3600 * every)
    assert all(s.ml_per_s >= 0 for s in given.stretches)
    assert all(a.end == b.begin for a, b in zip(given.stretches, given.stretches[1:], strict=False))


ROOT = Path(__file__).parents[2]
OURS = {"ketamon.rules.estimate", "ketamon.rules.delivery", "ketamon.rules.kinetics"}
VIEWS = {"cli", "console", "report"}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, also those within `from ketamon.rules import gate`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def test_only_views_see_the_estimate():
    """What decides never does: a new rule is found here before anybody adds it to the import contract."""
    files = [*(ROOT / "ketamon").rglob("*.py"), *(ROOT / "drivers").rglob("*.py")]
    seen = {path.relative_to(ROOT).with_suffix("") for path in files if imported(path) & OURS}
    inside = {path for path in seen if ".".join(path.parts) in OURS}
    assert inside
    assert {path.parts[1] for path in seen - inside} <= VIEWS
