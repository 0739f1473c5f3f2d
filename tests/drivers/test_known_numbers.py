"""A number of a device without a checksum: told twice, growing no faster than it may, and forgotten in time."""

from rows import each_row

from ketamon.testing.conversation import START
from ketamon.wire.continuity import Known


def known(*told, sure=False, grows=0.0, step=0.0, apart=1.0):
    """What is known after each of these numbers, told one after the other."""
    number, found = Known(10.0), []
    for n, value in enumerate(told):
        at = START.plus(n * apart)
        number.take(value, at, sure=sure, grows=grows, step=step)
        found.append(number.get(at))
    return found


def test_a_number_counts_when_it_is_told_again():
    assert known(5.0, 5.0, 6.0, 5.0, 6.0, 6.0) == [None, 5.0, 5.0, 5.0, 5.0, 6.0]


def test_with_a_checksum_it_counts_at_once_and_none_is_none():
    assert known(5.0, 6.0, None, 7.0, sure=True) == [5.0, 6.0, None, 7.0]


def test_what_cannot_be_read_changes_nothing_without_a_checksum():
    assert known(5.0, 5.0, None, 5.0) == [None, 5.0, 5.0, 5.0]


GROWTH = [(0.0, True), (0.0125, True), (0.0144, True), (0.0148, False), (1.0, False), (-0.001, False)]


@each_row(("grown", "counts"), GROWTH)
def test_a_volume_may_grow_as_fast_as_told_and_a_quarter_and_two_digits_more(grown, counts):
    found = known(3.1, 3.1, 3.1 + grown, grows=36.0, step=0.001)
    assert found[2] == (3.1 + grown if counts else 3.1)


def test_it_is_forgotten_when_nothing_is_heard_of_it():
    number = Known(10.0)
    number.take(5.0, START, sure=True)
    assert [number.get(START.plus(t)) for t in (10, 10.1)] == [5.0, None]
    assert Known(10.0).get(START) is None
