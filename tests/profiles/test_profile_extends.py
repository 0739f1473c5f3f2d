# ruff: noqa: E501 (one case a line reads better than a broken table)
"""One profile extends another: what it says anew, adds and removes; and the shipped ones that do."""

import re
from dataclasses import fields
from hashlib import sha256
from typing import get_args, get_type_hints

import pytest
from rows import each_row
from rules.clinic import PROFILE, TEXT

from ketamon.domain.parameters import Parameter
from ketamon.domain.profile import Anchor, CriterionKind, Profile
from ketamon.errors import ProfileError, SourceError, UsageError
from ketamon.profiles import find, load, loads, names
from ketamon.profiles.document import IDENTITY
from ketamon.profiles.loader import FOLDER

HEAD = 'extends = "ketamine-40min"\nname = "ours"\nversion = "2"\ntitle = "Ours"\n'


@pytest.fixture
def own(tmp_path):
    """Write a profile that extends the shipped one."""

    def write(text: str, head: str = HEAD):
        path = tmp_path / "ours.toml"
        path.write_text(head + text, "utf-8")
        return path

    return write


def by_id(entries):
    return {entry.id: entry for entry in entries}


def test_every_list_of_a_profile_has_a_way_to_name_its_entries():
    hints = get_type_hints(Profile)
    lists = {f.name: get_args(hints[f.name])[0] for f in fields(Profile) if get_args(hints[f.name])}
    assert set(lists) == set(IDENTITY)
    for key, kind in lists.items():
        assert set(IDENTITY[key]) <= {f.name for f in fields(kind)}
        named = [tuple(getattr(entry, k) for k in IDENTITY[key]) for entry in getattr(PROFILE, key)]
        assert len(set(named)) == len(named)


def test_what_is_not_said_is_as_before(own):
    profile, text, digest = load(own(""))
    assert (profile.name, profile.version, profile.title) == ("ours", "2", "Ours")
    changed = {f.name for f in fields(Profile) if getattr(profile, f.name) != getattr(PROFILE, f.name)}
    assert changed == {"name", "version", "title"}
    assert digest == sha256(text.encode()).hexdigest()
    assert loads(text, "again") == profile


def test_a_table_an_entry_and_a_nested_list_are_said_anew(own):
    text = (
        "[plan]\nminutes = 50.0 # default: ours\n"
        '[[limit]]\nid = "spo2-low"\nbelow = 93.0\n'
        '[[schedule]]\nitem = "rr"\nanchor = "infusion-end"\nevery_minutes = 20.0\n'
        '[[observation]]\nid = "gait"\ngrades = [{ value = 0, key = "0", label = "fine" }]\n'
    )
    profile, whole, _ = load(own(text))
    assert (profile.plan.minutes, profile.plan.longest_minutes) == (50.0, PROFILE.plan.longest_minutes)
    new, old = by_id(profile.limit)["spo2-low"], by_id(PROFILE.limit)["spo2-low"]
    assert (new.below, new.dwell_s, new.parameter) == (93.0, old.dwell_s, Parameter.SPO2)
    assert by_id(profile.limit)["spo2-very-low"] == by_id(PROFILE.limit)["spo2-very-low"]
    rates = {s.anchor: s.every_minutes for s in profile.schedule if s.item == "rr"}
    assert rates == {Anchor.INFUSION_START: 5.0, Anchor.INFUSION_END: 20.0}
    assert [g.label for g in by_id(profile.observation)["gait"].grades] == ["fine"]
    assert [o.id for o in profile.observation] == [o.id for o in PROFILE.observation]
    assert "minutes = 50.0 # default: ours (ketamine-40min: 40.0)" in whole
    assert "below = 93.0 # ketamine-40min: 92.0\n" in whole


def test_the_whole_text_keeps_the_comments_that_say_where_numbers_are_from(own):
    _, whole, _ = load(own('[[limit]]\nid = "hr-low"\ndwell_s = 12.0 # default: ours\n'))
    said = set(re.findall(r"# (?:published|clinic practice|default).*", TEXT))
    kept = set(re.findall(r"# (?:published|clinic practice|default).*", whole))
    assert said == kept - {"# default: ours (ketamine-40min: 10.0)"}
    assert 'id = "hr-low" # published range 50 to 120 /min' in whole


