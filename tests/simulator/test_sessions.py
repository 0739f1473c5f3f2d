"""Whole simulated sessions, from the wire to the gate: what the staff does, and that it is the same each time."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from math import inf

import pytest

from ketamon import profiles, samples
from ketamon.chair import launch
from ketamon.chair.asked import START_CONFIRMED
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Role
from ketamon.domain.phases import Phase
from ketamon.domain.profile import CriterionKind
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState, observations_of
from ketamon.errors import UsageError
from ketamon.simulator.generate import CREATED, SAMPLES, Sample, generate, open_chair, play
from ketamon.simulator.nurse import ATTENTION_S, NOTES, PACE_S, Nurse, grade
from ketamon.simulator.scenario import END_S, SCENARIOS, START_S
from ketamon.stream.reader import StreamReader, verify
from ketamon.stream.record import Kind

GE = {"monitor": "ge-dri", "pump": "alaris-gh"}
PROFILE = profiles.load(None)[0]


def replayed(path) -> tuple[list[e.Event], list[str]]:
    """Play a stream as `ketamon replay` does; its events, and what was refused."""
    core, reader = launch.replay(path, None, inf, None)
    events: list[e.Event] = []
    core.listeners.append(events.append)
    with reader:
        asyncio.run(core.run(None))
    return events, core.drive.refused


def minutes_of(state: SessionState, item: str) -> list[tuple[int, int | None]]:
    began = state.infusion.started
    return [(round(o.at.since(began) / 60), o.grade) for o in observations_of(state, item)]


@pytest.fixture(scope="module")
def signed(tmp_path_factory) -> SessionState:
    """The uneventful session with an oximeter, let to go on until the patient leaves."""
    sample = replace(SAMPLES["oximeter"], sign=True)
    return play(sample, tmp_path_factory.mktemp("signed") / "signed.kstream")


SHIPPED = ("uneventful", "oximeter")
"""Streams of whole sessions, as they ship."""


def test_the_session_goes_its_way_to_the_end(signed):
    phases = [event.body.phase for event in signed.log if isinstance(event.body, e.PhaseChanged)]
    assert phases == [
        Phase.BASELINE,
        Phase.INFUSION,
        Phase.PAUSED,
        Phase.INFUSION,
        Phase.RECOVERY,
        Phase.READY,
        Phase.DISCHARGED,
    ]
    assert signed.opened.mode is Mode.DEMO
    assert signed.infusion.seconds(signed.at) == pytest.approx(2400, abs=5)
    assert START_CONFIRMED in signed.confirmations
    assert END_S + 30 * 60 <= signed.ready_at.seconds < signed.left_at.seconds
    assert [(s.meaning, s.by.role) for s, _ in signed.signatures] == [
        ("assessment", Role.NURSE),
        ("discharge", Role.PHYSICIAN),
    ]


def test_the_patient_is_who_the_script_says(signed):
    assert (signed.patient.label, signed.patient.weight_kg, signed.patient.course) == ("J. D.", 72.0, "3 of 6")
    assert signed.confirmations["escort"].text == signed.patient.escort != ""
    assert signed.order.order.rate_ml_h == pytest.approx(54.0)
    assert not signed.order_check.by.is_same(signed.order.by)


def test_effects_come_and_go(signed):
    dissociation = dict(minutes_of(signed, "dissociation"))
    assert [dissociation.get(m) for m in (20, 40)] == [4, 5]
    assert minutes_of(signed, "dissociation")[0][1] == minutes_of(signed, "dissociation")[-1][1] == 0
    assert {grade for _, grade in minutes_of(signed, "sedation")} == {4, 5}
    assert [grade for _, grade in minutes_of(signed, "nausea")] == [0, 0, 1, 0, 0]
    assert max(grade for _, grade in minutes_of(signed, "dizziness")) == 1
    assert set(dict(minutes_of(signed, "headache")).values()) == {0}


def test_nothing_is_left_out_and_nothing_is_done_in_haste(signed):
    acted = [event.at for event in signed.log if getattr(event.body, "by", None)]
    moments = sorted(set(acted))
    assert all(later.since(earlier) >= PACE_S for earlier, later in pairwise(moments))
    assert not signed.not_done
    written = [event.body.text for event in signed.log if isinstance(event.body, e.Noted)]
    assert written == [text for _, _, text in NOTES]


def test_an_alarm_is_acknowledged_after_a_look(signed):
    began, seen = {}, {}
    for event in signed.log:
        if isinstance(event.body, e.AlarmChanged):
            began.setdefault(event.body.alarm, event.at)
            if event.body.by is not None:
                seen[event.body.alarm] = event.at
    assert any(name.startswith("spo2") for name in seen)
    assert all(at.since(began[name]) >= ATTENTION_S for name, at in seen.items())


def test_what_no_device_gives_is_measured_by_hand(signed):
    by_hand = {e_.body.reading.parameter for e_ in signed.log if isinstance(e_.body, e.ValueEntered)}
    assert by_hand == {Parameter.NIBP_SYS, Parameter.NIBP_DIA, Parameter.NIBP_MAP, Parameter.RR}
    assert signed.baseline[Parameter.NIBP_SYS] == pytest.approx(120, abs=10)


def test_pressure_rises_with_the_drug_and_falls_again(signed):
    points = [(p.t, p.value) for p in signed.history[Parameter.NIBP_SYS]]
    late = [value for t, value in points if END_S - 600 <= t <= END_S + 60]
    assert max(value for _, value in points) == max(late)
    assert max(late) - signed.baseline[Parameter.NIBP_SYS] >= 10
    assert abs(points[-1][1] - signed.baseline[Parameter.NIBP_SYS]) <= 10


def test_the_same_session_twice_is_the_same_file(tmp_path):
    short = Sample(replace(SCENARIOS["uneventful"], seconds=START_S + 120), GE)
    first, again = (play(short, tmp_path / f"{n}.kstream") for n in "ab")
    assert (tmp_path / "a.kstream").read_bytes() == (tmp_path / "b.kstream").read_bytes()
    assert first.log == again.log
    other = replace(short, scenario=replace(short.scenario, seed=1))
    play(other, tmp_path / "c.kstream")
    assert (tmp_path / "c.kstream").read_bytes() != (tmp_path / "a.kstream").read_bytes()


def test_a_replay_says_what_the_session_said(tmp_path):
    path = tmp_path / "short.kstream"
    state = play(Sample(replace(SCENARIOS["uneventful"], seconds=START_S + 120), GE), path)
    events, refused = replayed(path)
    assert refused == []
    told = [v for v in events if isinstance(v.body, e.Observed | e.PhaseChanged | e.BaselineTaken | e.AlarmChanged)]
    was = [v for v in state.log if isinstance(v.body, e.Observed | e.PhaseChanged | e.BaselineTaken | e.AlarmChanged)]
    assert [(v.seq, v.at, v.body) for v in told[: len(was)]] == [(v.seq, v.at, v.body) for v in was]
    assert was


def test_only_samples_that_are_known_can_be_made(tmp_path):
    with pytest.raises(UsageError, match="uneventful, oximeter"):
        generate("other", tmp_path / "other.kstream")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_stream_is_whole_small_and_about_nobody(name):
    path = samples.path(name)
    report = verify(path)
    assert report.sentences() == []
    assert path.stat().st_size <= 7_000_000
    with StreamReader(path) as reader:
        assert reader.header.mode is Mode.DEMO
        kinds = {record.kind for record in reader}
    assert kinds >= {Kind.RX, Kind.TX, Kind.INTENT, Kind.LINK}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_stream_shows_an_alarm_and_ends_at_an_open_gate(name):
    events, refused = replayed(samples.path(name))
    assert refused == []
    session = [v.body for v in events if v.at.seconds < SCENARIOS["uneventful"].seconds]
    assert any(isinstance(b, e.AlarmChanged) and b.priority is Priority.MEDIUM and not b.technical for b in session)
    assert not any(isinstance(b, e.AlarmChanged) and b.priority is Priority.HIGH for b in session)
    assert [b.open for b in session if isinstance(b, e.GateChanged)][-1]
    assert not any(isinstance(b, e.Signed | e.BytesRejected) for b in session)


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_ends_at_an_open_gate(name, tmp_path):
    state = play(Sample(SCENARIOS[name], GE), tmp_path / "x.kstream")
    assert state.gate.open


def test_the_nurse_answers_the_same_state_alike():
    chair = open_chair({}, Instant(0, CREATED))
    at = chair.state.at.plus(20)
    first = Nurse().due_intents(chair.state, PROFILE, at)
    assert first == Nurse().due_intents(chair.state, PROFILE, at)
    assert isinstance(first[0], i.MoveStaff)
    for intent in first:
        chair.intend(intent, at)
    assert Nurse().due_intents(chair.state, PROFILE, at.plus(1)) == []


def test_every_grade_that_the_gate_asks_for_is_given_late():
    items = {item.id: item for item in PROFILE.observation}
    for criterion in PROFILE.criterion:
        if criterion.kind is CriterionKind.GRADE:
            found = grade(items[criterion.item], PROFILE, 75.0)
            assert criterion.at_least is None or found >= criterion.at_least
            assert criterion.at_most is None or found <= criterion.at_most
            assert found in items[criterion.item].values


SHOWN = {
    "hypertension": {"nibp_sys-high", "nibp_dia-high"},
    "desaturation": {"spo2-low"},
    "occlusion": {"device:pump:AL_OCCLU"},
    "sensor-off": {"sensor:monitor:oximeter"},
    "cable-pulled": {"link:monitor", "link:pump"},
    "vasovagal": {"hr-low", "nibp_sys-low"},
}


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - set(SHIPPED)))
def test_every_sample_shows_what_it_is_for(name):
    assert verify(samples.path(name)).sentences() == []
    events, refused = replayed(samples.path(name))
    assert refused == []
    alarms = {v.body.alarm for v in events if isinstance(v.body, e.AlarmChanged)}
    assert SHOWN.get(name, set()) <= alarms
    observed = {(v.body.item, v.body.grade) for v in events if isinstance(v.body, e.Observed)}
    phases = [v.body.phase for v in events if isinstance(v.body, e.PhaseChanged)]
    if name == "nausea-vomiting":
        assert {("nausea", 3), ("vomiting", 1)} <= observed
    if name == "early-stop":
        assert phases[-2:] == [Phase.PAUSED, Phase.RECOVERY]
    if name == "nibp-failing":
        cuffs = [v.at for v in events if isinstance(v.body, e.Measured) and
                 any(r.parameter is Parameter.NIBP_SYS and r.value is not None for r in v.body.readings)]  # fmt: skip
        assert max(later.since(earlier) for earlier, later in pairwise(cuffs)) > 15 * 60
