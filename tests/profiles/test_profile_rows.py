# ruff: noqa: E501 (one case a line reads better than a broken table)
"""A profile as rows: units, sources, places, and what differs in meaning."""

import re

from rows import each_row
from rules.clinic import PROFILE, TEXT

from ketamon.domain.parameters import Parameter
from ketamon.profiles import find, loads
from ketamon.profiles.loader import FOLDER, document_of, profile_of
from ketamon.profiles.places import scan
from ketamon.profiles.rows import differences, rows, unit_of

UNITS = [
    ("minutes", None, "min"), ("overrun_prompt_minutes", None, "min"), ("at_minutes", None, "min"), ("dwell_s", None, "s"),
    ("dose_mg_per_kg", None, "mg/kg"), ("concentration_mg_per_ml", None, "mg/mL"), ("weight_kg", None, "kg"),
    ("highest_total_mg", None, "mg"), ("tolerance_percent", None, "%"), ("percent_of_baseline", None, "% of baseline"),
    ("rejected_frames_per_minute", None, "/min"), ("hold_after_hours", None, "h"), ("spacing_days", None, "d"),
    ("pin_digits", None, "digits"), ("attempts", None, ""), ("items", None, ""), ("below", Parameter.SPO2, "%"),
    ("above_baseline", Parameter.NIBP_SYS, "mmHg"), ("hysteresis", Parameter.TEMP, "°C"), ("apart", Parameter.HR, "/min"),
    ("at_least", Parameter.HR, ""), ("below", None, ""),
]  # fmt: skip


@each_row(("key", "parameter", "unit"), UNITS)
def test_units(key, parameter, unit):
    assert unit_of(key, parameter) == unit


def test_each_number_of_the_text_is_a_row_with_its_line():
    found = list(rows(PROFILE, scan(TEXT, "f")))
    lines = TEXT.split("\n")
    by_path = {row.path: row for row in found}
    assert len(by_path) == len(found)
    low = by_path["limit spo2-low below"]
    assert (low.said, low.value) == ("92 %", 92.0)
    assert lines[int(low.place.split(":")[1]) - 1] == "below = 92.0"
    assert by_path["limit spo2-low id"].source == "default; published limits are 85 to 95 %"
    assert by_path["limit spo2-low above"].said == "–"
    assert by_path["schedule rr infusion-end every_minutes"].said == "15 min"
    assert by_path["order required"].place == ""
    told = {int(row.place.split(":")[1]) for row in found if row.place}
    said = {i + 1 for i, line in enumerate(lines) if re.match(r"[a-z_0-9]+ = ", line)}
    assert told == said


def test_values_of_all_kinds_in_words():
    by_path = {row.path: row.said for row in rows(PROFILE, {})}
    assert by_path["screening stroke severity"] == "stop"
    assert by_path["criterion spo2 or_baseline"] == "yes"
    assert by_path["observation nausea grades"].startswith("none (0, key 0), mild (1, key 1)")
    assert by_path["schedule dissociation infusion-start at_minutes"] == "0, 20, 40 min"
    assert by_path["schedule rr infusion-end at_minutes"] == "–"
    assert by_path["screening benzodiazepine hold_before_hours"] == "24, 48 h"


def test_where_a_value_of_an_extending_profile_is_from():
    path = find("ketamine-60min")
    document = document_of(path)
    found = {row.path: row for row in rows(profile_of(document, str(path)), document.places)}
    minutes, shortest = found["plan minutes"], found["plan shortest_minutes"]
    assert (minutes.place.rpartition(":")[0], minutes.instead_of) == (str(path), "ketamine-40min: 40.0")
    assert (shortest.place.rpartition(":")[0], shortest.instead_of) == (str(FOLDER / "ketamine-40min.toml"), "")


CHANGES = [
    (("below = 92.0", "below = 91.0"), ["limit spo2-low below: 92 % → 91 %"]),
    (("below = 92.0", "below = 92"), []),
    (("[people]\n", "# nothing new\n[people] # here\n"), []),
    (("attempts = 5 ", "# "), []),
    (("dwell_s = 10.0\n", ""), ["limit spo2-low dwell_s: 10 s → 0 s"]),
    (('flagged_by = "no"\n', ""), ["screening consent flagged_by: no → yes"]),
    (('id = "temp-low"', 'id = "temp-cold"'), ["limit temp-low: only in the first", "limit temp-cold: only in the second"]),
    (("every_minutes = 5.0", "at_minutes = [3.0]"), [
        "schedule nibp_sys infusion-start every_minutes: 5 min → 0 min",
        "schedule nibp_sys infusion-start at_minutes: – → 3 min",
    ]),
    (("shown = false", "shown = true"), ["estimate shown: no → yes"]),
]  # fmt: skip


@each_row(("change", "told"), CHANGES, ids=[f"{i}" for i in range(len(CHANGES))])
def test_what_differs_in_meaning(change, told):
    assert change[0] in TEXT
    other = loads(TEXT.replace(*change, 1), "other")
    assert list(differences(list(rows(PROFILE, {})), list(rows(other, {})))) == told