def test_entries_are_added_and_removed(own):
    text = (
        '[[add.limit]]\nid = "pi-low"\nparameter = "pi"\npriority = "low"\nbelow = 0.3\n'
        '[[remove.limit]]\nid = "temp-low"\n[[remove.limit]]\nid = "temp-high"\n'
        '[[remove.schedule]]\nitem = "nausea"\nanchor = "infusion-end"\n'
    )
    profile, _, _ = load(own(text))
    assert set(by_id(profile.limit)) == set(by_id(PROFILE.limit)) - {"temp-low", "temp-high"} | {"pi-low"}
    assert len(profile.schedule) == len(PROFILE.schedule) - 1


REFUSED = [
    ('[[limit]]\nid = "spo2-lo"\nbelow = 93.0', "ours.toml:5: limit[0] has id 'spo2-lo'; allowed is what names one entry of ketamine-40min, or [[add.limit]] for a new one"),
    ("[[limit]]\nbelow = 93.0", "ours.toml:5: limit[0] has id None; allowed is what names one"),
    ('[[schedule]]\nitem = "rr"\nanchor = "session"', "schedule[0] has item 'rr' and anchor 'session'; allowed is"),
    ('[[remove.limit]]\nid = "spo2-lo"', "ours.toml:5: remove.limit[0] has id 'spo2-lo'; allowed is what names one entry of"),
    ('[[remove.limit]]\nid = "spo2-low"\nbelow = 3', "remove.limit[0] has id 'spo2-low'; allowed is what names one entry of ketamine-40min, and no other key"),
    ("[remove]\nlimit = 3", "ours.toml:6: remove.limit is no list of entries; allowed is [[remove.…]] with one of indication, observation"),
    ("[[add.plan]]\nminutes = 3", "ours.toml:5: add.plan is no list of entries; allowed is [[add.…]] with one of indication, observation"),
    ("add = 3", "ours.toml:5: add is 3; allowed is [[add.…]] with the name of a list"),
    ("limit = 3", "ours.toml:5: limit is no list of entries; allowed is [[limit]]"),
    ("[limit]\nid = 3", "ours.toml:5: limit is no list of entries; allowed is [[limit]]"),
    ("plan = 3", "ours.toml:5: plan is 3; allowed is a table, [plan]"),
    ("[plan]\nminutes = 'x'", "ours.toml:6: plan.minutes is 'x'; allowed is a number"),
    ("[plan]\nminutes = 10.0", "ours.toml:6: plan.minutes is 10; allowed is shortest_minutes 20"),
    ("[plan]\nhours = 1", "ours.toml:6: plan.hours is not a key of this table"),
    ('[[limit]]\nid = "rr-low"\nbelow = 30.0', "ours.toml:7: limit["),
    ('[[add.limit]]\nid = "rr-low"\nparameter = "rr"\npriority = "low"\nbelow = 3.0', "].id is 'rr-low', as in limit["),
    ('[[remove.watch]]\nof = "no-data"', "watch has no entry of 'no-data'"),
    ('[[remove.observation]]\nid = "mood"', "baseline.observations[4] is 'mood'; allowed is the id of an observation"),
    ('colour = "red"', "ours.toml:5: colour is not a key of this table"),
]  # fmt: skip


@each_row(("text", "problem"), REFUSED, ids=[f"{i}" for i in range(len(REFUSED))])
def test_what_cannot_be_is_refused_where_it_stands(own, text, problem):
    with pytest.raises(ProfileError) as refused:
        load(own(text))
    assert any(problem in said for said in refused.value.problems), refused.value.problems


def test_a_problem_that_comes_of_both_is_told_of_the_file_it_stands_in(own):
    with pytest.raises(ProfileError) as refused:
        load(own('[[remove.observation]]\nid = "mood"'))
    file, line, _ = refused.value.problems[0].split(":", 2)
    assert file == str(FOLDER / "ketamine-40min.toml")
    assert TEXT.splitlines()[int(line) - 1].startswith("observations = ")


@pytest.mark.parametrize("key", ["name", "version", "title"])
def test_it_says_itself_what_it_is(own, key):
    head = re.sub(rf"{key} = .*\n", "", HEAD)
    with pytest.raises(ProfileError, match=f"{key} is missing; a profile that extends another has its own"):
        load(own("", head))


