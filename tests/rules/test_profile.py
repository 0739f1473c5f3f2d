# ruff: noqa: E501 (one case a line reads better than a broken table)
"""The shipped profile is whole, and a profile that says what it must not is refused with a sentence each."""

import re
import tomllib
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import PROFILE, SHA256, TEXT

from ketamon.domain.parameters import PUMP_PARAMETERS, Parameter
from ketamon.domain.profile import CriterionKind, Group, Watch
from ketamon.errors import ProfileError, SourceError
from ketamon.profiles import load, loader, loads
from ketamon.profiles.loader import SHIPPED

# --------------------------------------------------------------------------------------------- the shipped one


def test_the_first_line_says_who_must_sign_it():
    assert (
        TEXT.splitlines()[0]
        == "# A medical director must review and sign this profile before use. Until then it is an example."
    )


def test_text_and_hash_are_those_of_the_file():
    assert SHIPPED.read_bytes().decode() == TEXT
    assert sha256(TEXT.encode()).hexdigest() == SHA256
    assert loads(TEXT, "again") == PROFILE


def test_it_is_for_adults_over_forty_minutes():
    assert (PROFILE.name, PROFILE.plan.minutes) == ("ketamine-40min", 40.0)
    assert (PROFILE.plan.shortest_minutes, PROFILE.plan.longest_minutes) == (20.0, 240.0)
    assert PROFILE.order.tolerance_percent == 5.0
    assert PROFILE.alarm.audio_pause_s == 120.0


def test_three_keys_log_anything():
    keys = [item.key for item in PROFILE.observation]
    assert len(set(keys)) == len(keys)
    for item in PROFILE.observation:
        assert bool(item.grades) is not (item.lowest is not None)
        assert all(len(grade.key) == 1 for grade in item.grades)
    nausea = next(item for item in PROFILE.observation if item.key == "n")
    assert (nausea.id, nausea.grades[1].key, nausea.grades[1].label) == ("nausea", "1", "mild")
    patient = next(item for item in PROFILE.observation if item.key == "d")
    assert [g.key for g in patient.grades] == [*"0123456789", "t"]


def test_the_list_of_observations_is_whole():
    by_group = {group: {o.id for o in PROFILE.observation if o.group is group} for group in Group}
    assert by_group[Group.SCORE] >= {
        "dissociation",
        "dissociation-clinician",
        "sedation",
        "rass",
        "pain",
        "mood",
        "distress",
    }
    assert by_group[Group.EFFECT] == {
        "nausea", "headache", "dizziness", "vomiting", "anxiety", "vision", "numbness", "strange", "floating", "speech",
        "restlessness", "palpitations", "chest-pain", "breathlessness", "itching", "sweating", "crying", "urination",
        "iv-site-pain",
    }  # fmt: skip
    assert by_group[Group.EVENT] == {"rescue-drug", "oxygen", "fluid", "position", "physician-called"}
    assert {o.id for o in PROFILE.observation if o.asks_text} >= {"rescue-drug", "fluid"}


LIMITS = {
    ("spo2", "medium"): (92, None), ("spo2", "high"): (88, None),
    ("hr", "medium"): (50, 120), ("hr", "high"): (40, 140), ("pr", "medium"): (50, 120), ("pr", "high"): (40, 140),
    ("nibp_sys", "medium"): (90, 160), ("nibp_sys", "high"): (None, 179),
    ("nibp_dia", "medium"): (None, 100), ("nibp_dia", "high"): (None, 109),
    ("rr", "medium"): (8, 30), ("etco2", "medium"): (25, 50), ("temp", "low"): (35, 39),
}  # fmt: skip


def test_the_limits():
    found: dict[tuple[str, str], tuple[float | None, float | None]] = {}
    for limit in PROFILE.limit:
        key = (limit.parameter.value, limit.priority.value)
        low, high = found.get(key, (None, None))
        found[key] = (low if limit.below is None else limit.below, high if limit.above is None else limit.above)
        assert limit.confirm is limit.parameter.startswith("nibp")
        assert (limit.dwell_s > 0 and limit.hysteresis > 0) is not limit.confirm
    assert found == LIMITS
    assert {x.id: x.above_baseline for x in PROFILE.limit if x.above_baseline} == {"sys-high": 30.0, "dia-high": 20.0}


