"""What the alarm rules make of recorded vitals, one behaviour a table; and that the judge would find a miss."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from evaluation.tables import spell, vitals

from ketamon.domain.parameters import Parameter
from ketamon.errors import SourceError
from ketamon.evaluation import figures as module
from ketamon.evaluation.figures import Figures, figures, together
from ketamon.evaluation.recording import load
from ketamon.evaluation.table import Row, read
from ketamon.profiles import load as load_profile

PROFILE = load_profile(None)[0]
WINDOWS = sorted((Path(__file__).parents[3] / "shared" / "captures" / "vitals").glob("*.csv.gz"))


@pytest.fixture
def evaluate(tmp_path):
    def run(seconds=120, changes=(), cuffs=(), profile=PROFILE) -> Figures:
        return figures(load(vitals(tmp_path / "t.csv", seconds, changes, cuffs), None), profile)

    return run


def raised(found: Figures) -> dict[tuple[str, str], int]:
    return {(str(priority), cause): n for (priority, cause), n in found.raised.items()}


def technical(found: Figures) -> dict[str, int]:
    return {cause: n for (_, cause), n in found.equipment.items()}


# ------------------------------------------------------------------------------------------------------- behaviours


def test_a_calm_patient_raises_nothing(evaluate):
    found = evaluate(cuffs=[(10, 120), (70, 121)])
    assert (raised(found), technical(found), found.bare, found.told) == ({}, {}, {}, [])
    assert found.hours == pytest.approx(119 / 3600)


def test_a_dip_shorter_than_the_dwell_is_none(evaluate):
    found = evaluate(changes=spell("spo2", 30, 9, 85.0))
    assert raised(found) == {}
    assert found.bare.total() == 2, "a bare threshold calls at both limits"
    assert found.told == []


def test_flapping_around_the_limit_is_one(evaluate):
    dips = [change for i in range(8) for change in spell("spo2", 30 + 20 * i, 12, 91.0)]
    flaps = [(t, name, 92.5 if value == 97.0 else value) for t, name, value in dips]
    found = evaluate(260, [*flaps, (200, "spo2", 97.0)])
    assert raised(found) == {("medium", "spo2-low"): 1}
    assert found.bare.total() == 8


def test_what_comes_back_within_a_minute_is_one_and_later_is_two(evaluate):
    near = evaluate(300, [*spell("spo2", 30, 20, 90.0), *spell("spo2", 90, 20, 90.0)])
    far = evaluate(300, [*spell("spo2", 30, 20, 90.0), *spell("spo2", 130, 20, 90.0)])
    assert (raised(near), raised(far)) == ({("medium", "spo2-low"): 1}, {("medium", "spo2-low"): 2})
    assert [t.after_s for t in near.of("sustained")] == [10.0, 0.0]
    assert [t.after_s for t in far.of("sustained")] == [10.0, 10.0]


def test_two_limits_of_one_cause_are_one_that_gets_louder(evaluate):
    found = evaluate(changes=[(30, "spo2", 90.0), (60, "spo2", 84.0), (90, "spo2", 97.0)])
    assert raised(found) == {("medium", "spo2-low"): 1, ("high", "spo2-low"): 1}
    assert [(t.what.worst, t.after_s) for t in found.of("sustained")] == [(84.0, 10.0), (84.0, 10.0)]
    found = evaluate(changes=[*spell("hr", 30, 40, 130.0), *spell("pr", 30, 40, 130.0)])
    assert raised(found) == {("medium", "hr-high"): 1}, "heart rate and pulse rate"
    assert found.bare.total() == 2


def test_no_heart_rate_beside_a_pulse_is_a_fault_of_the_sensor(evaluate):
    found = evaluate(changes=spell("hr", 30, 60, 0.0))
    assert raised(found) == {}
    assert technical(found) == {"sensor:ecg-fault": 1}
    assert [(t.what.kind, t.after_s) for t in found.told] == [("sensor", 5.0)]


def test_no_heart_rate_without_a_pulse_is_asystole(evaluate):
    found = evaluate(changes=[*spell("hr", 30, 60, 0.0), *spell("pr", 30, 60, 0.0)])
    assert raised(found) == {("high", "hr-low"): 1}
    assert {(t.what.kind, t.after_s) for t in found.told} == {("sustained", 5.0)}


def test_a_pulse_that_the_ecg_contradicts_is_told_as_that(evaluate):
    found = evaluate(changes=spell("pr", 30, 45, 35.0))
    assert (raised(found), technical(found), found.told) == ({}, {"differ:rates": 1}, [])
    without_ecg = evaluate(changes=[(0, "hr", None), *spell("pr", 30, 45, 35.0)])
    assert raised(without_ecg) == {("high", "hr-low"): 1}
    assert not without_ecg.missed("sustained")


@pytest.mark.parametrize(("seconds", "told"), [(14, []), (17, [15.0]), (40, [15.0])])
def test_a_gap_is_told_once_it_is_over_the_stale_time(evaluate, seconds, told):
    gap = [change for name in ("spo2", "pr") for change in spell(name, 30, seconds, None)]
    found = evaluate(changes=gap)
    assert technical(found) == ({"sensor:monitor:oximeter": 1} if told else {}), "one sensor is one alarm"
    assert [t.after_s - 1.0 for t in found.of("gap")] == told * 2


def test_what_ends_before_the_recording_is_a_gap(evaluate):
    found = evaluate(changes=[(60, "rr", None)])
    assert [(t.what.parameter, t.what.end) for t in found.of("gap")] == [(Parameter.RR, 119.0)]


CONFIRM = [
    # systolic pressures, one a minute → alarms, confirmed events
    ([120, 185], {("medium", "nibp_sys-high"): 1}, 0),
    ([120, 185, 120], {("medium", "nibp_sys-high"): 1}, 0),
    ([120, 185, 185], {("medium", "nibp_sys-high"): 1}, 0),  # the same number again is no new measurement
    ([120, 185, 186], {("medium", "nibp_sys-high"): 1, ("high", "nibp_sys-high"): 1}, 2),
    ([120, 85, 84, 120], {("low", "nibp_sys-low"): 1, ("medium", "nibp_sys-low"): 1}, 1),
]


@pytest.mark.parametrize(("pressures", "alarms", "confirmed"), CONFIRM)
def test_a_cuff_confirms_by_repeating(evaluate, pressures, alarms, confirmed):
    found = evaluate(60 * len(pressures) + 10, cuffs=[(60 * i + 5, p) for i, p in enumerate(pressures)])
    assert raised(found) == alarms
    assert [t.after_s for t in found.of("confirmed")] == [0.0] * confirmed


def test_the_profile_decides(evaluate):
    calm = replace(PROFILE, limit=tuple(replace(x, dwell_s=60.0) for x in PROFILE.limit))
    dip = spell("spo2", 20, 40, 85.0)
    assert raised(evaluate(changes=dip)) == {("high", "spo2-low"): 1}
    assert raised(evaluate(changes=dip, profile=calm)) == {}


# ------------------------------------------------------------------------------------------------------- the judge

WORTH_TELLING = [
    spell("spo2", 30, 17, 85.0),
    spell("hr", 30, 17, 35.0),
    spell("rr", 30, 17, 34.0),
    spell("spo2", 30, 20, None),
    spell("hr", 30, 17, 0.0),
]


@pytest.mark.parametrize("changes", WORTH_TELLING)
def test_the_judge_finds_what_no_rule_tells(evaluate, monkeypatch, changes):
    assert evaluate(changes=changes).missed("sustained", "gap", "sensor") == []
    monkeypatch.setattr(module, "play", lambda *_: [])
    assert evaluate(changes=changes).missed("sustained", "gap", "sensor") != []


def test_what_nobody_saw_is_not_sustained(evaluate):
    low = [(30, "spo2", 85.0), (38, "spo2", None), (60, "spo2", 85.0), (68, "spo2", 97.0)]
    assert [t.what.kind for t in evaluate(changes=low).told] == ["gap"]


def test_an_alarm_that_comes_too_late_or_too_low_is_a_miss(evaluate, monkeypatch):
    play = module.play

    def late(*given):
        return [replace(a, start=a.start + 7) for a in play(*given)]

    def low(*given):
        return [replace(a, priority=PROFILE.limit[0].priority) for a in play(*given)]

    dip = spell("spo2", 30, 30, 85.0)
    monkeypatch.setattr(module, "play", late)
    assert len(evaluate(changes=dip).missed("sustained")) == 2
    monkeypatch.setattr(module, "play", low)
    assert [h.priority for h in evaluate(changes=dip).missed("sustained")] == ["high"]


# ------------------------------------------------------------------------------------------------------- tables

HEAD = b"t_s,param,value,unit\n"
DAMAGED = [
    (b"1.0,SPO2,97", "line 3: 3 fields instead of 4"),
    (b"1.0,SPO2,9x,%", "line 3: “9x” is no value"),
    (b"1.0,SPO2,nan,%", "line 3: “nan” is no value"),
    (b"1.0,SPO2,-97,%", "line 3: “-97” is no value"),
    (b"1.0,SPO2,970,%", "line 3: SPO2 970 % cannot be"),
    (b"inf,SPO2,97,%", "line 3: “inf” is no time in seconds"),
    (b"0.1,SPO2,97,%", "line 3: time goes back from 0.5 s to 0.1 s"),
    (b"1.0,SP\xff2,97,%", "line 3: not UTF-8 text"),
    (b"", "line 3: 1 fields instead of 4"),
]


@pytest.mark.parametrize(("line", "problem"), DAMAGED)
def test_a_damaged_line_costs_itself_and_is_told_with_its_number(tmp_path, line, problem):
    path = tmp_path / "t.csv"
    path.write_bytes(HEAD + b"0.5,SPO2,97,%\n" + line + b"\n2.0,SPO2,96,%\n")
    table = read(path)
    assert table.problems == [problem]
    assert [row.value for row in table.rows] == [97.0, 96.0]


def test_units_are_converted_where_the_factor_is_known_and_nothing_is_guessed(tmp_path):
    path = tmp_path / "t.csv"
    rows = b"1,etco2,5,kPa\n1,temp,98.6,[degF]\n1,HR,60,bpm\n2,HR,1,Hz\n2,BTBHR,60,bpm\n2,spo2,97,mmHg\n3,spo2,,%\n"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD + rows.replace(b"\n", b"\r\n"))
    table = read(path)
    assert [(r.parameter, r.value if r.value is None else round(r.value, 3)) for r in table.rows] == [
        (Parameter.ETCO2, 37.503), (Parameter.TEMP, 37.0), (Parameter.HR, 60.0), (Parameter.SPO2, None),
    ]  # fmt: skip
    assert table.unread == {"HR in Hz": 1, "BTBHR in bpm": 1, "spo2 in mmHg": 1}
    assert table.problems == []


def test_a_cuff_says_the_same_until_the_next_measurement(tmp_path):
    path = tmp_path / "t.csv"
    numbers = [(1, 120, 70), (2, 120, 70), (3, 120, 71), (4, 120, 71)]
    path.write_bytes(HEAD + "".join(f"{t},NBP_SYS,{s},mmHg\n{t},NBP_DIA,{d},mmHg\n" for t, s, d in numbers).encode())
    assert read(path).rows == [Row(t, p, v) for t, s, d in (numbers[0], numbers[2])
                               for p, v in ((Parameter.NIBP_SYS, s), (Parameter.NIBP_DIA, d))]  # fmt: skip


def _whole() -> bytes:
    return gzip.compress(HEAD + b"".join(b"%d,SPO2,97,%%\n" % t for t in range(900)))


NO_TABLES = [
    ("a.csv", b"", "its first line must be"),
    ("a.csv", b"t,p,v,u\n1,SPO2,97,%\n", "its first line must be"),
    ("a.csv", HEAD, "no value that can be judged"),
    ("a.csv", HEAD + b"1,XYZ,97,%\n", "no value that can be judged"),
    ("a.csv.gz", b"no gzip", "no whole gzip file"),
    ("a.csv.gz", _whole()[:-20], "no whole gzip file"),
    ("a.csv.gz", _whole()[:60] + b"\xff\xff\xff" + _whole()[63:], "no whole gzip file"),
]


@pytest.mark.parametrize(("name", "data", "words"), NO_TABLES)
def test_what_is_no_table_is_refused(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=words):
        read(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SourceError, match="there is no file"):
        load(tmp_path / "none.csv", None)


# ------------------------------------------------------------------------------------------------------- real windows


@pytest.fixture(scope="module")
def windows() -> list[Figures]:
    if not WINDOWS:
        pytest.skip("the recorded windows are not here")
    return [figures(load(path, None), PROFILE) for path in WINDOWS]


def test_real_windows_five_times_fewer_alarms_than_bare_thresholds(windows):
    total = together(windows)
    assert total.times_fewer >= 5, {one.name: (one.raised.total(), one.bare.total()) for one in windows}
    assert all(one.raised.total() <= one.bare.total() / 2 for one in windows)


def test_real_windows_nothing_that_lasts_is_missed(windows):
    assert {one.name: one.missed("sustained", "confirmed", "sensor") for one in windows} == {
        p.name: [] for p in WINDOWS
    }
    assert len(together(windows).of("sustained")) > 50, "there is something to miss"
    assert any(t.what.priority == "high" for t in together(windows).of("sustained"))


def test_real_windows_each_gap_is_told(windows):
    gaps = together(windows).of("gap")
    assert {t.what.parameter for t in gaps} == {
        Parameter.SPO2, Parameter.PR, Parameter.HR, Parameter.RR, Parameter.NIBP_SYS,
    }  # fmt: skip
    assert [t.what for t in gaps if t.after_s is None] == []
