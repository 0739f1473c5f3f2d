# ruff: noqa: E501 (one case a line reads better than a broken table)
"""Screening, staff, emergency list, people, gate and totals; and that a profile from before them is still read."""

from pathlib import Path

import pytest
from rows import each_row
from rules.clinic import PROFILE, TEXT

from ketamon.domain.people import Role
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Anchor, Answer, GateRules, PeopleRules, Place, Reply, Severity
from ketamon.errors import ProfileError
from ketamon.profiles import loads

BEFORE = Path(__file__).with_name("before.toml").read_text("utf-8")
"""The shipped profile as sessions carry it that began before these tables were there."""


def test_a_profile_from_before_is_still_read():
    before = loads(BEFORE, "before")
    assert (before.screening, before.staff, before.rescue) == ((), (), ())
    assert before.people == PeopleRules(pin_digits=6, attempts=5, lock_minutes=15.0, idle_lock_minutes=5.0)
    assert before.gate == GateRules()
    assert (before.plan.overrun_prompt_minutes, before.order.required) == (5.0, True)
    cadss = next(item for item in before.observation if item.id == "cadss")
    assert (tuple(cadss.values), cadss.asks_text, cadss.lowest) == ((1,), True, None)
    assert all(c.since is Anchor.INFUSION_END for c in before.criterion)


def test_what_is_left_out_is_what_the_shipped_profile_says():
    assert (PROFILE.people, PROFILE.gate) == (PeopleRules(), GateRules())


RANGES = {
    "aldrete": (0, 10), "aldrete-mmhg": (0, 10), "padss": (0, 10), "padss-ketamine": (0, 8), "cadss": (0, 92),
    "cadss-6": (0, 24), "madrs": (0, 60), "phq9": (0, 27), "phq9-item9": (0, 3), "gad7": (0, 21), "pcl5": (0, 80),
}  # fmt: skip


def test_totals_are_numbers_within_their_range():
    found = {item.id: (item.lowest, item.highest) for item in PROFILE.observation if not item.grades}
    assert found == RANGES
    phq9 = next(item for item in PROFILE.observation if item.id == "phq9")
    assert 0 in phq9.values
    assert 27 in phq9.values
    assert 28 not in phq9.values
    nausea = next(item for item in PROFILE.observation if item.id == "nausea")
    assert nausea.values == (0, 1, 2, 3)


SEVERITIES = {
    Severity.STOP: {"hypersensitivity", "heart-attack", "stroke"},
    Severity.DECIDE: {
        "psychosis", "dependency", "hypertension", "pregnancy", "intracranial-pressure", "intraocular-pressure",
        "declining-health", "benzodiazepine", "lamotrigine", "risperidone", "olanzapine", "solids", "clear-liquids",
        "consent", "ride-home",
    },
    Severity.NOTE: {"opioid", "mao-inhibitor", "stimulant"},
}  # fmt: skip


def test_screening_is_the_union_of_what_clinics_ask():
    for severity, ids in SEVERITIES.items():
        assert {s.id for s in PROFILE.screening if s.severity is severity} == ids
    held = [s for s in PROFILE.screening if s.hold_before_hours or s.hold_after_hours]
    assert [(s.id, s.answer, s.hold_before_hours, s.hold_after_hours) for s in held] == [
        ("benzodiazepine", Answer.DRUG, (24.0, 48.0), 6.0)
    ]
    assert [s.id for s in PROFILE.screening if s.flagged_by is Reply.NO] == ["consent", "ride-home"]
    assert "100 mg" not in " ".join(s.question for s in PROFILE.screening)


def test_who_must_be_there():
    assert {(s.role, s.where) for s in PROFILE.staff} == {(Role.NURSE, Place.ROOM), (Role.PHYSICIAN, Place.SITE)}
    assert all(Phase.INFUSION in s.phases for s in PROFILE.staff)


def test_the_emergency_list_is_one_key_apiece():
    keys = [r.key for r in PROFILE.rescue]
    assert len(set(keys)) == len(keys)
    assert {"drug", "oxygen", "airway", "pump-stopped", "help"} <= {r.id for r in PROFILE.rescue}