def test_every_kind_of_criterion_and_every_watch_is_used():
    assert {c.kind for c in PROFILE.criterion} == set(CriterionKind)
    assert {w.of for w in PROFILE.watch} == set(Watch)
    assert {d.parameter for d in PROFILE.display} == set(Parameter) - PUMP_PARAMETERS
    assert all(c.sustained_minutes == 10.0 for c in PROFILE.criterion if c.kind is CriterionKind.VITAL)


def test_every_number_outside_the_tables_says_where_it_comes_from():
    head = TEXT.split("# ------", 1)[0]
    numbers = [line for line in head.splitlines() if re.match(r"\w+ = \[?\d", line)]
    assert numbers
    for line in numbers:
        assert re.search(r"# (published|clinic practice|default)", line), line
    for limit in re.findall(r"\[\[limit\]\]\n(.*)\n", TEXT):
        assert re.search(r"# (published|clinic practice|default)", limit), limit


# ------------------------------------------------------------------------------------------- what is refused

ONE = [
    # replace the first, by → the problem
    ('name = "ketamine-40min"', 'name = " "', "name is empty; allowed is any text"),
    ('name = "ketamine-40min"', "", "name is missing"),
    ('name = "ketamine-40min"', "name = 40", "name is 40; allowed is text"),
    ('version = "1"', 'version = "1"\ncolour = "red"', "colour is not a key of this table; known are name, version"),
    ("minutes = 40.0", "minutes = true", "plan.minutes is True; allowed is a number"),
    ("minutes = 40.0", "minutes = nan", "plan.minutes is nan; allowed is a finite number that is not negative"),
    ("minutes = 40.0", "minutes = inf", "plan.minutes is inf; allowed is a finite number that is not negative"),
    ("minutes = 40.0", "minutes = -40.0", "plan.minutes is -40.0; allowed is a finite number that is not negative"),
    ("minutes = 40.0", 'minutes = "40"', "plan.minutes is '40'; allowed is a number"),
    ("minutes = 40.0", "minutes = 10", "plan.minutes is 10; allowed is shortest_minutes 20 to longest_minutes 240"),
    ("weight_kg = [40.0, 200.0]", "weight_kg = [40.0]", "order.weight_kg is [40.0]; allowed is 2 numbers"),
    ("weight_kg = [40.0, 200.0]", "weight_kg = 40.0", "order.weight_kg is 40.0; allowed is a list"),
    ("weight_kg = [40.0, 200.0]", "weight_kg = [200, 40]", "order.weight_kg is [200, 40]; allowed is a lower number"),
    ("highest_total_mg = 100.0", "highest_total_mg = 0", "order.highest_total_mg is 0; allowed is a number above 0"),
    ("tolerance_percent = 5.0", "tolerance_percent = 0", "order.tolerance_percent is 0; allowed is a number above 0"),
    ('"rr"]', '"rate"]', "baseline.parameters[4] is 'rate'; allowed is what a monitor reports"),
    ('"rr"]', '"pulse"]', "baseline.parameters[4] is 'pulse'; allowed is one of hr, pr, spo2"),
    ('"mood"]', '"moods"]', "baseline.observations[4] is 'moods'; allowed is the id of an observation"),
    ("within_minutes = 15.0", "within_minutes = 0", "baseline.within_minutes is 0; allowed is a number above 0"),
    ("audio_pause_s = 120.0", "audio_pause_s = 121", "alarm.audio_pause_s is 121; allowed is above 0, at most 120"),
    ("audio_pause_s = 120.0", "audio_pause_s = 0", "alarm.audio_pause_s is 0; allowed is above 0, at most 120"),
    ("stale_factor = 3.0", "stale_factor = 0.5", "alarm.stale_factor is 0.5; allowed is 1 or more"),
    ("cuff_valid_minutes = 20.0", "cuff_valid_minutes = 0", "alarm.cuff_valid_minutes is 0; allowed is a number above 0"),
    ('id = "nausea"', 'id = "headache"', "].id is 'headache', as in observation["),
    ('id = "distress"', 'id = "spo2"', ".id is 'spo2'; allowed is a text that is no parameter's id"),
    ('key = "n"', 'key = "h"', "].key is 'h', as in observation["),
    ('key = "n"', 'key = "nn"', ".key is 'nn'; allowed is one printable character"),
    ('key = "t", label = "10"', 'key = "9", label = "10"', "].key is '9', as in observation[0].grades["),
    ("{ value = 10,", "{ value = 9,", "].value is '9', as in observation[0].grades["),
    ("{ value = 10,", "{ value = 9.5,", "observation[0].grades[10].value is 9.5; allowed is a whole number"),
    ("{ value = 10,", "{ value = true,", "observation[0].grades[10].value is True; allowed is a whole number"),
    ('group = "score"', 'group = "scores"', "observation[0].group is 'scores'; allowed is one of score, effect, event"),
    ('item = "nibp_sys"', 'item = "nibp"', "schedule[0].item is 'nibp'; allowed is the id of an observation or of a"),
    ('phases = ["infusion", "paused"]\ngrace', "phases = []\ngrace", "schedule[0].phases is empty; allowed is one phase or more"),
    ('phases = ["infusion", "paused"]\ngrace', 'phases = ["pause"]\ngrace', "schedule[0].phases[0] is 'pause'; allowed is one of"),
    ("every_minutes = 5.0", "", "schedule[0] has neither every_minutes nor at_minutes; allowed is one of them or both"),
    ("grace_minutes = 2.0", "grace_minutes = 5", "schedule[0].grace_minutes is 5; allowed is less than every_minutes"),
    ("at_minutes = [0.0, 20.0, 40.0]", "at_minutes = [20, 0]", ".at_minutes is [20.0, 0.0]; allowed is a list that rises"),
    ('id = "spo2-low"', 'id = "rr-low"', "].id is 'rr-low', as in limit["),
    ('priority = "medium"\nbelow = 92.0', 'priority = "urgent"\nbelow = 92.0', "limit[0].priority is 'urgent'; allowed is one of high, medium, low"),
    ("below = 92.0", "", "limit[0] has neither below nor above; allowed is one of them or both"),
    ("below = 92.0", "below = 92.0\nabove = 90.0", "and, with its hysteresis, reaches above of limit["),
    ("above = 120.0", "above = 54.0", "and, with its hysteresis, reaches above of limit["),
    ("below = 92.0", "below = 92.0\nconfirm = true", "limit[0].confirm is true for spo2; allowed is a cuff pressure"),
    ("below = 92.0", "below = 92.0\nabove_baseline = 3.0", "limit[0].above_baseline stands without above"),
    ('parameter = "spo2"\npriority', 'parameter = "rate"\npriority', "limit[0].parameter is 'rate'; allowed is what a monitor"),
    ('[[watch]]\nof = "no-data"', '[[watch]]\nof = "sensor-off"', "watch has no entry of 'no-data'; allowed is one for each condition"),
    ('[[watch]]\nof = "no-data"', '[[watch]]\nof = "sensor-off"', "].of is 'sensor-off', as in watch["),
    ("low = 80.0\nhigh = 100.0", "low = 100.0\nhigh = 100.0", "display[0].low is 100; allowed is less than high 100"),
    ("high = 100.0\ninterval_s = 5.0", "high = 100.0", "display[0].interval_s is 0; allowed is above 0, or 0 for a cuff"),
    ('[[display]]\nparameter = "pi"', '[[display]]\nparameter = "hr"', "display has no entry for pi; allowed is one for each"),
    ('[[band]]\nparameter = "nibp_sys"', '[[band]]\nparameter = "vtbi"', "band[0].parameter is 'vtbi'; allowed is what a monitor"),
    ('kind = "elapsed"', 'kind = "waited"', "criterion[0].kind is 'waited'; allowed is one of elapsed, vital, grade"),
    ('kind = "elapsed"', 'kind = "vital"', "criterion[0].parameter is missing; vital needs it"),
    ("minutes = 30.0\nremedy", "remedy", "criterion[0].minutes is missing; elapsed needs it"),
    ("minutes = 30.0\nremedy", "minutes = 30.0\nlow = 3.0\nremedy", "criterion[0].low means nothing for elapsed"),
    ('remedy = "wait"', 'remedy = ""', "criterion[0].remedy is empty; allowed is what would meet the criterion"),
    ("low = 94.0", "", "criterion[1] has none of low, high and percent_of_baseline; allowed is one of them or more"),
    ("low = 94.0", "", "criterion[1].or_baseline stands without low; allowed is both"),
    ("low = 90.0\nhigh = 160.0", "low = 160.0\nhigh = 160.0", "criterion[3].low is 160; allowed is less than high 160"),
    ('item = "oxygen"', 'item = "air"', "criterion[2].item is 'air'; allowed is the id of an observation"),
    ('item = "oxygen"\nat_most = 0', 'item = "oxygen"', "criterion[2] has neither at_least nor at_most"),
    ('item = "oxygen"\nat_most = 0', 'item = "oxygen"\nat_most = -1', "criterion[2].at_least and at_most leave no grade of 'oxygen'"),
    ('or_item = "padss"', "", ".or_item is missing; or_at_least and or_at_most need it"),
    ('or_item = "padss"', 'or_item = "pads"', ".or_item is 'pads'; allowed is the id of an observation"),
    ('item = "oriented"', "", ".item is missing; confirmed needs it"),
    ("[plan]", "[[plan]]", "plan is [{'minutes': 40.0"),
]  # fmt: skip


