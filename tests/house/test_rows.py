"""The walk over a table sees every row that is wrong and names it."""

import pytest
from rows import each_row


@each_row(("given", "wanted"), [(1, 1), (2, 3), (4, 4), ("x", "y")])
def two_wrong(given, wanted):
    assert given == wanted


@each_row("text", ["1", "one", "2"], ids=["whole", "a word", "whole too"])
def one_breaks(text):
    int(text)


@each_row("right", (1, 2))
@each_row("left", (1, 2))
def a_square(left, right):
    assert left == right


@each_row("text", ["1", "2"])
def none_raises(text):
    with pytest.raises(ValueError):
        int(text)


@pytest.mark.parametrize(
    ("walk", "said"),
    [
        (two_wrong, ["2 of 4 rows", "row 1: given=2, wanted=3", "assert 2 == 3", "row 3: given='x', wanted='y'"]),
        (one_breaks, ["1 of 3 rows", "row 1: a word", "ValueError: invalid literal"]),
        (a_square, ["2 of 2 rows", "row 0: right=1", "row 1: left=2", "row 1: right=2", "row 0: left=1"]),
        (none_raises, ["2 of 2 rows", "Failed: DID NOT RAISE"]),
    ],
)
def test_all_wrong_rows_are_named(walk, said):
    with pytest.raises(AssertionError) as problem:
        walk()
    text = str(problem.value)
    assert [words for words in said if words not in text] == []
    assert problem.value.__cause__ is not None


def test_what_is_no_failure_ends_the_walk():
    @each_row("n", (1, 2))
    def stopped(n):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as problem:
        stopped()
    assert problem.value.__notes__ == ["row 0: n=1"]


def test_a_table_without_rows_shows_nothing():
    with pytest.raises(AssertionError, match="has no rows"):
        each_row("n", ())(lambda n: None)


def test_fixtures_are_still_given(tmp_path_factory):
    seen = []

    @each_row("n", (1, 2))
    def walk(n, place):
        seen.append((n, place))

    walk(place="here")
    assert seen == [(1, "here"), (2, "here")]