ONE = [
    ("lowest = 0\nhighest = 92", "lowest = 0", "has one of lowest and highest; allowed is both"),
    ("lowest = 0\nhighest = 92", "", ".grades is empty; allowed is one grade or more, or lowest and highest"),
    ("lowest = 0\nhighest = 92", "lowest = 92\nhighest = 92", ".lowest is 92; allowed is less than highest 92"),
    ("lowest = 0\nhighest = 92", "lowest = 0.5\nhighest = 92", ".lowest is 0.5; allowed is a whole number"),
    ('label = "dissociation"\ngroup', 'label = "dissociation"\nhighest = 10\ngroup', "observation[0].highest stands beside grades; allowed is a range or grades"),
    ("at_least = 9\nor_item", "at_least = 11\nor_item", "leave no grade of 'aldrete'; its grades are [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"),
    ('key = "Q"', 'key = "D"', "].key is 'D', as in observation["),
    ('id = "ocd"', 'id = "ptsd"', "].id is 'ptsd', as in indication["),
    ('label = "OCD"', 'label = " "', "].label is empty; allowed is any text"),
    ('id = "stroke"', 'id = "heart-attack"', "].id is 'heart-attack', as in screening["),
    ('id = "stroke"', 'id = ""', "screening[2].id is empty; allowed is any text"),
    ('question = "Opioid?"', 'question = " "', "screening[14].question is empty; allowed is any text"),
    ('severity = "stop"', 'severity = "halt"', "screening[0].severity is 'halt'; allowed is one of stop, decide, note"),
    ('answer = "drug"\nhold_before', 'answer = "yes-no"\nhold_before', "hold_before_hours means nothing for the answer yes-no; allowed is only for drug"),
    ('answer = "drug"\nhold_before', 'answer = "yes-no"\nhold_before', "hold_after_hours means nothing for the answer yes-no; allowed is only for drug"),
    ("hold_before_hours = [24.0, 48.0]", "hold_before_hours = [48, 24]", "hold_before_hours is [48, 24]; allowed is a number above 0, then one not lower"),
    ("hold_before_hours = [24.0, 48.0]", "hold_before_hours = [0, 24]", "hold_before_hours is [0, 24]; allowed is a number above 0, then one not lower"),
    ("hold_after_hours = 6.0", "hold_after_hours = 0", "hold_after_hours is 0; allowed is a number above 0"),
    ('role = "physician"\nwhere', 'role = "nurse"\nwhere', "].role is 'nurse', as in staff["),
    ('where = "room"', 'where = "hall"', "staff[0].where is 'hall'; allowed is one of room, site"),
    ('phases = ["infusion", "paused"]', "phases = []", "staff[0].phases is empty; allowed is one phase or more"),
    ('key = "h"\nlabel = "help called"', 'key = "p"\nlabel = "help called"', "].key is 'p', as in rescue["),
    ('id = "help"', 'id = "drug"', "].id is 'drug', as in rescue["),
    ('id = "help"', 'id = ""', "rescue[0].id is empty; allowed is any text"),
    ('label = "help called"', 'label = ""', "rescue[0].label is empty; allowed is any text"),
    ('key = "h"\nlabel = "help called"', 'key = "hh"\nlabel = "help called"', "rescue[0].key is 'hh'; allowed is one printable character"),
    ("pin_digits = 6", "pin_digits = 4", "people.pin_digits is 4; allowed is 6 or more"),
    ("attempts = 5", "attempts = 0", "people.attempts is 0; allowed is 1 or more"),
    ("lock_minutes = 15.0", "lock_minutes = 0", "people.lock_minutes is 0; allowed is a number above 0"),
    ("idle_lock_minutes = 5.0", "idle_lock_minutes = 0", "people.idle_lock_minutes is 0; allowed is a number above 0"),
    ('override_by = ["physician"]', "override_by = []", "gate.override_by is []; allowed is one role or more, none of them observer"),
    ('override_by = ["physician"]', 'override_by = ["observer"]', "gate.override_by is ['observer']; allowed is one role or more"),
    ('kind = "elapsed"', 'kind = "elapsed"\nsince = "lunch"', "criterion[0].since is 'lunch'; allowed is one of session, infusion-start"),
    ('kind = "vital"', 'kind = "vital"\nsince = "session"', "criterion[1].since means nothing for vital"),
]  # fmt: skip


@each_row(("old", "new", "problem"), ONE, ids=[f"{i}" for i in range(len(ONE))])
def test_one_problem_of_these_tables_is_one_sentence(old, new, problem):
    assert old in TEXT
    with pytest.raises(ProfileError) as refused:
        loads(TEXT.replace(old, new, 1), "clinic.toml")
    assert any(problem in said for said in refused.value.problems), refused.value.problems