@each_row(("old", "new", "problem"), ONE, ids=[f"{i}" for i in range(len(ONE))])
def test_one_problem_is_one_sentence(old, new, problem):
    assert old in TEXT
    with pytest.raises(ProfileError) as refused:
        loads(TEXT.replace(old, new, 1), "clinic.toml")
    assert any(problem in said for said in refused.value.problems), refused.value.problems
    assert re.match(r"clinic\.toml(:\d+)?: ", str(refused.value))


EMPTY = ["observation", "schedule", "limit", "criterion"]


@pytest.mark.parametrize("table", EMPTY)
def test_a_list_must_not_be_empty(table):
    rest = re.sub(rf"\[\[{table}\]\]\n(?:(?!\[\[).*\n)*", "", TEXT)
    with pytest.raises(ProfileError) as refused:
        loads(f"{table} = []\n" + rest, "clinic.toml")
    assert f"clinic.toml:1: {table} is an empty list; allowed is one entry or more" in refused.value.problems


def test_all_problems_are_told_at_once():
    text = TEXT.replace("minutes = 40.0", 'minutes = "x"').replace("audio_pause_s = 120.0", "audio_pause_s = nan")
    with pytest.raises(ProfileError) as refused:
        loads(text, "clinic.toml")
    assert len(refused.value.problems) == 2