def test_a_chain_of_files_and_no_circle(tmp_path):
    (tmp_path / "a.toml").write_text(HEAD.replace("ours", "a") + "[plan]\nminutes = 50.0\n")
    (tmp_path / "b.toml").write_text(
        HEAD.replace("ketamine-40min", "a.toml").replace("ours", "b") + "[order]\ntolerance_percent = 4.0\n"
    )
    profile, whole, _ = load(tmp_path / "b.toml")
    assert (profile.name, profile.plan.minutes, profile.order.tolerance_percent) == ("b", 50.0, 4.0)
    assert loads(whole, "again") == profile
    (tmp_path / "a.toml").write_text(HEAD.replace("ketamine-40min", "b.toml"))
    with pytest.raises(
        ProfileError, match=r"a.toml:1: extends is 'b.toml', which extends this one; allowed is another"
    ):
        load(tmp_path / "b.toml")
    (tmp_path / "a.toml").write_text(HEAD.replace('"ketamine-40min"', "3"))
    with pytest.raises(ProfileError, match="extends is 3; allowed is the name of a profile, or a file"):
        load(tmp_path / "b.toml")
    (tmp_path / "a.toml").write_text(HEAD.replace("ketamine-40min", "c.toml"))
    with pytest.raises(SourceError, match=r"c\.toml cannot be read"):
        load(tmp_path / "b.toml")


def test_a_session_text_stands_alone():
    with pytest.raises(ProfileError, match="extends is not a key of this table"):
        loads('extends = "ketamine-40min"\n' + TEXT, "session")


def test_names_are_found_and_files_come_first(tmp_path, monkeypatch):
    assert names() == ["esketamine-observation", "ketamine-40min", "ketamine-60min", "pain-240min"]
    assert find("pain-240min") == FOLDER / "pain-240min.toml"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pain-240min").write_text(TEXT)
    assert load(find("pain-240min"))[0] == PROFILE
    assert find("x.toml").name == "x.toml"
    with pytest.raises(UsageError, match="there is no profile “pain”; shipped are esketamine-observation, "):
        find("pain")


# ----------------------------------------------------------------------------------------------- the shipped ones


@pytest.mark.parametrize("name", names())
def test_a_shipped_profile_is_whole_and_says_where_each_number_is_from(name):
    profile, whole, _ = load(find(name))
    assert profile.name == name
    own = find(name).read_text("utf-8")
    assert whole.splitlines()[0] == own.splitlines()[0] == TEXT.splitlines()[0]
    if name != "ketamine-40min":
        for line in own.splitlines():
            if re.match(r"\w+ = [\[]?\d", line):
                assert re.search(r"# (published|clinic practice|default)", line), line


def test_an_hour():
    profile = load(find("ketamine-60min"))[0]
    assert profile.plan.minutes == 60.0
    assert [s.at_minutes for s in profile.schedule if s.item == "dissociation"][0] == (0.0, 20.0, 40.0, 60.0)
    changed = {f.name for f in fields(Profile) if getattr(profile, f.name) != getattr(PROFILE, f.name)}
    assert changed == {"name", "title", "plan", "schedule"}


def test_pain_over_four_hours():
    profile = load(find("pain-240min"))[0]
    assert (profile.plan.minutes, profile.plan.longest_minutes) == (240.0, 240.0)
    assert profile.order.dose_mg_per_kg[1] >= 0.35 * 4
    assert profile.order.highest_total_mg >= 22 * 4
    assert {s.anchor for s in profile.schedule if s.item == "pain"} == {Anchor.INFUSION_START, Anchor.INFUSION_END}
    nibp = [s.every_minutes for s in profile.schedule if s.item == "nibp_sys"]
    assert nibp == [5.0, 15.0]


def test_esketamine_is_two_hours_from_the_first_device_without_a_pump():
    profile = load(find("esketamine-observation"))[0]
    assert not profile.order.required
    time = by_id(profile.criterion)["time"]
    assert (time.kind, time.since, time.minutes) == (CriterionKind.ELAPSED, Anchor.INFUSION_START, 120.0)
    assert "iv" not in by_id(profile.criterion)
    due = {s.item: s.at_minutes for s in profile.schedule if s.at_minutes}
    assert due == {"nibp_sys": (40.0, 105.0, 120.0), "dissociation": (40.0, 90.0, 120.0)}
    assert all("recovery" in s.phases for s in profile.schedule if s.at_minutes)
    assert by_id(profile.screening)["pressure"].question == "Pressure at rest above 140/90?"
