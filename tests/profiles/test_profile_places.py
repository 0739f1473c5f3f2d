"""Lines and comments of key paths: strings, comments and layout must not fool the scanner."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import TEXT

from ketamon.errors import ProfileError
from ketamon.profiles import loads
from ketamon.profiles.document import written
from ketamon.profiles.places import place_of, scan

TRICKY = Path(__file__).with_name("tricky.toml").read_text("utf-8")

LINES = {
    ("name",): "name =",
    ("quo.ted",): "'quo.ted'",
    ("long",): "long =",
    ("raw",): "raw =",
    ("quoted",): "quoted =",
    ("second long",): '"second long"',
    ("raw2",): "raw2 =",
    ("dotted", "deep", "key"): "dotted.deep",
    ("plan",): "[plan] # of",
    ("plan", "minutes"): "minutes = 40",
    ("order", "weight kg"): "[ order",
    ("order", "weight kg", "range"): "range =",
    ("order", "weight kg", "range", 0): "    1,",
    ("order", "weight kg", "range", 1): "    2,",
    ("limit", 0, "inline", "high", 1, "at"): "inline =",
    ("limit", 0, "more", "x"): "x = 1",
    ("limit", 1, "id"): 'id = "b"',
    ("limit", 1, "when"): "when =",
    ("limit", 1, "step", 0, "n"): "n = 1",
    ("limit", 1, "step", 1, "n"): "n = 2",
}


def test_the_tricky_text_is_toml():
    assert tomllib.loads(TRICKY)["limit"][1]["step"] == [{"n": 1}, {"n": 2}]


@each_row("end", ["\n", "\r\n"])
@each_row("path", LINES)
def test_each_key_is_on_its_line(path, end):
    text = TRICKY.replace("\n", end)
    line = scan(text, "f")[path].line
    assert text.split("\n")[line - 1].startswith(LINES[path])


COMMENTS = {
    ("name",): ('a comment with "quotes" and [brackets]', ("above name, [not.a.table]",)),
    ("long",): ("after it", ()),
    ("quoted",): ("two more at the end", ()),
    ("second long",): ("plain", ()),
    ("plan",): ("of the table", ()),
    ("plan", "minutes"): ("of minutes", ()),
    ("order", "weight kg"): ("", ()),
    ("order", "weight kg", "range"): ("of the range", ()),
    ("order", "weight kg", "range", 0): ("of one ]", ()),
    ("order", "weight kg", "range", 1): ("", ()),
    ("limit", 1): ("", ("above the second",)),
    ("limit", 1, "id"): ("second", ()),
    ("limit", 1, "when"): ("a date", ()),
}


@each_row("path", COMMENTS)
def test_comments_beside_and_above(path):
    place = scan(TRICKY, "f")[path]
    assert (place.comment, place.above) == COMMENTS[path]


PROBLEMS = [
    ("limit[1].id is wrong", 'id = "b"'),
    ("limit[1].below is missing", "[[limit]]"),
    ("limit: too few", "[[limit]]"),
    ("plan.minutes is 3", "minutes = 40"),
    ("limit[1].step[1].n is 2", "n = 2"),
]


@pytest.mark.parametrize(("problem", "line"), PROBLEMS)
def test_a_problem_has_the_line_of_its_key_or_of_what_is_around_it(problem, line):
    place = place_of(problem, scan(TRICKY, "f"))
    assert place is not None
    assert TRICKY.split("\n")[place.line - 1].startswith(line)


def test_a_problem_of_the_whole_has_no_line():
    assert place_of("title is missing", scan(TRICKY, "f")) is None


TEXTS = st.text(st.sampled_from("ab\"'#[]{}=,.\\\n\t é\x7f"), max_size=6)
VALUES = st.recursive(
    st.integers() | st.booleans() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4), TEXTS.filter(lambda t: not {"\n", "\x7f"} & set(t)))
def test_what_is_written_is_read_back_and_every_key_found(table, comment):
    lines = [f"{key} = {written(value)} #{comment}" for key, value in ((written(k), v) for k, v in table.items())]
    text = "\n".join(lines)
    assert tomllib.loads(text) == table
    found = scan(text, "f")
    for i, key in enumerate(table):
        assert found[(key,)].line == "\n".join(lines[:i]).count("\n") + (2 if i else 1)
        assert found[(key,)].comment == comment.strip()
    assert {path[0] for path in found} == set(table)


# --------------------------------------------------------------------------------- problems of a profile have lines

WHERE = [
    ("minutes = 40.0 ", 'minutes = "x" ', "plan.minutes is 'x'; allowed is a number"),
    ("below = 92.0", 'below = "x"', "limit[0].below is 'x'; allowed is a number"),
    ('key = "n"', 'key = "h"', "observation["),
    ('id = "stroke"', 'id = "heart-attack"', "screening[2].id is 'heart-attack', as in screening[1]; allowed is once"),
    ('{ value = 10, key = "t"', '{ value = 10.5, key = "t"', "grades[10].value is 10.5; allowed is a whole number"),
]


@pytest.mark.parametrize(("old", "new", "problem"), WHERE)
def test_a_problem_names_file_and_line(old, new, problem):
    text = TEXT.replace(old, new, 1)
    with pytest.raises(ProfileError) as refused:
        loads(text, "clinic.toml")
    place, _, said = refused.value.problems[0].partition(": ")
    name, line = place.split(":")
    assert name == "clinic.toml"
    assert problem in said
    if "observation" not in problem:
        assert new in text.split("\n")[int(line) - 1]


def test_what_stands_twice_is_told_where_it_stands_the_second_time():
    text = TEXT.replace('key = "h"\nlabel = "headache"', 'key = "n"\nlabel = "headache"', 1)
    with pytest.raises(ProfileError, match=r"is 'n', as in observation\[\d+\]") as refused:
        loads(text, "clinic.toml")
    line = int(refused.value.problems[0].split(":")[1])
    assert text.split("\n")[line : line + 1] == ['label = "headache"']


NOT_TOML = [
    ("a = 1\nb = = 2\n", "f:2: is not TOML: Invalid value"),
    ("a = 1\nplan = [", "f:2: is not TOML: "),
    ("a = 1\na = 2\n", "f:2: is not TOML: Cannot overwrite a value"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), NOT_TOML)
def test_what_is_not_toml_has_a_line_too(text, problem):
    with pytest.raises(ProfileError) as refused:
        loads(text, "f")
    assert refused.value.problems[0].startswith(problem)