def test_not_toml(tmp_path):
    with pytest.raises(ProfileError, match="is not TOML"):
        loads("plan = [", "clinic.toml")
    path = tmp_path / "p.toml"
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match="is not UTF-8 text"):
        load(path)


def test_another_file_is_read_as_the_shipped_one(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text(TEXT.replace("ketamine-40min", "ours"), "utf-8")
    profile, text, digest = load(path)
    assert profile.name == "ours"
    assert digest == sha256(text.encode()).hexdigest() != SHA256


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
PATHS = [
    ("name",), ("plan",), ("plan", "minutes"), ("order", "weight_kg"), ("baseline", "parameters"), ("observation",),
    ("observation", 0), ("observation", 0, "grades", 1, "value"), ("schedule", 0, "phases"), ("limit", 0, "below"),
    ("limit", 0, "parameter"), ("criterion", 0, "minutes"), ("criterion", 1, "or_baseline"), ("watch", 0, "of"),
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PATHS), JUNK)
def test_junk_is_refused_or_makes_a_profile_and_nothing_else(path, junk):
    table = tomllib.loads(TEXT)
    place = table
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = junk
    problems: list[str] = []
    profile = loader._read(loader.Profile, table, "", problems)
    assert bool(problems) is isinstance(profile, loader._Wrong)
    if not problems:
        loader.problems_of(profile)
